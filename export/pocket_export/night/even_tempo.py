"""Onsets from a take's clock to one on which the tempo is even; what counts of them does not change."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pocket_core.engine import WINDOW_BEATS
from pocket_core.grid import TWELFTHS
from pocket_export.duets import quantise
from pocket_export.night.take_parts import Part

BEYOND = 4.0  # quarter notes beyond the first and the last timestep that the grid goes on
APART = 1e-6  # seconds by which an onset stays on its timestep's side of the middle


def even_out(onsets: NDArray[np.float64], part: Part, window: float) -> NDArray[np.float64]:
    """Move onsets from the take's clock to the duet's, on which the tempo is even.

    An onset that the aligner would give to a timestep moves as that one does, and stays nearer to it than to
    any other. What meets none moves as the nearest place of the grid does.
    """
    nominal, score = part.nominal, part.twelfths / TWELFTHS * part.pace
    after = np.searchsorted(nominal, onsets).clip(1, max(len(nominal) - 1, 1))
    nearest = np.zeros(len(onsets), np.int64)
    if len(nominal) > 1:
        nearest = np.where(nominal[after] - onsets < onsets - nominal[after - 1], after, after - 1)
    offsets = onsets - nominal[nearest]
    middles = (score[1:] + score[:-1]) / 2
    lowest = np.concatenate(([-np.inf], middles + APART))[nearest]
    highest = np.concatenate((middles - APART, [np.inf]))[nearest]
    meet = np.abs(offsets) <= np.minimum(window, WINDOW_BEATS * part.paces[nearest])
    return np.where(meet, (score[nearest] + offsets).clip(lowest, highest), _by_place(onsets, part))


def _by_place(onsets: NDArray[np.float64], part: Part) -> NDArray[np.float64]:
    """Move each onset as the place of the grid moves that it is nearest to."""
    nominal, beats, paces = part.nominal, part.twelfths / TWELFTHS, part.paces
    times = np.concatenate(([nominal[0] - BEYOND * paces[0]], nominal, [nominal[-1] + BEYOND * paces[-1]]))
    counted = np.concatenate(([beats[0] - BEYOND], beats, [beats[-1] + BEYOND]))
    places = quantise(np.interp(onsets, times, counted), part.meter) / TWELFTHS
    return np.asarray(onsets - np.interp(places, counted, times) + places * part.pace, np.float64)
