"""What is learnt of two bars without memory: bars of a recording in new pairs, at other tempos, louder.

Two bars that follow each other are seen by 16,341 windows; any two bars of a recording are drums that its
drummer plays in a row, or might, and there are far more of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pocket_core.phrases.groove_features import FULL, MEMORY_STEPS, STEPS, WIDTH, Asked, feature_rows
from pocket_core.phrases.hvo import A_BAR, COUNT, HALF, cells_from, flattened, no_cells
from pocket_export.sources.grooves.windows import Window

NOTHING = no_cells(MEMORY_STEPS)


@dataclass(frozen=True, slots=True)
class Varied:
    """How otherwise windows are shown than they were played; shares 0..1 where nothing else is said."""

    paired: float = 0.5  # have another bar of the recording for their second
    swapped: float = 0.5  # begin with their second bar
    louder: float = 0.15  # are louder or softer by up to this
    faster: float = 0.03  # spread of the tempo they are said to have
    missing: float = 0.05  # strokes that are left out, on the mean of windows
    uneven: float = 0.05  # spread of each stroke's velocity
    loose: float = 0.015  # spread of each stroke's time, sixteenths
    style: float = 0.3  # tell their style
    density: float = 0.2  # tell how many hits they have


def draw_alone(
    of: Sequence[Window], varied: Varied, chance: np.random.Generator
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return what an epoch shows of windows, `float32[N, STEPS, WIDTH]`, and the drums, `[N, STEPS, 27]`."""
    x, y = np.empty((len(of), STEPS, WIDTH), np.float32), np.empty((len(of), STEPS, 3 * COUNT), np.float32)
    for n, window in enumerate(of):
        recording = window.recording
        bars = [window.bar, window.bar + 1]
        if chance.random() < varied.paired:
            bars[1] = int(chance.integers(recording.bars))
        if chance.random() < varied.swapped:
            bars.reverse()
        cut = (recording.cells.cut(bar * A_BAR, (bar + 1) * A_BAR).array for bar in bars)
        y[n] = _played(np.concatenate(list(cut)), varied, chance)
        asked = Asked(
            bpm=recording.bpm * float(np.exp(varied.faster * chance.standard_normal())),
            bar=window.bar,
            density=float(y[n, :, :COUNT].sum()) / FULL if chance.random() < varied.density else None,
            style=recording.style if chance.random() < varied.style else None,
        )
        x[n] = feature_rows(flattened(cells_from(y[n])), NOTHING, 0, asked)
    return x, y


def _played(rows: NDArray[np.float32], varied: Varied, chance: np.random.Generator) -> NDArray[np.float32]:
    """Return drums, `float32[STEPS, 27]`, as their drummer might have played them another time."""
    there = rows[:, :COUNT] * (chance.random((STEPS, COUNT)) >= chance.uniform(0, 2 * varied.missing))
    loud = chance.uniform(1 - varied.louder, 1 + varied.louder)
    each = np.exp(varied.uneven * chance.standard_normal((STEPS, COUNT)))
    late = varied.loose * chance.standard_normal((STEPS, COUNT))
    velocities = np.minimum(rows[:, COUNT : 2 * COUNT] * loud * each, 1.0)
    offsets = np.clip(rows[:, 2 * COUNT :] + late, -HALF, HALF)
    return np.concatenate([there, velocities * there, offsets * there], 1).astype(np.float32)
