"""What a groove generator answers to parts that are no drums: does it keep a beat, or play a solo?

Riffs are the first melodic track of each file of freedoom that is in 4/4 and plays through its first bars;
nothing was learnt from them. Their own drums are the last row: what their composers found fitting.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import symusic
from numpy.typing import NDArray
from rich.console import Console

from benchmarks.grooves_free import (
    KIT,
    SNARE,
    TOMS,
    Manner,
    Part,
    Runs,
    alike,
    bars_of,
    played_on,
    shares,
)
from benchmarks.table import print_grid
from pocket_core.phrases.generator import Generator, Onset
from pocket_core.phrases.hvo import A_BAR, COUNT
from pocket_core.phrases.phrase import BAR, SIXTEENTH
from pocket_core.types import Beats
from pocket_core.voices import VOICES

BARS = 16
SILENT = 2  # bars of a riff that may have nothing
LEAST, MOST = 4.0, 12.0  # onsets a bar
KICK, CRASH = VOICES.index("kick"), VOICES.index("crash")
TWO, FOUR = 4, 12  # sixteenths
MANNERS = (
    Manner("to riffs, likeliest", temperature=0.0),
    Manner("to riffs, temperature .5", temperature=0.5),
    Manner("to riffs, as learnt"),
    Manner("to riffs, as learnt, live", live=True),
    Manner("to riffs, begun with rock, live", live=True, start="rock"),
)


@dataclass(frozen=True, slots=True)
class Riff:
    """A part that somebody plays, and the drums that its file has to it."""

    name: str
    part: Part
    drums: NDArray[np.bool_]  # (bars, 16, 9)


def riffs(folder: Path) -> list[Riff]:
    """Return a riff of each file below a folder that has one."""
    found = (_riff(path) for path in sorted(folder.rglob("*.mid")))
    return [riff for riff in found if riff is not None]


def outside_rows(generator: Generator, of: Sequence[Riff], seed: int) -> dict[str, Runs]:
    """Return what a generator makes of riffs, and their own drums, by name."""
    made = {
        manner.name: [played_on(generator, riff.part, manner, seed + n) for n, riff in enumerate(of)]
        for manner in MANNERS
    }
    return {**made, "the riffs' own drums": [riff.drums for riff in of]}


def beats(runs: Runs) -> dict[str, float]:
    """Return whether there is a beat in runs, as JSON has it; shares 0..1 where nothing else is said."""
    bars = np.concatenate(runs)
    share = shares(runs)
    return {
        "strokes": float(bars.sum() / max(len(bars), 1)),  # a bar
        "voices": float(bars.any(1).sum(1).mean()),  # in a bar
        "backbeat": float((bars[:, TWO, SNARE] & bars[:, FOUR, SNARE]).mean()),  # bars with both
        "downbeat": float(bars[:, 0, KICK].mean()),  # bars that begin with a kick
        "toms": float(share[TOMS].sum()),  # of the strokes
        "crash": float(share[CRASH]),
        "alike": alike(runs),
    }


def print_outside(console: Console, rows: Mapping[str, Mapping[str, float]], count: int) -> None:
    """Print `beats` of runs, by name.

    Args:
        console: Where to.
        rows: Of `outside_rows`.
        count: How many riffs there are.
    """
    headings = (
        *("strokes a bar", "voices a bar", "snare on 2 and 4", "kick on 1"),
        *("toms", "crash", "like the last bar"),
    )
    lines = [(name, *(f"{value:.3f}" for value in row.values())) for name, row in rows.items()]
    print_grid(console, f"{count} riffs that are no drums, {BARS} bars each", headings, lines)


def _riff(path: Path) -> Riff | None:
    score = symusic.Score.from_midi(path.read_bytes())
    if any((said.numerator, said.denominator) != (4, 4) for said in score.time_signatures):
        return None
    for track in score.tracks:
        notes = track.notes.numpy()
        if track.is_drum or not len(notes["time"]):
            continue
        beats_, velocities = notes["time"] / score.tpq, notes["velocity"]
        first = np.floor(beats_.min() / BAR) * BAR
        onsets = _onsets(beats_ - first, velocities)
        if _plays_through(onsets):
            bpm = float(score.tempos[0].qpm) if len(score.tempos) else 120.0
            return Riff(f"{path.stem}: {track.name}", Part(onsets, bpm, BARS), _drums(score, first))
    return None


def _onsets(beats_: NDArray[np.float64], velocities: NDArray[np.int64]) -> list[Onset]:
    inside = beats_ < BARS * BAR
    return [
        Onset(Beats(float(beat)), int(velocity))
        for beat, velocity in sorted(zip(beats_[inside], velocities[inside], strict=True))
        if velocity > 0
    ]


def _plays_through(onsets: Sequence[Onset]) -> bool:
    bars = {int(onset.beat // BAR) for onset in onsets}
    steps = {round(onset.beat / SIXTEENTH) for onset in onsets}
    return len(bars) >= BARS - SILENT and LEAST <= len(steps) / BARS <= MOST


def _drums(score: symusic.Score, first: float) -> NDArray[np.bool_]:
    hits = np.zeros((BARS * A_BAR, COUNT), np.float32)
    for track in score.tracks:
        if not track.is_drum:
            continue
        for note in track.notes:
            voice = KIT.voice(note.pitch)
            step = round((note.time / score.tpq - first) / SIXTEENTH)
            if voice is not None and 0 <= step < len(hits):
                hits[step, voice] = 1.0
    return bars_of(hits)
