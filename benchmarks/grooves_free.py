"""What comes of a groove generator over 32 bars in which it hears itself: do rare voices stay, do fills come?

The generator is asked as live, a bar at a time, with what it played as its memory. It answers the drummer's
own groove, or his first two bars again and again: then all that changes from bar to bar is its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from benchmarks.table import print_grid
from pocket_core.phrases.generator import MEMORY, Ask, Generator, Knobs, Onset
from pocket_core.phrases.hvo import A_BAR, COUNT, HALF, cells_of_strokes, flattened
from pocket_core.phrases.kit import Kit
from pocket_core.phrases.phrase import BAR, SIXTEENTH, Stroke
from pocket_core.types import Beats
from pocket_core.voices import VOICES
from pocket_export.sources.grooves.windows import Recording
from pocketd.generators.groove import UNHEARD
from pocketd.generators.presets import find_phrase

BARS, LEAST = 32, 8  # of a run; a file with fewer is left out
LOOPED = 2  # bars that a musician plays again and again
PHRASES = (4, 8)  # bars
APART = (1, 2, 8)  # bars that are compared
HALF_BAR = A_BAR // 2
TOMS = slice(VOICES.index("low tom"), VOICES.index("high tom") + 1)
SNARE = VOICES.index("snare")
KIT = Kit()

Runs = list[NDArray[np.bool_]]  # of each file, (bars, 16, 9)


@dataclass(frozen=True, slots=True)
class Manner:
    """How the generator is run."""

    name: str
    temperature: float = 1.0
    looped: bool = False  # the musician plays his first two bars again and again
    remembers: bool = True
    live: bool = False  # it has heard the musician up to a beat before a bar, and not the bar itself
    start: str | None = None  # the preset that it begins with


@dataclass(frozen=True, slots=True)
class Part:
    """What a musician plays."""

    onsets: Sequence[Onset]  # in order
    bpm: float
    bars: int


LEARNT = Manner("free running, as learnt")
MANNERS = (
    Manner("free running, likeliest", temperature=0.0),
    LEARNT,
    Manner("the same without memory", remembers=False),
    Manner("to two bars that repeat", looped=True),
    Manner("the same, likeliest", looped=True, temperature=0.0),
)


def chosen(of: Sequence[Recording]) -> list[Recording]:
    """Return the files that are long enough."""
    return [recording for recording in of if recording.bars >= LEAST]


def played(of: Sequence[Recording]) -> Runs:
    """Return what the drummers played."""
    return [bars_of(r.cells.hits[: min(r.bars, BARS) * A_BAR]) for r in of]


def run(generator: Generator, of: Sequence[Recording], manner: Manner, seed: int) -> Runs:
    """Return what a generator makes of each file's groove.

    Args:
        generator: Of drums.
        of: The files.
        manner: How it is asked.
        seed: Of its chance.
    """
    return [played_on(generator, _part(r, manner), manner, seed + n) for n, r in enumerate(of)]


def played_on(generator: Generator, part: Part, manner: Manner, seed: int) -> NDArray[np.bool_]:
    """Return what a generator plays to a part, asked a bar at a time, `bool[bars, 16, 9]`."""
    made: list[Stroke] = []
    for bar in range(part.bars):
        begin = Beats(bar * BAR)
        until = begin - UNHEARD if manner.live else begin + LOOPED * BAR
        ask = Ask(
            begin,
            heard=tuple(o for o in part.onsets if begin - MEMORY <= o.beat < until),
            before=tuple(s for s in made if s.beat >= begin - MEMORY) if manner.remembers else (),
            start=None if manner.start is None else find_phrase(manner.start, KIT),
            knobs=Knobs(temperature=manner.temperature),
            seed=seed,
            bpm=part.bpm,
        )
        made += generator.phrase(ask).at(begin)
    return bars_of(cells_of_strokes(made, KIT, Beats(0.0), part.bars * A_BAR).hits)


def onsets_of(groove: NDArray[np.float32]) -> list[Onset]:
    """Return the onsets of a groove, `float32[T, 3]`, as a musician would play them."""
    return [
        Onset(Beats((step + offset) * SIXTEENTH), round(velocity * 127))
        for step, (hit, velocity, offset) in enumerate(groove.tolist())
        if hit
    ]


def bars_of(hits: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Return hits, `float32[T, 9]`, as bars, `bool[bars, 16, 9]`."""
    return hits.reshape(-1, A_BAR, COUNT) > HALF


