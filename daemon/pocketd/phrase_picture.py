"""A picture of what a source has made: a line a voice, a block a stroke, over bars.

The darker and taller a block, the louder. It begins where its stroke sounds: what is off its line is off the
grid. Grey is what was gone on from; above all stands the musician, where one was answered.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pocket_core.phrases.generator import Onset
from pocket_core.phrases.kit import Kit
from pocket_core.phrases.phrase import BAR, SAME, SIXTEENTH, Phrase, Stroke, joined
from pocket_core.types import Beats
from pocket_core.voices import VOICES
from pocketd.canvas import DRUMS, FAINT, GREY, HUMAN, INK, blank, png, shortened
from pocketd.wholefile import write_whole

WIDTH = 16.0  # inches
LEFT, RIGHT = 0.085, 0.985  # of it, where bars are drawn
HEAD, FOOT, GAP = 1.4, 0.75, 0.5  # inches above, below and between rows of bars
LINE = 0.44  # inches of a voice
FEWEST_LINES = 3  # of a row
APART = 0.2  # of a line, between the drums and the musician
ROW, MOST_ROWS = 8, 12
MOST_BARS = ROW * MOST_ROWS
MADE = ("#b5d4ea", DRUMS, "#06304c")  # from the softest to the loudest
GIVEN = (FAINT, GREY, "#4a5058")  # the same of what was gone on from
GROUND = "#f1f3f5"  # behind it
SIXTEENTHS = "#eceef1"
MOST_GIVEN = Beats(4 * BAR)  # of it so much is drawn
BLOCK = 0.78 * SIXTEENTH  # beats
LOW, HIGH = 0.34, 0.86  # of a line's height: a block from the softest to the loudest
SHADES = 64  # of the scale in the corner


@dataclass(frozen=True, slots=True)
class Shown:
    """What there is to draw, in 4/4."""

    title: str
    about: str  # the line below it
    made: Phrase
    kit: Kit  # which note is of which voice; a note of none is not drawn
    before: Phrase | None = None  # what was gone on from, whole bars; the last of them are drawn
    heard: Sequence[Onset] = ()  # the musician, from the beginning of `made`
    shares: Sequence[float] = ()  # of each bar made: how far from one to another, 0..1


@dataclass(frozen=True, slots=True)
class _Row:
    """Some of the bars."""

    begin: Beats
    end: Beats
    lines: Sequence[int]  # voices, from the lowest line
    musician: float | None  # the musician's line


def draw_phrase(path: Path, shown: Shown) -> str:
    """Write a PNG, and return which bars it shows, in words; of a long phrase they are the first.

    Raises:
        PocketError: Matplotlib is not installed, or the place cannot be written to.
    """
    before = _newest(shown.before)
    given = before.length
    whole = joined([before, shown.made])
    count = round(whole.length / BAR)
    bars = min(count, MOST_BARS)
    rows = list(_rows(bars, shown, whole))
    tall = LINE * _lines(rows[0])
    height = HEAD + len(rows) * tall + (len(rows) - 1) * GAP + FOOT
    figure = blank((WIDTH, height))
    axes = figure.subplots(len(rows), 1, squeeze=False)[:, 0]
    figure.subplots_adjust(
        left=LEFT, right=RIGHT, top=1 - HEAD / height, bottom=FOOT / height, hspace=GAP / tall
    )
    for place, row in zip(axes, rows, strict=True):
        _draw_grid(place, row, rows[0], given)
        _draw_strokes(place, row, before.strokes, GIVEN, shown)
        _draw_strokes(place, row, shown.made.at(given), MADE, shown)
        _draw_musician(place, row, shown.heard, given)
        _name_bars(place, row, shown, given)
    axes[-1].set_xlabel(_legend(shown), fontsize=14, color=INK, labelpad=8)
    _label(figure, height, shown)
    write_whole(path, png(figure))
    last, all_ = bars - round(given / BAR), count - round(given / BAR)
    words = "bar 1" if last == 1 else f"bars 1 to {last}"
    return words if last == all_ else f"{words} of {all_}"


def _newest(before: Phrase | None) -> Phrase:
    if before is None:
        return Phrase((), Beats(0.0))
    return before.cut(Beats(max(before.length - MOST_GIVEN, 0.0)), before.length)


def _rows(bars: int, shown: Shown, whole: Phrase) -> Iterator[_Row]:
    end = Beats(bars * BAR)
    found = {shown.kit.voice(stroke.note) for stroke in whole.strokes if stroke.beat < end}
    lines = sorted(voice for voice in found if voice is not None)
    musician = max(len(lines), FEWEST_LINES) + APART if shown.heard else None
    for begin in range(0, bars, ROW):
        last = min(begin + ROW, bars)
        yield _Row(Beats(begin * BAR), Beats(last * BAR), lines, musician)


def _lines(row: _Row) -> float:
    return max(len(row.lines), FEWEST_LINES) + (0.0 if row.musician is None else 1.0 + APART)


def _draw_grid(axes: Any, row: _Row, first: _Row, given: Beats) -> None:
    wide = first.end - first.begin
    axes.set_xlim(row.begin - 0.02 * wide / ROW, row.begin + wide + 0.02 * wide / ROW)
    axes.set_ylim(-0.5, _lines(row) - 0.5)
    if row.begin < given:
        axes.axvspan(row.begin, min(given, row.end), color=GROUND, linewidth=0, zorder=0)
    axes.hlines(range(len(row.lines)), row.begin, row.end, color=FAINT, linewidth=0.8, zorder=1)
    every = range(round((row.end - row.begin) / SIXTEENTH) + 1)
    for step, color, thick in ((1, SIXTEENTHS, 0.8), (4, FAINT, 1.2), (16, GREY, 1.6)):
        at = [row.begin + n * SIXTEENTH for n in every[::step]]
        axes.vlines(at, -0.5, _lines(row) - 0.5, color=color, linewidth=thick, zorder=1.2 + step / 100)
    axes.tick_params(axis="both", length=0, colors=INK, labelsize=14)
    names = [VOICES[voice] for voice in row.lines]
    places: list[float] = list(range(len(row.lines)))
    if row.musician is not None:
        names, places = [*names, "musician"], [*places, row.musician]
    axes.set_yticks(places, names)
    if row.musician is not None:
        axes.get_yticklabels()[-1].set_color(HUMAN)
        axes.get_yticklabels()[-1].set_fontweight("bold")
    for side in axes.spines.values():
        side.set_visible(False)


def _draw_strokes(
    axes: Any, row: _Row, strokes: Sequence[Stroke], colors: tuple[str, str, str], shown: Shown
) -> None:
    shade, line = _shades(colors), {voice: n for n, voice in enumerate(row.lines)}
    inside = [s for s in strokes if row.begin - SAME <= s.beat < row.end - SAME]
    placed = [(s, line[voice]) for s in inside if (voice := shown.kit.voice(s.note)) in line]
    axes.barh(
        [y for _, y in placed],
        BLOCK,
        left=[max(s.beat + s.offset, 0.0) for s, _ in placed],
        height=[LOW + (HIGH - LOW) * s.velocity / 127 for s, _ in placed],
        color=[shade(s.velocity / 127) for s, _ in placed],
        linewidth=0,
        zorder=3,
    )


def _draw_musician(axes: Any, row: _Row, heard: Sequence[Onset], given: Beats) -> None:
    if row.musician is None:
        return
    inside = [o for o in heard if row.begin - SAME <= o.beat + given < row.end - SAME]
    at = [o.beat + given for o in inside]
    axes.vlines(at, -0.5, row.musician, color=HUMAN, linewidth=1.0, alpha=0.4, zorder=2)
    axes.barh(
        [row.musician] * len(at),
        BLOCK,
        left=at,
        height=[LOW + (HIGH - LOW) * o.velocity / 127 for o in inside],
        color=HUMAN,
        linewidth=0,
        zorder=3,
    )


def _name_bars(axes: Any, row: _Row, shown: Shown, given: Beats) -> None:
    """Put a bar's number below it and, above, how far it is on its way."""
    first = round((row.begin - given) / BAR)  # counted from the first that was made
    made = list(range(max(first, 0), first + round((row.end - row.begin) / BAR)))
    axes.set_xticks([given + n * BAR for n in made], [str(n + 1) for n in made])
    top = axes.get_xaxis_transform()  # y from 0, the bottom, to 1
    above = {"transform": top, "va": "bottom", "fontsize": 13, "color": INK, "y": 1.02}
    for n in made[: max(len(shown.shares) - made[0], 0)] if made else ():
        axes.text(x=given + (n + 0.5) * BAR, s=f"{100 * shown.shares[n]:.0f} %", ha="center", **above)
    if given and row.begin < SAME:
        axes.text(x=given / 2, s="primer", ha="center", **above)


def _legend(shown: Shown) -> str:
    above = "above, how far on the way; " if shown.shares else ""
    return f"bar; {above}a stroke begins at its left edge: what is off a line is off the grid"


def _label(figure: Any, height: float, shown: Shown) -> None:
    plain = {"color": INK, "parse_math": False}  # a file's name may have dollars in it
    figure.text(LEFT, 1 - 0.52 / height, shortened(shown.title, 60), fontsize=22, fontweight="bold", **plain)
    figure.text(LEFT, 1 - 0.9 / height, shortened(shown.about, 100), fontsize=14, **plain)
    scale = figure.add_axes((RIGHT - 0.14, 1 - 0.62 / height, 0.14, 0.24 / height))
    steps = [n / (SHADES - 1) for n in range(SHADES)]
    scale.imshow([steps], cmap=_shades(MADE), aspect="auto", extent=(0, 1, 0, 1))
    scale.set_axis_off()
    for at, word, side in ((0.0, "soft", "left"), (0.5, "velocity", "center"), (1.0, "loud", "right")):
        scale.text(at, -0.35, word, ha=side, va="top", fontsize=13, color=INK)


def _shades(colors: tuple[str, str, str]) -> Any:
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("velocity", colors)
