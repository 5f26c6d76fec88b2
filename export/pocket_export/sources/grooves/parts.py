"""What a musician may have played to drums: not their groove, but a part that goes with it.

The data set has drums alone. A groove made of them has every accent of the drummer, at his velocity and
moment; a bass line or a riff shares some of the onsets, lacks others, has its own besides, and may be from a
machine. A network that has seen nothing but grooves of drums takes a part for a drummer's solo, and answers
with toms.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pocket_core.phrases.hvo import A_BAR, COUNT, Cells, flattened

Array = NDArray[np.float32]

SOME_VOICES = 0.5  # share of the parts that go with some of the voices, such as a bass with the kick
WITH_VOICE = 0.5  # and how likely with each
AS_IT_IS = 0.25  # share that has all of the groove's onsets, and no others
LEFT_OUT, STRAY = 0.6, 0.05  # of the places in a bar, up to; and of the onsets, anywhere
OWN_PLACES = (
    0.25  # of the places in a bar, up to, have an onset of the part's own; between eighths half as many
)
OWN_VELOCITY = 0.6  # share whose velocity is none of the drummer's
MACHINES = 0.4  # share that is on the grid
LOOSE = 0.06  # spread of the others' onsets about the drummer's, sixteenths


def part_to(cells: Cells, chance: np.random.Generator) -> Array:
    """Return a part, `float32[T, 3]`, hit, velocity and offset, that somebody may have played to drums.

    Args:
        cells: The drums, whole bars.
        chance: Of which part. It is of one kind from beginning to end: its places in the bar stay.
    """
    groove = flattened(_voices_of(cells, chance))
    hits = groove[:, 0] > 0
    if chance.random() >= AS_IT_IS:
        hits = _other_places(hits, chance)
    own = chance.uniform(0.3, 0.9) + chance.uniform(0, 0.12) * chance.standard_normal(len(hits))
    velocities = np.where((groove[:, 0] > 0) & (chance.random() >= OWN_VELOCITY), groove[:, 1], own)
    offsets = groove[:, 2] + LOOSE * chance.standard_normal(len(hits))
    if chance.random() < MACHINES:
        offsets = np.zeros(len(hits))
    rows = np.stack([np.ones(len(hits)), np.clip(velocities, 0.05, 1.0), np.clip(offsets, -0.5, 0.5)], 1)
    return (rows * hits[:, None]).astype(np.float32)


def _voices_of(cells: Cells, chance: np.random.Generator) -> Cells:
    """Return drums with all voices or some, at least one that is struck."""
    with_voice = chance.random(COUNT) < (WITH_VOICE if chance.random() < SOME_VOICES else 1.0)
    if not cells.hits[:, with_voice].any():
        return cells
    return Cells(*(rows * with_voice for rows in (cells.hits, cells.velocities, cells.offsets)))


def _other_places(hits: NDArray[np.bool_], chance: np.random.Generator) -> NDArray[np.bool_]:
    bars = len(hits) // A_BAR
    share = chance.uniform(0, OWN_PLACES) * np.where(np.arange(A_BAR) % 2, 0.5, 1.0)
    kept = np.tile(chance.random(A_BAR) >= chance.uniform(0, LEFT_OUT), bars)
    added = np.tile(chance.random(A_BAR) < share, bars)
    return ((hits & kept) | added) & (chance.random(len(hits)) >= STRAY)
