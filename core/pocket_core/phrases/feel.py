"""Where within its sixteenth each stroke lies: much as the strokes before it did, and by chance.

The mean is linear in how late strokes were before: at the same place of the bar, at the same place of the
beat, of the same voice and of all, lately and over 16 bars. About it strokes of one step stray together, and
each by itself; as far as those before did.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pocket_core.phrases.hvo import A_BAR, COUNT, HALF, Cells

MEMORY_STEPS = 16 * A_BAR
A_BEAT = A_BAR // 4
LATELY = 4  # steps
MEANS = 6
WIDTH = MEANS + A_BEAT * COUNT

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Feel:
    """How strokes lie; all in sixteenths."""

    weights: Floats  # (WIDTH,)
    together: float  # SD of what the strokes of a step share
    alone: float  # SD of each besides
    trust: float  # how many strokes before it takes to tell half of how far this drummer strays

    def play(
        self,
        past: Cells,
        hits: NDArray[np.float32],
        position: int,
        chance: np.random.Generator,
        spread: float = 1.0,
    ) -> NDArray[np.float32]:
        """Return the offsets of what comes next, `float32[N, 9]`, -0.5..0.5, 0 where nothing is struck.

        Args:
            past: All that is known; its last 16 bars count.
            hits: `float32[N, 9]`, what comes, 0 or 1.
            position: Of the first step of the past, sixteenths of the song.
            chance: Strays.
            spread: How far strokes stray, 0..1 of what is usual.
        """
        begin = len(past)
        struck = np.concatenate([past.hits, hits])
        offsets = np.concatenate([past.offsets * past.hits, np.zeros_like(hits)])
        strayed = spread * np.sqrt(self._strayed(past, position))
        for step in begin + np.flatnonzero(hits.any(1)):
            mean = feel_rows(struck[:step], offsets[:step], position, int(step))[0] @ self.weights
            noise = self.together * chance.standard_normal() + self.alone * chance.standard_normal(COUNT)
            offsets[step] = np.clip(mean + strayed * noise, -HALF, HALF) * struck[step]
        return offsets[begin:]

    def _strayed(self, past: Cells, position: int) -> float:
        """Return how far strokes strayed in the past, as a share of the usual variance, pulled to 1."""
        first = max(len(past) - MEMORY_STEPS, 0)
        rows = feel_rows(past.hits, past.offsets, position, first)[:-1]
        off = ((past.offsets[first:] - rows @ self.weights) * past.hits[first:]) ** 2
        usual = self.together**2 + self.alone**2
        return float((self.trust + off.sum() / usual) / (self.trust + past.hits[first:].sum()))

    def told(self) -> dict[str, Any]:
        """Return it as a card has it."""
        return {
            "weights": np.round(self.weights, 5).tolist(),
            "together": round(self.together, 5),
            "alone": round(self.alone, 5),
            "trust": self.trust,
        }


def feel_of(told: Mapping[str, Any]) -> Feel:
    """Return the feel that a card tells of.

    Raises:
        ValueError: It is none: something is missing, or of another shape.
    """
    try:
        weights = np.asarray(told["weights"], np.float64)
        together, alone, trust = (float(told[name]) for name in ("together", "alone", "trust"))
    except (KeyError, TypeError) as error:
        raise ValueError(f"no feel: {error}") from None
    if weights.shape != (WIDTH,) or trust <= 0.0 or together**2 + alone**2 <= 0.0:
        raise ValueError(f"a feel has {WIDTH} weights, strays, and a trust above 0")
    return Feel(weights, together, alone, trust)


def feel_rows(
    hits: NDArray[np.float32], offsets: NDArray[np.float32], position: int, first: int = 0
) -> Floats:
    """Return what the mean of each voice is told from, at each step and at the one that comes next.

    Args:
        hits: `float32[T, 9]`.
        offsets: `float32[T, 9]`, sixteenths.
        position: Of the first step, sixteenths of the song.
        first: The first step that rows are wanted of, 0..T.

    Returns:
        `float64[T + 1 - first, 9, WIDTH]`; a row sees only what is before its step.
    """
    late, struck = (offsets * hits).astype(np.float64), hits.astype(np.float64)
    steps = np.arange(first, len(hits) + 1)
    rows = np.zeros((len(steps), COUNT, WIDTH))
    for column, every in ((0, A_BAR), (2, A_BEAT)):  # of the voice itself, and of all
        sums, counts = _sums(late, steps, every), _sums(struck, steps, every)  # (N, 9)
        rows[..., column] = sums / (counts + 1)
        rows[..., column + 1] = (sums.sum(1) / (counts.sum(1) + 1))[:, None]
    for column, back in ((4, MEMORY_STEPS), (5, LATELY)):
        rows[..., column] = (_window(late, steps, back) / (_window(struck, steps, back) + 1))[:, None]
    voices, places = np.arange(COUNT), (position + steps) % A_BEAT
    rows[np.arange(len(steps))[:, None], voices, MEANS + places[:, None] * COUNT + voices] = 1.0
    return rows


def _sums(rows: Floats, steps: NDArray[np.int64], every: int) -> Floats:
    """Return the sums of the rows that lie once, twice and so on so many steps before each, `(N, 9)`."""
    laps = np.pad(rows, ((0, -len(rows) % every), (0, 0))).reshape(-1, every, COUNT)
    whole = np.concatenate([np.zeros((every, COUNT)), laps.cumsum(0).reshape(-1, COUNT)])
    old = np.where((steps > MEMORY_STEPS)[:, None], whole[np.maximum(steps - MEMORY_STEPS, 0)], 0.0)
    return np.asarray(whole[steps] - old)


def _window(rows: Floats, steps: NDArray[np.int64], back: int) -> Floats:
    """Return the sums of all rows of so many steps before each, `(N,)`."""
    whole = np.concatenate([[0.0], rows.sum(1).cumsum()])
    return np.asarray(whole[steps] - whole[np.maximum(steps - back, 0)])
