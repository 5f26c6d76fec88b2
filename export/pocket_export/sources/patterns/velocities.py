"""How hard drummers strike, by instrument, place in the bar and neighbours: what patterns are played by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pocket_core.phrases.pattern_velocities import CONTEXTS, PLACES, contexts_of
from pocket_core.phrases.patterns import BIT_OF_VOICE, BITS
from pocket_core.tempo import Meter
from pocket_export.recordings import Performance

PRIOR = 8.0  # strokes that a cell's coarser mean counts for


@dataclass(frozen=True, slots=True)
class Velocities:
    """Of strokes, in MIDI's 1..127."""

    means: NDArray[np.float32]  # (16, 14, 4): place, instrument, context
    spreads: NDArray[np.float32]  # (14,): standard deviation of what is left


def learn_velocities(performances: Sequence[Performance]) -> Velocities:
    """Return the table of the beats in 4/4 among recordings; of two strokes in a cell the louder counts.

    What is seldom is drawn to the mean of its instrument and context, that to the instrument's, and that to
    the mean of all: so a bongo, which nobody recorded plays, is as loud as drums are.
    """
    strokes = [np.zeros((0, 4), np.int64), *map(_strokes, performances)]
    place, bit, context, velocity = np.concatenate(strokes).T
    overall = float(velocity.mean()) if len(velocity) else 80.0
    by_bit = _drawn(np.full(BITS, overall), (bit,), velocity)
    by_context = _drawn(np.repeat(by_bit[:, None], CONTEXTS, 1), (bit, context), velocity)
    means = _drawn(np.tile(by_context, (PLACES, 1, 1)), (place, bit, context), velocity)
    left = (velocity - means[place, bit, context]) ** 2
    usual = float(left.mean()) if len(left) else 0.0
    spreads = np.sqrt(_drawn(np.full(BITS, usual), (bit,), left))
    return Velocities(means.astype(np.float32), spreads.astype(np.float32))


def _drawn(
    prior: NDArray[np.float64], where: tuple[NDArray[np.int64], ...], what: NDArray[np.generic]
) -> NDArray[np.float64]:
    """Return the mean of each cell, drawn to a prior."""
    total, count = PRIOR * prior, np.full(prior.shape, PRIOR)
    np.add.at(total, where, what)
    np.add.at(count, where, 1.0)
    means: NDArray[np.float64] = total / count
    return means


def _strokes(performance: Performance) -> NDArray[np.int64]:
    """Return strokes, `int64[N, 4]`: place, instrument, context, velocity."""
    if performance.beat_type != "beat" or performance.meter != Meter(4, 4) or not len(performance.beats):
        return np.zeros((0, 4), np.int64)
    steps = np.floor(performance.beats * 4 + 0.5).astype(np.int64)
    bits = np.array(BIT_OF_VOICE)[performance.voices]
    loud = np.zeros((int(steps.max()) + 1, BITS), np.int64)
    np.maximum.at(loud, (steps, bits), performance.velocities)
    where = np.argwhere(loud > 0)
    contexts = contexts_of(loud > 0)[tuple(where.T)]
    return np.column_stack([where[:, 0] % PLACES, where[:, 1], contexts, loud[tuple(where.T)]])
