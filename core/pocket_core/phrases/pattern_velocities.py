"""How hard the strokes of a pattern are: by instrument, place in the bar and neighbours, as drummers do.

A pattern says only what is struck. The table is learnt from recordings; a little chance keeps two bars from
being the same to the last velocity.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pocket_core.phrases.patterns import BITS, STEPS

PLACES = 16  # sixteenths of a bar
CONTEXTS = (
    4  # 1: the instrument is struck a sixteenth before or after as well; 2: kick or snare are struck, too
)
_KICK, _SNARE = 0, 1


def contexts_of(struck: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return the context of each cell, `int64[32, 14]`, 0..3.

    Args:
        struck: `bool[32, 14]`; the first step comes after the last.
    """
    beside = np.roll(struck, 1, 0) | np.roll(struck, -1, 0)
    kick, snare = struck[:, [_KICK]], struck[:, [_SNARE]]
    other = np.repeat(kick | snare, BITS, 1)
    other[:, [_KICK]], other[:, [_SNARE]] = snare, kick
    return beside.astype(np.int64) + 2 * other


def velocities_of(
    struck: NDArray[np.bool_],
    means: NDArray[np.float32],
    spreads: NDArray[np.float32],
    noise: NDArray[np.float64],
) -> NDArray[np.int64]:
    """Return how hard each cell is struck, `int64[32, 14]`, 1..127, wherever it is.

    Args:
        struck: `bool[32, 14]`.
        means: `float32[16, 14, 4]`: place, instrument, context.
        spreads: `float32[14]`: how far strokes of an instrument are from that, standard deviation.
        noise: `float64[32, 14]`, standard normal; what is to be left to chance of the spreads.
    """
    places = np.arange(STEPS)[:, None] % PLACES
    usual = means[places, np.arange(BITS)[None], contexts_of(struck)]
    return np.clip(np.round(usual + noise * spreads), 1, 127).astype(np.int64)
