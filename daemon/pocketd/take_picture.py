"""A picture of any take: what the score, the drums' forecast and the musician did, as offsets over bars.

It is Figure 1 of Burloiu (2020) with time from left to right and the offsets, which there can hardly be seen,
upwards in milliseconds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pocket_core.errors import ConfigError, TakeError
from pocket_core.records import TimestepRecord, summarise
from pocket_core.voices import ROLAND
from pocketd.canvas import DRUMS, FAINT, GREY, HUMAN, INK, blank, even_steps, png, shortened
from pocketd.take_bars import PlayedBar, played_bars
from pocketd.take_content import TakeContent
from pocketd.take_made import Dot, counted, dots, draw_strip, used_voices
from pocketd.wholefile import write_whole

WIDTH = 16.0  # inches
HEAD, FOOT = 1.35, 0.6  # inches above and below the rows
ROW_HEIGHTS = (4.6, 3.2, 2.5, 2.1)  # inches, where there are so many rows; more have the last
SHORT_ROW, LONG_ROW = 4, 8  # bars
ROWS_OF_SHORT, MOST_ROWS = 8, 12
MOST_BARS = LONG_ROW * MOST_ROWS
STRIP = 0.5  # of a row's height, under it: what a source made
LEAST_RANGE_MS = 25.0
FARTHEST_MS = 250.0
APART_MS = 0.5  # what was played is shown where it differs from the forecast by more
_BARS = re.compile(r"([0-9]{1,6})(?:-([0-9]{1,6}))?")


@dataclass(frozen=True, slots=True)
class Chosen:
    """Bars of the song, both included."""

    first: int
    last: int


def parse_bars(text: str) -> Chosen:
    """Return bars written as `9` or `9-16`.

    Raises:
        ConfigError: They are not.
    """
    match = _BARS.fullmatch(text)
    chosen = None if match is None else Chosen(int(match[1]), int(match[2] or match[1]))
    if chosen is None or chosen.last < chosen.first:
        raise ConfigError(f"--bars {text} names no bars; write them as 9-16, or 9 for one")
    return chosen


def draw_take(path: Path, title: str, take: TakeContent, chosen: Chosen | None = None) -> str:
    """Write a PNG of a take and return which bars it shows, in words.

    Args:
        title: The first line.
        chosen: Which bars; None: all, or the first of a long take.

    Raises:
        TakeError: There is nothing to draw.
        PocketError: Matplotlib is not installed, or the place cannot be written to.
    """
    every = played_bars(take)
    if not every:
        raise TakeError(f"{title} has no timesteps: no drum was struck in it, so there is nothing to draw")
    bars = [bar for bar in every if chosen is None or chosen.first <= bar.bar <= chosen.last]
    if not bars or not any(bar.steps for bar in bars):
        raise TakeError(
            f"{title} has no drums in those bars; its bars are {_named(every)}, choose others with --bars"
        )
    shown = bars[:MOST_BARS]
    rows = _rows(shown)
    height = ROW_HEIGHTS[min(len(rows), len(ROW_HEIGHTS)) - 1]
    strips = _strips(take, every, shown)
    strip = STRIP * height if strips else 0.0
    tall = HEAD + (height + strip) * len(rows) + FOOT
    figure = blank((WIDTH, tall))
    heights = [height, strip] if strips else [height]
    axes = figure.subplots(
        len(rows) * len(heights), 1, squeeze=False, gridspec_kw={"height_ratios": heights * len(rows)}
    )[:, 0]
    gap = 0.75 if not strips else 0.5  # inches between two rows
    figure.subplots_adjust(
        left=0.06, right=0.985, top=1 - HEAD / tall, bottom=FOOT / tall, hspace=gap * len(heights) / height
    )
    low, high = _range([step for bar in shown for step in bar.steps])
    used, at = used_voices(strips), 0
    for n, row in enumerate(rows):
        place = axes[n * len(heights)]
        _draw_row(place, row, len(rows[0]))
        place.set_ylim(low, high)
        if strips:
            draw_strip(axes[2 * n + 1], strips[at : at + len(row)], len(rows[0]), used)
        at += len(row)
    axes[-1].set_xlabel(
        "bar; ticks are beats; up is later than the score"
        + ("; below, what the source made: larger is louder, grey was held" if strips else ""),
        fontsize=12,
        color=INK,
    )
    words = _named(shown) + (f" of {_named(bars)}" if len(shown) < len(bars) else "")
    _label(figure, tall, title, f"{_about(take)}, {words}", take)
    write_whole(path, png(figure))
    return words


def _strips(
    take: TakeContent, every: Sequence[PlayedBar], shown: Sequence[PlayedBar]
) -> Sequence[Sequence[Dot]]:
    """Return what sources made of the bars that are shown; nothing where they made nothing."""
    if not take.generated:
        return ()
    voices: Mapping[str, Sequence[int]] = take.hello.config.get("voices", ROLAND)
    made = dots(take.generated, every, voices)
    first = every.index(shown[0])
    return made[first : first + len(shown)]


def _rows(bars: Sequence[PlayedBar]) -> list[Sequence[PlayedBar]]:
    wide = SHORT_ROW if len(bars) <= SHORT_ROW * ROWS_OF_SHORT else LONG_ROW
    wide = min(wide, len(bars))
    return [bars[at : at + wide] for at in range(0, len(bars), wide)]


def _named(bars: Sequence[PlayedBar]) -> str:
    first, last = bars[0].bar, bars[-1].bar
    return f"bar {first}" if len(bars) == 1 else f"bars {first} to {last}"


def _range(steps: Sequence[TimestepRecord]) -> tuple[float, float]:
    """Return the lowest and the highest millisecond of the picture."""
    values = [value for step in steps for value in _offsets(step)]
    low = min(max(min(values), -FARTHEST_MS), -0.5 * LEAST_RANGE_MS)
    high = max(min(max(values), FARTHEST_MS), 0.5 * LEAST_RANGE_MS)
    margin = 0.12 * (high - low)
    return low - margin, high + margin


def _offsets(step: TimestepRecord) -> Iterator[float]:
    yield step.forecast_ms
    yield step.played_ms
    human = _human_ms(step)
    if human is not None:
        yield human


def _human_ms(step: TimestepRecord) -> float | None:
    return None if step.human_s is None else (step.human_s - step.nominal_s) * 1000


def _draw_row(axes: Any, row: Sequence[PlayedBar], wide: int) -> None:
    steps = [(i + bar.place(step), step) for i, bar in enumerate(row) for step in bar.steps]
    x = [at for at, _ in steps]
    forecast = [step.forecast_ms for _, step in steps]
    tall = axes.get_xaxis_transform()  # y from 0, the bottom, to 1
    axes.vlines(range(len(row) + 1), 0, 1, transform=tall, color=GREY, linewidth=1.3, zorder=0)
    axes.vlines(x, 0, 1, transform=tall, color=GREY, linewidth=1.0, linestyle=(0, (1, 2.5)), zorder=0.5)
    axes.axhline(0.0, color=INK, linewidth=1.0, zorder=1)
    met = [(at, step, human) for at, step in steps if (human := _human_ms(step)) is not None]
    axes.vlines(
        [at for at, _, _ in met],
        [step.forecast_ms for _, step, _ in met],
        [human for _, _, human in met],
        color=HUMAN,
        alpha=0.3,
        linewidth=7.0,
        zorder=1.5,
    )
    axes.vlines(x, 0.0, forecast, color=DRUMS, linewidth=2.0, zorder=2)
    axes.plot(x, forecast, "o", color=DRUMS, markersize=5, zorder=3)
    axes.plot(
        [at for at, _, _ in met],
        [human for _, _, human in met],
        "o",
        markersize=8.5,
        markerfacecolor="none",
        markeredgecolor=HUMAN,
        markeredgewidth=1.8,
        zorder=4,
    )
    moved = [(at, step.played_ms) for at, step in steps if abs(step.played_ms - step.forecast_ms) > APART_MS]
    axes.plot(
        [at for at, _ in moved],
        [ms for _, ms in moved],
        "_",
        color=INK,
        markersize=11,
        markeredgewidth=2,
        zorder=3.5,
    )
    _tick(axes, row, wide)


def _tick(axes: Any, row: Sequence[PlayedBar], wide: int) -> None:
    axes.set_xlim(-0.015 * wide, wide + 0.005 * wide)
    axes.set_xticks(range(len(row)), [str(bar.bar) for bar in row])
    beats = [i + n / bar.meter.numerator for i, bar in enumerate(row) for n in range(1, bar.meter.numerator)]
    axes.set_xticks(beats, minor=True)
    axes.tick_params(axis="both", length=0, colors=INK, labelsize=11)
    axes.tick_params(axis="x", which="minor", length=4, color=GREY)
    axes.yaxis.set_major_locator(even_steps())
    axes.grid(axis="y", color=FAINT, linewidth=0.7)
    axes.set_axisbelow(True)
    axes.set_ylabel("offset, ms", fontsize=11, color=INK)
    for side in axes.spines.values():
        side.set_visible(False)


def _about(take: TakeContent) -> str:
    song = "" if take.hello.song is None else f"{take.hello.song}, "
    meter = take.meters[0].meter
    sources = ", then ".join(made.source for made in counted(take.generated))
    made = f"drums by {sources}, " if sources else ""
    return f"{song}{take.bpm:.0f} BPM, {meter.numerator}/{meter.denominator}, {made}model {take.hello.model}"


def _label(figure: Any, tall: float, title: str, about: str, take: TakeContent) -> None:
    left, right = 0.06, 0.985
    plain = {"color": INK, "parse_math": False}  # a song's name may have dollars in it
    figure.text(left, 1 - 0.5 / tall, shortened(title, 60), fontsize=21, fontweight="bold", **plain)
    figure.text(left, 1 - 0.84 / tall, shortened(about, 100), fontsize=12.5, **plain)
    summary = summarise(take.timesteps)
    if summary.quantised is not None and summary.pocketd is not None:
        lines = (
            (0.42, f"{summary.quantised.mae_ms:.1f} ms on the grid", INK, "normal", 14),
            (0.68, f"{summary.pocketd.mae_ms:.1f} ms as played", DRUMS, "bold", 14),
            (0.9, "mean distance, drums to musician, whole take", INK, "normal", 10.5),
        )
        for down, text, color, weight, size in lines:
            figure.text(
                right, 1 - down / tall, text, fontsize=size, fontweight=weight, color=color, ha="right"
            )
    figure.legend(
        handles=_legend(),
        loc="upper left",
        bbox_to_anchor=(left - 0.005, 1 - 0.93 / tall),
        ncols=5,
        frameon=False,
        fontsize=12,
        borderaxespad=0.0,
        columnspacing=1.8,
        handletextpad=0.7,
    )


def _legend() -> list[Any]:
    from matplotlib.lines import Line2D

    dash = {"marker": "_", "markersize": 11, "markeredgewidth": 2}
    ring = Line2D([], [], marker="o", markersize=8.5, markeredgewidth=1.8, linestyle="none", label="musician")
    ring.set_markerfacecolor("none")
    ring.set_markeredgecolor(HUMAN)
    diff = Line2D([], [], color=HUMAN, alpha=0.3, linewidth=7, label="diff: musician - forecast")
    diff.set_solid_capstyle("butt")
    played = Line2D([], [], color=INK, linestyle="none", label="as played, where that is not the forecast")
    played.set(**dash)
    return [
        Line2D([], [], color=GREY, linewidth=1.2, linestyle=(0, (1, 2.5)), label="score"),
        Line2D([], [], color=DRUMS, marker="o", markersize=5, linewidth=2, label="forecast (ŷ)"),
        diff,
        ring,
        played,
    ]
