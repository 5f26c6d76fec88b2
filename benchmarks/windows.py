"""What BENCHMARKS' "Humanise" is scored on: files in sixteenths, windows of two bars, and who plays them.

The protocol is GrooVAE's (Gillick et al. 2019). A note lies in the cell of its voice and of the nearest
sixteenth; of the notes of a cell the loudest counts. What is written is where the notes lie and how fast the
file is; what was played is each note's distance from its sixteenth and its velocity.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from benchmarks.duets import Note
from pocket_core.voices import ROLAND, VoiceMap

SIXTEENTHS = 4  # to the quarter note
BAR = 16  # sixteenths; every file is in 4/4
WINDOW_BARS = 2

VOICE_MAP = VoiceMap({**ROLAND, "kick": (36,)})  # GrooVAE's nine: note 35 is none of them

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Played:
    """How notes are played, one entry a note, in the order of the sheet or window that was asked for."""

    offsets_ms: Floats  # float64[N]: from the sixteenth, positive is late
    velocities: Floats | None  # float64[N], 0..1; None from who says nothing about them

    def part(self, notes: slice) -> Played:
        """Return how some of the notes are played."""
        velocities = None if self.velocities is None else self.velocities[notes]
        return Played(self.offsets_ms[notes], velocities)


@dataclass(frozen=True, slots=True)
class Sheet:
    """A whole file: what is written, and how it was played. Notes rise by step, then by voice."""

    name: str
    drummer: int
    bpm: float
    steps: Ints  # int64[N]: sixteenths from the start of the file, 0 or more
    voices: Ints  # int64[N], 0..8
    offsets_ms: Floats  # float64[N]: played, positive is late
    velocities: Floats  # float64[N]: played, velocity / 127

    @property
    def bars(self) -> int:
        """Return the number of bars, the last being the one of the last note."""
        return int(self.steps[-1]) // BAR + 1 if self.steps.size else 0

    @property
    def ms_per_16th(self) -> float:
        """Length of a sixteenth."""
        return 60_000 / self.bpm / SIXTEENTHS


@dataclass(frozen=True, slots=True)
class Window:
    """Two bars of a sheet, as if there were nothing else. What was played is for scores and for training."""

    sheet: Sheet
    bar: int  # first bar of the window, counted from the start of the file
    notes: slice  # of the sheet's

    @property
    def bpm(self) -> float:
        """Return the tempo."""
        return self.sheet.bpm

    @property
    def steps(self) -> Ints:
        """Return int64[n]: sixteenths from the start of the window, 0..31, rising."""
        return self.sheet.steps[self.notes] - self.bar * BAR

    @property
    def voices(self) -> Ints:
        """Return int64[n], 0..8, rising within a step."""
        return self.sheet.voices[self.notes]

    @property
    def offsets_ms(self) -> Floats:
        """Return float64[n]: how late each note was played."""
        return self.sheet.offsets_ms[self.notes]

    @property
    def velocities(self) -> Floats:
        """Return float64[n]: how hard each note was played, velocity / 127."""
        return self.sheet.velocities[self.notes]


class Humaniser(Protocol):
    """Plays what is written. Called on the benchmark's only thread; returns one entry an argument's."""

    def windows(self, windows: Sequence[Window]) -> Sequence[Played]:
        """Play each window by what is written in it alone: `bpm`, `steps` and `voices`."""

    def history(self, files: Sequence[Sheet]) -> Sequence[Played]:
        """Play each file bar by bar.

        For the notes of a bar the earlier bars are known as they were really played, this bar and all
        later ones as they are written.
        """


def write_down(name: str, drummer: int, bpm: float, notes: Iterable[Note]) -> Sheet:
    """Make a sheet of a drummer's notes; of the notes of a cell the loudest stays, the first of equals."""
    cells: dict[tuple[int, int], Note] = {}
    for note in notes:
        voice = VOICE_MAP.index(note.note)
        if voice is None:
            continue
        cell = (math.floor(note.beat * SIXTEENTHS + 0.5), voice)
        if cell not in cells or note.velocity > cells[cell].velocity:
            cells[cell] = note
    order = sorted(cells)
    steps = np.array([step for step, _ in order], np.int64)
    beats = np.array([cells[cell].beat for cell in order], np.float64)
    return Sheet(
        name,
        drummer,
        bpm,
        steps,
        np.array([voice for _, voice in order], np.int64),
        (beats * SIXTEENTHS - steps) * (60_000 / bpm / SIXTEENTHS),
        np.array([cells[cell].velocity for cell in order], np.float64) / 127,
    )


def cut(sheet: Sheet) -> list[Window]:
    """Return a file's windows, one a bar but for the last bar; a shorter file has none."""
    starts = range(sheet.bars - WINDOW_BARS + 1)
    firsts = np.searchsorted(sheet.steps, [bar * BAR for bar in starts])
    lasts = np.searchsorted(sheet.steps, [(bar + WINDOW_BARS) * BAR for bar in starts])
    return [
        Window(sheet, bar, slice(int(first), int(last)))
        for bar, first, last in zip(starts, firsts, lasts, strict=True)
    ]
