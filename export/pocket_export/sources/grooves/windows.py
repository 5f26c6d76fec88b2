"""Windows of two bars of the Groove MIDI Dataset, each with what was played before it.

As Haki et al. 2022: beats in 4/4, two bars, one bar on from window to window, the official split.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pocket_core.phrases.groove_features import FULL, MEMORY_STEPS, STEPS, Asked, feature_rows
from pocket_core.phrases.hvo import A_BAR, Cells, cells_from, cells_of, flattened, no_cells
from pocket_core.tempo import Meter
from pocket_export.recordings import Performance


@dataclass(frozen=True, slots=True)
class Recording:
    """A beat on the grid."""

    name: str
    style: str  # the first word of the data set's
    bpm: float
    cells: Cells  # whole bars

    @property
    def bars(self) -> int:
        """How many."""
        return len(self.cells) // A_BAR


@dataclass(frozen=True, slots=True)
class Window:
    """Two bars of a recording."""

    recording: Recording
    bar: int  # the first, from 0

    @property
    def cells(self) -> Cells:
        """What was played."""
        return self.recording.cells.cut(self.bar * A_BAR, self.bar * A_BAR + STEPS)

    def past(self) -> Cells:
        """Return what was played in the `MEMORY_STEPS` before, silence where nothing was."""
        begin = self.bar * A_BAR
        return self.recording.cells.cut(begin - MEMORY_STEPS, begin)

    def and_past(self) -> Cells:
        """Return both: what was played before, and the window."""
        begin = self.bar * A_BAR
        return self.recording.cells.cut(begin - MEMORY_STEPS, begin + STEPS)

    @property
    def known(self) -> int:
        """How many steps of that there were."""
        return min(self.bar * A_BAR, MEMORY_STEPS)


@dataclass(frozen=True, slots=True)
class View:
    """How a window is shown to a model."""

    remembers: bool = True  # it is told what was played before
    from_before: bool = False  # it gets the groove of the two bars before instead of the window's own
    style: bool = False  # it is told the style
    density: bool = False  # and how many hits there are


@dataclass(frozen=True, slots=True)
class Mistakes:
    """What memory has got wrong of the drums, as where it is of what a model itself has made."""

    at: NDArray[np.bool_]  # (MEMORY_STEPS, 9)
    instead: Cells  # what is remembered there, (MEMORY_STEPS, 9)


def recordings(performances: Sequence[Performance]) -> list[Recording]:
    """Return the beats in 4/4, on the grid; whole bars up to the last note."""
    found = []
    for p in performances:
        if p.beat_type != "beat" or p.meter != Meter(4, 4) or not len(p.beats):
            continue
        bars = int(np.floor(p.beats[-1] * 4 + 0.5)) // A_BAR + 1
        cells = cells_of(p.beats, p.voices, p.velocities, bars * A_BAR)
        found.append(Recording(p.name, p.style.split("/")[0], p.bpm, cells))
    return found


def windows(of: Sequence[Recording]) -> list[Window]:
    """Return every window of two bars, one bar on from one to the next."""
    return [Window(r, bar) for r in of for bar in range(r.bars - 1)]


def tempos(of: Sequence[Window]) -> NDArray[np.float64]:
    """Return the tempo of each window, `float64[N]`, BPM."""
    return np.array([window.recording.bpm for window in of])


def shown(
    window: Window,
    view: View,
    mistakes: Mistakes | None = None,
    own: Cells | None = None,
    part: NDArray[np.float32] | None = None,
) -> NDArray[np.float32]:
    """Return what a model sees of a window, `float32[STEPS, WIDTH]`.

    Args:
        window: Which.
        view: How it is shown.
        mistakes: What is remembered wrongly; None: nothing.
        own: The recording's first bars as a model played them, which it remembers instead of the drummer's.
        part: What a musician played in the `MEMORY_STEPS` before the window and in it, `float32[T, 3]`; None:
            the drums' own groove.
    """
    past, known = (window.past(), window.known) if view.remembers else (no_cells(MEMORY_STEPS), 0)
    played = flattened(window.and_past()) if part is None else part
    before = played[:MEMORY_STEPS]
    groove = before[-STEPS:] if view.from_before else played[MEMORY_STEPS:]
    heard = before if view.remembers else np.zeros_like(before)
    if own is not None and known and window.bar * A_BAR <= len(own):
        past = own.cut(window.bar * A_BAR - MEMORY_STEPS, window.bar * A_BAR)
    if mistakes is not None and known:
        there = np.arange(MEMORY_STEPS)[:, None] >= MEMORY_STEPS - known
        wrong = np.tile(mistakes.at & there, (1, 3))
        past = cells_from(np.where(wrong, mistakes.instead.array, past.array))
    density = float(window.cells.hits.sum()) / FULL if view.density else None
    asked = Asked(
        window.recording.bpm,
        window.bar,
        density,
        window.recording.style if view.style else None,
        view.from_before,
        part is not None,
    )
    return feature_rows(groove, past, known, asked, heard)
