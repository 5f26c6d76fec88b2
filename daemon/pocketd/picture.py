"""A picture of a few bars: the score, the musician, and where the drums went.

Above, the kit as a score that is read from left to right: hollow where the drum track has a hit, filled
where it sounded. Below, the same moments as offsets in milliseconds, where a few are easy to see.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pocket_core.records import TimestepRecord, summarise
from pocket_core.tempo import MeterMap, TempoMap
from pocket_core.types import Beats, Seconds
from pocketd.canvas import DRUMS, FAINT, GREY, HUMAN, INK, blank, even_steps, png, shortened
from pocketd.wholefile import write_whole

SIZE = (16.0, 9.0)  # inches
ROWS = ("crash", "ride", "open hat", "closed hat", "high tom", "mid tom", "low tom", "snare", "kick")
MUSICIAN = "musician"
BAR_HEIGHT = 0.62  # of a row
CHORD = Seconds(0.030)  # onsets closer than this share a guide line
SMALLEST_RANGE_MS = 25.0
SETTLED = 3  # the bar from which on a picture is of the effect, not of its beginning


@dataclass(frozen=True, slots=True)
class Shown:
    """What there is to draw; all times on one clock, on which beat 0 is at 0."""

    title: str
    source: str  # who played, and whether anybody did
    records: Sequence[TimestepRecord]
    onsets: Sequence[Seconds]  # the musician's, every note
    tempo: TempoMap
    meters: MeterMap


def draw(path: Path, shown: Shown, first_bar: int | None = None, bars: int = 2) -> None:
    """Write a PNG of 1,600 x 900 dots.

    Args:
        first_bar: From 1. None: where the musician meets the most drums, after the first two bars if there
            is an after; how close they come plays no part in the choice.
        bars: How many, at least 1.

    Raises:
        PocketError: Matplotlib is not installed, or the place cannot be written to.
    """
    figure = blank(SIZE)
    first = _fullest(shown.records, bars) if first_bar is None else first_bar
    begin, end = _bar_line(shown, first), _bar_line(shown, first + bars)
    margin = 0.018 * (end - begin)
    span = (begin - margin, end - margin / 2)
    records = [r for r in shown.records if span[0] <= r.nominal_s < end - 1e-6]
    kit, offsets = figure.subplots(
        2, 1, sharex=True, gridspec_kw={"height_ratios": (1.45, 1.0), "hspace": 0.07}
    )
    figure.subplots_adjust(left=0.085, right=0.985, top=0.855, bottom=0.075)
    for axes in (kit, offsets):
        _draw_grid(axes, shown, first, bars)
        axes.set_xlim(*span)
        axes.tick_params(length=0, colors=INK, labelsize=13)
        for side in axes.spines.values():
            side.set_visible(False)
    _draw_kit(kit, records, [t for t in shown.onsets if span[0] <= t < span[1]])
    _draw_offsets(offsets, records)
    _label(figure, kit, offsets, shown, (first, bars))
    write_whole(path, png(figure))


def _fullest(records: Sequence[TimestepRecord], bars: int) -> int:
    """Return the first of the bars in which the musician meets the most drums."""
    last = max((r.bar for r in records), default=1)
    candidates = range(min(SETTLED, max(last - bars, 1)), max(last - bars, 1) + 1)
    met = [sum(r.human_s is not None and b <= r.bar < b + bars for r in records) for b in candidates]
    return candidates[met.index(max(met))]


def _bar_line(shown: Shown, bar: int) -> Seconds:
    return shown.tempo.seconds_at(_bar_beat(shown.meters, bar))


def _bar_beat(meters: MeterMap, bar: int) -> Beats:
    place = meters.position(Beats(0.0))
    while place.bar < bar:
        place = meters.position(Beats(place.bar_line + place.meter.bar_beats))
    return place.bar_line


def _positions(shown: Shown, first: int, bars: int) -> Iterator[tuple[Seconds, str]]:
    """Yield each sixteenth of the bars and its label: bar and beat on beats, else nothing."""
    beat, end = _bar_beat(shown.meters, first), _bar_beat(shown.meters, first + bars)
    while beat < end + 1e-9:
        place = shown.meters.position(beat)
        on_beat = abs(place.beat - round(place.beat)) < 1e-6
        yield shown.tempo.seconds_at(beat), f"{place.bar}.{round(place.beat)}" if on_beat else ""
        beat = Beats(beat + 0.25)


def _draw_grid(axes: Any, shown: Shown, first: int, bars: int) -> None:
    ticks: list[tuple[Seconds, str]] = []
    for at, label in _positions(shown, first, bars):
        bar_line = label.endswith(".1")
        axes.axvline(
            at,
            color=GREY if label else FAINT,
            linewidth=1.6 if bar_line else 1.1,
            linestyle="-" if bar_line else (0, (1, 3)) if label else (0, (1, 5)),
            zorder=0,
        )
        if label:
            ticks.append((at, label))
    axes.set_xticks([at for at, _ in ticks], [label for _, label in ticks])


def _draw_kit(axes: Any, records: Sequence[TimestepRecord], onsets: Sequence[Seconds]) -> None:
    struck = {voice for record in records for voice in record.voices}
    rows = (MUSICIAN, *(row for row in ROWS if row in struck))
    height = {row: len(rows) - 1 - i for i, row in enumerate(rows)}
    half = BAR_HEIGHT / 2
    for record in records:
        for voice in record.voices:
            y = height[voice]
            nominal, played = record.nominal_s, record.committed_s
            axes.vlines(nominal, y - half, y + half, color=GREY, linewidth=7.5, zorder=2)
            axes.vlines(nominal, y - half + 0.03, y + half - 0.03, color="white", linewidth=4.5, zorder=2.1)
            axes.vlines(played, y - half, y + half, color=DRUMS, linewidth=4.5, zorder=3)
    top = height[MUSICIAN]
    firsts = [t for i, t in enumerate(onsets) if i == 0 or t - onsets[i - 1] > CHORD]
    axes.vlines(firsts, -0.5, top - half, color=HUMAN, linewidth=1.3, alpha=0.55, zorder=1)
    axes.vlines(onsets, top - half, top + half, color=HUMAN, linewidth=2.0, zorder=3)
    axes.set_yticks([height[row] for row in rows], rows)
    axes.get_yticklabels()[0].set_color(HUMAN)
    axes.get_yticklabels()[0].set_fontweight("bold")
    axes.set_ylim(-0.6, len(rows) - 0.4)
    axes.tick_params(labelbottom=False)


def _draw_offsets(axes: Any, records: Sequence[TimestepRecord]) -> None:
    met = [(r.nominal_s, (r.human_s - r.nominal_s) * 1000) for r in records if r.human_s is not None]
    axes.axhline(0.0, color=INK, linewidth=1.2, zorder=1)
    x, played = [r.nominal_s for r in records], [r.played_ms for r in records]
    axes.vlines(x, 0.0, played, color=DRUMS, linewidth=3.2, zorder=2)
    axes.plot(x, played, "o", color=DRUMS, markersize=8, zorder=3)
    axes.plot(
        [at for at, _ in met],
        [ms for _, ms in met],
        "o",
        markersize=13,
        markerfacecolor="none",
        markeredgecolor=HUMAN,
        markeredgewidth=2.4,
        zorder=4,
    )
    values = [0.0, *played, *(ms for _, ms in met)]
    low, high = min(values), max(values)
    low, high = (min(low, -0.2 * SMALLEST_RANGE_MS), max(high, 0.8 * SMALLEST_RANGE_MS))
    axes.set_ylim(low - 0.12 * (high - low), high + 0.12 * (high - low))
    axes.set_ylabel("later than the score, ms", fontsize=13, color=INK)
    axes.yaxis.set_major_locator(even_steps())
    axes.grid(axis="y", color=FAINT, linewidth=0.8)
    axes.set_axisbelow(True)


def _label(figure: Any, kit: Any, offsets: Any, shown: Shown, where: tuple[int, int]) -> None:
    first, bars = where
    bars_named = f"bar {first}" if bars == 1 else f"bars {first} to {first + bars - 1}"
    left, right = 0.085, 0.985
    plain = {"color": INK, "parse_math": False}  # a file's name may have dollars in it
    figure.text(left, 0.945, shortened(shown.title, 48), fontsize=23, fontweight="bold", **plain)
    figure.text(left, 0.908, shortened(f"{shown.source}, {bars_named}", 100), fontsize=13, **plain)
    summary = summarise(shown.records)
    if summary.quantised is not None and summary.pocketd is not None:
        lines = (
            (0.957, f"{summary.quantised.mae_ms:.1f} ms on the grid", INK, "normal"),
            (0.925, f"{summary.pocketd.mae_ms:.1f} ms with pocketd", DRUMS, "bold"),
            (0.898, "mean distance, drums to musician, whole take", INK, "normal"),
        )
        for y, text, color, weight in lines:
            size = 11 if y < 0.9 else 16
            figure.text(right, y, text, fontsize=size, fontweight=weight, color=color, ha="right")
    offsets.set_xlabel("bar.beat", fontsize=13, color=INK)
    from matplotlib.patches import Patch

    kit.legend(
        handles=[
            Patch(facecolor="white", edgecolor=GREY, linewidth=1.5, label="drum track, quantised"),
            Patch(facecolor=DRUMS, label="drums as pocketd played them"),
            Patch(facecolor=HUMAN, label="musician"),
        ],
        loc="lower left",
        bbox_to_anchor=(0.0, 0.995),
        ncols=3,
        frameon=False,
        fontsize=13,
        handlelength=0.7,
        handleheight=1.4,
        borderaxespad=0.0,
        columnspacing=2.2,
    )
