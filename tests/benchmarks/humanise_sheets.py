"""Sheets whose every note is known, and players whose answer is."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from benchmarks.windows import Played, Sheet, Window

KICK, SNARE, HAT = 0, 1, 2


def sheet(
    *notes: tuple[int, int, float, float], bpm: float = 125.0, name: str = "made up", drummer: int = 1
) -> Sheet:
    """Make a sheet of (step, voice, offset ms, velocity 0..1), already in order; a sixteenth is 120 ms."""
    steps, voices, offsets, velocities = zip(*notes, strict=True)
    return Sheet(
        name,
        drummer,
        bpm,
        np.array(steps, np.int64),
        np.array(voices, np.int64),
        np.array(offsets, np.float64),
        np.array(velocities, np.float64),
    )


def busy(bars: int, seed: int, name: str = "busy", drummer: int = 1) -> Sheet:
    """Make a sheet with hats on the eighths and kicks and snares on the quarters, played by chance."""
    draw = np.random.default_rng(seed)
    notes = []
    for step in range(0, 16 * bars, 2):
        here = [HAT] if step % 4 else [KICK if step % 8 == 0 else SNARE, HAT]
        notes += [(step, voice, float(draw.normal(-5, 20)), float(draw.uniform(0.2, 1))) for voice in here]
    return sheet(*notes, name=name, drummer=drummer)


class Drummer:
    """Plays what was really played."""

    def windows(self, windows: Sequence[Window]) -> list[Played]:
        return [Played(window.offsets_ms, window.velocities) for window in windows]

    def history(self, files: Sequence[Sheet]) -> list[Played]:
        return [Played(file.offsets_ms, file.velocities) for file in files]


class Metronome:
    """Plays on the grid and says nothing about velocities."""

    def windows(self, windows: Sequence[Window]) -> list[Played]:
        return [Played(np.zeros(window.steps.size), None) for window in windows]

    def history(self, files: Sequence[Sheet]) -> list[Played]:
        return [Played(np.zeros(file.steps.size), None) for file in files]