def shares(runs: Runs) -> NDArray[np.float64]:
    """Return how many of the strokes each voice has, `float64[9]`."""
    counts = sum((bars.sum((0, 1)) for bars in runs), np.zeros(COUNT))
    return np.asarray(counts / max(counts.sum(), 1))


def late_shares(runs: Runs) -> NDArray[np.float64]:
    """Return the same of the second half of each run."""
    return shares([bars[len(bars) // 2 :] for bars in runs])


def alike(runs: Runs, apart: int = 1) -> float:
    """Return how alike bars are that are so many bars apart: the mean Jaccard index of what is struck."""
    found = []
    for bars in runs:
        one, other = bars[:-apart], bars[apart:]
        either = (one | other).sum((1, 2))
        both = (one & other).sum((1, 2))
        found.append(both[either > 0] / either[either > 0])
    every = np.concatenate(found)
    return float(every.mean()) if every.size else 0.0


def fills(runs: Runs, phrase: int) -> tuple[float, float, float, float]:
    """Return strokes, and the share of snare and toms, of phrases' last half bar, and of other bars' last.

    Args:
        runs: Files from their beginning on.
        phrase: Bars.
    """
    last, rest = [], []
    for bars in runs:
        ends = np.arange(len(bars)) % phrase == phrase - 1
        halves = bars[:, HALF_BAR:]
        last.append(halves[ends])
        rest.append(halves[~ends])
    return *_half(np.concatenate(last)), *_half(np.concatenate(rest))


def measured(runs: Runs) -> dict[str, float]:
    """Return the figures of runs, as JSON has them."""
    bars = sum(len(each) for each in runs)
    found = {"strokes_a_bar": float(sum(each.sum() for each in runs) / max(bars, 1))}
    found |= {f"alike_{apart}": alike(runs, apart) for apart in APART}
    found |= {
        f"share_{v.replace(' ', '_')}": float(s) for v, s in zip(VOICES, late_shares(runs), strict=True)
    }
    for phrase in PHRASES:
        keys = ("strokes", "drums", "other_strokes", "other_drums")
        found |= {f"fill_{phrase}_{key}": x for key, x in zip(keys, fills(runs, phrase), strict=True)}
    return found


def print_free(console: Console, rows: Mapping[str, Mapping[str, float]]) -> None:
    """Print the figures of runs in three tables.

    Args:
        console: Where to.
        rows: `measured`, by name.
    """
    keys = ["strokes_a_bar", *(f"alike_{apart}" for apart in APART)]
    headings = ["strokes a bar", *(f"alike, {apart} apart" for apart in APART)]
    print_grid(console, f"Free running over {BARS} bars, validation", headings, _lines(rows, keys, "{:.3f}"))
    keys = [f"share_{voice.replace(' ', '_')}" for voice in VOICES]
    print_grid(
        console, "Share of the strokes, second half of the run, %", VOICES, _lines(rows, keys, "{:.1%}")
    )
    keys, headings = list[str](), list[str]()
    for phrase in PHRASES:
        keys += [f"fill_{phrase}_{key}" for key in ("strokes", "other_strokes", "drums", "other_drums")]
        headings += [f"strokes, {phrase}", "others", f"snare+toms, {phrase}", "others"]
    title = "Last half bar of each phrase of so many bars, and of the other bars"
    print_grid(console, title, headings, _lines(rows, keys, "{:.3f}"))


def _lines(rows: Mapping[str, Mapping[str, float]], keys: Sequence[str], form: str) -> list[tuple[str, ...]]:
    return [(name, *(form.format(row[key]).removesuffix("%") for key in keys)) for name, row in rows.items()]


def _half(halves: NDArray[np.bool_]) -> tuple[float, float]:
    strokes = halves.sum()
    drums = halves[..., SNARE].sum() + halves[..., TOMS].sum()
    return float(strokes / max(len(halves), 1)), float(drums / max(strokes, 1))


def _part(recording: Recording, manner: Manner) -> Part:
    bars = min(recording.bars, BARS)
    return Part(_onsets(recording, bars + LOOPED, looped=manner.looped), recording.bpm, bars)


def _onsets(recording: Recording, bars: int, *, looped: bool) -> list[Onset]:
    groove = flattened(recording.cells)
    return onsets_of(np.resize(groove[: LOOPED * A_BAR], (bars * A_BAR, 3)) if looped else groove)
