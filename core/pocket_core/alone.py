"""Onsets that stand in the score without a drum: steps of a model that hears, from which no hit comes.

Each waits for a timestep behind it; the model takes it in just before that timestep. When the timestep
leaves, so does it.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pocket_core.predict import Predictor, State
from pocket_core.score import SAME, Timestep
from pocket_core.types import Beats

MOST_ALONE = 64  # that wait for a timestep behind them


@dataclass(slots=True, eq=False)
class Alone:
    """One of them."""

    beat: Beats
    features: NDArray[np.float32]  # as known before it
    came_in: State | None = None  # state before it, as last computed
    came_out: State = ()  # ... and after it
    ahead_of: Timestep | None = None  # the timestep before which the model takes it in, as last computed

    def take_in(self, predictor: Predictor, state: State) -> State:
        """Return the state after it; the same state asks the model once."""
        if self.came_in is not state:
            prediction, after = predictor.step(self.features, state, self.beat)
            self.came_in = state
            self.came_out = after if prediction.sane else state
        return self.came_out


class AllAlone:
    """Those that no timestep has left behind yet, in the order of the score."""

    def __init__(self) -> None:
        self._all: list[Alone] = []

    def add(self, alone: Alone) -> Alone | None:
        """Take in another one; return the first of all, which waits no longer, where there are too many."""
        at = next((i for i, other in enumerate(self._all) if other.beat > alone.beat), len(self._all))
        self._all.insert(at, alone)
        return self._all.pop(0) if len(self._all) > MOST_ALONE else None

    def clear(self) -> None:
        """Forget them: the transport goes on elsewhere, or another model plays."""
        self._all.clear()

    def queue(self) -> deque[Alone]:
        """Return them for a walk along the timesteps; `take_in_before` takes them from it."""
        return deque(self._all)

    def leave(self, step: Timestep) -> list[Alone]:
        """Return those that the model has taken in just before a timestep that leaves; they are gone."""
        taken = [alone for alone in self._all if alone.ahead_of is step]
        self._all = [alone for alone in self._all if alone.ahead_of is not step]
        return taken


def take_in_before(step: Timestep, queue: deque[Alone], predictor: Predictor, state: State) -> State:
    """Return the state after all of a queue that stand before a timestep; they are taken from it."""
    while queue and queue[0].beat < step.beat - SAME:
        alone = queue.popleft()
        alone.ahead_of = step
        state = alone.take_in(predictor, state)
    return state
