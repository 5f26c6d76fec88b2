"""What a listener may go by when patterns are told apart: counts, places, repetition, company, variety."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pocket_core.phrases.patterns import BITS, STEPS, UNHEARD, Pattern, cells_of_patterns, entropy

Array = NDArray[np.float32]

LAGS = (1, 2, 4, 8, 16)  # sixteenths
A_BAR, A_BEAT = 16, 4  # sixteenths
MOST = 4  # instruments in a step that are counted apart
HEARD = [bit for bit in range(BITS) if bit != UNHEARD]


def heard(patterns: Sequence[Pattern]) -> Array:
    """Return what is heard of patterns, `float32[N, 264]`.

    Of each instrument: how often it is struck, whether at all, how often at each place in a beat, how often
    again after each of `LAGS`, and in how many steps the second bar is not as the first. Of all: strokes;
    steps with none, one, two and so on; strokes at each place in a bar; cells that change over each lag; how
    often each two are struck together; the entropy of the steps, and how many different ones there are.
    """
    cells = cells_of_patterns(patterns).reshape(-1, STEPS, BITS)[:, :, HEARD]
    counts, at_once = cells.sum(1), cells.sum(2)
    moved = [np.roll(cells, lag, 1) for lag in LAGS]
    a, b = np.triu_indices(len(HEARD), 1)
    parts = [
        counts,
        counts > 0,
        cells.reshape(len(cells), -1, A_BEAT, len(HEARD)).sum(1).reshape(len(cells), -1),
        *((cells * other).sum(1) for other in moved),
        (cells[:, :A_BAR] != cells[:, A_BAR:]).sum(1),
        counts.sum(1, keepdims=True),
        at_once.max(1, keepdims=True),
        *((at_once == number).sum(1, keepdims=True) for number in range(MOST + 1)),
        at_once.reshape(len(cells), -1, A_BAR).sum(1),
        *((cells != other).sum((1, 2))[:, None] for other in moved),
        np.einsum("nsa,nsb->nab", cells, cells)[:, a, b],
        np.array([(entropy(pattern), len(set(pattern))) for pattern in patterns]).reshape(-1, 2),
    ]
    return np.concatenate([np.asarray(part, np.float32) for part in parts], 1)
