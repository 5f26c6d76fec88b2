"""Drums as a language: each sixteenth one symbol, the set of the nine voices that are struck.

The representation of Magenta's Drum RNN: voice v is bit v of a symbol, so there are 512, and 0 is silence; a
counter of six bits says where in four bars a step lies. Source: Magenta's `MultiDrumOneHotEncoding`,
`DrumsExtractor` and `LookbackEventSequenceEncoderDecoder`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pocket_core.phrases.hvo import A_BAR, COUNT, HALF, Cells

SYMBOLS = 2**COUNT
COUNTER_BITS = 6
LEAST_BARS = 7  # of a track
MOST_STEPS = 512  # of a track; what is longer is cut off
GAP_BARS = 1  # of silence that end a track
KICK = 1  # the symbol of voice 0 alone: Magenta's usual primer
SNARE = 2  # of voice 1 alone: what is struck where there is but one drum

BITS = (np.arange(SYMBOLS)[:, None] >> np.arange(COUNT) & 1).astype(np.float32)
"""`float32[512, 9]`: which voices each symbol strikes."""


@dataclass(frozen=True, slots=True)
class Steps:
    """Drums as symbols, and how hard each voice is struck."""

    symbols: NDArray[np.int64]  # (T,), 0..511
    velocities: NDArray[np.float32]  # (T, 9), 0..1; 0 where a voice is not struck

    def __len__(self) -> int:
        """Return how many sixteenths there are."""
        return len(self.symbols)

    def cut(self, begin: int, end: int) -> Steps:
        """Return the steps from one to before another."""
        return Steps(self.symbols[begin:end], self.velocities[begin:end])

    def one_drum(self) -> Steps:
        """Return one drum: the snare wherever anything is struck, as hard as the hardest."""
        symbols = np.where(self.symbols > 0, SNARE, 0)
        hardest = self.velocities.max(1, keepdims=True, initial=0.0)
        return Steps(symbols, (hardest * BITS[symbols]).astype(np.float32))


def joined_steps(parts: Sequence[Steps]) -> Steps:
    """Return steps one behind the other."""
    nothing = (np.zeros(0, np.int64), np.zeros((0, COUNT), np.float32))
    return Steps(
        np.concatenate([nothing[0], *(part.symbols for part in parts)]),
        np.concatenate([nothing[1], *(part.velocities for part in parts)]),
    )


def symbols_of(hits: NDArray[np.float32]) -> NDArray[np.int64]:
    """Return the symbols, `int64[T]`, of what is struck, `float32[T, 9]`."""
    return (hits > HALF).astype(np.int64) @ (1 << np.arange(COUNT))


def steps_of_cells(cells: Cells) -> Steps:
    """Return cells as symbols; where in a sixteenth a stroke lies is left out."""
    return Steps(symbols_of(cells.hits), cells.velocities)


def cells_of_steps(steps: Steps, offsets: NDArray[np.float32] | None = None) -> Cells:
    """Return symbols as cells.

    Args:
        steps: Symbols.
        offsets: Where in its sixteenth each stroke lies, `float32[T, 9]`; None: on the grid.
    """
    hits = BITS[steps.symbols]
    return Cells(hits, steps.velocities * hits, np.zeros_like(hits) if offsets is None else offsets * hits)


def counter(positions: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return the counter of steps, `float32[T, 6]`: bit n of a position, as -1 or 1."""
    bits = positions[:, None] >> np.arange(COUNTER_BITS) & 1
    return (2 * bits - 1).astype(np.float32)


def tracks_of(
    steps: Steps, *, least_bars: int = LEAST_BARS, most: int = MOST_STEPS, gap_bars: int = GAP_BARS
) -> list[Steps]:
    """Return the stretches of drums that are long enough to learn from.

    Each begins with the bar of its first stroke, ends with its last, and is cut where nothing is struck for
    `gap_bars` or more between two strokes.

    Args:
        steps: The first is the first of a bar.
        least_bars: A shorter stretch is left out.
        most: Steps; a longer one ends with the last whole bar before.
        gap_bars: > 0.
    """
    struck, found = np.flatnonzero(steps.symbols), list[Steps]()
    if not len(struck):
        return found
    ends = np.flatnonzero(np.diff(struck) - 1 >= gap_bars * A_BAR)
    for first, last in zip((0, *(ends + 1)), (*ends, len(struck) - 1), strict=True):
        begin = int(struck[first]) // A_BAR * A_BAR
        end = int(struck[last]) + 1
        if end - begin < least_bars * A_BAR:
            continue
        found.append(steps.cut(begin, min(end, begin + most // A_BAR * A_BAR)))
    return found
