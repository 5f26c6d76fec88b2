"""What the engine asks of a model: one step, with the state handed in and out."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from pocket_core.types import Seconds

State = tuple[NDArray[np.float32], ...]  # a model's recurrent state; its shapes are the model's own


class Predictor(Protocol):
    """One step of a model. Never raises and never blocks: a fault is an offset of zero, counted."""

    @property
    def name(self) -> str:
        """What the model is called, as in reports."""

    def initial_state(self) -> State:
        """Return the state at the start of a take."""

    def step(self, x: NDArray[np.float32], state: State) -> tuple[Seconds, State]:
        """Predict a timestep's offset.

        Args:
            x: `float32[WIDTH]`, features of the timestep (`pocket_core.features`).
            state: From the timestep before; never changed in place.

        Returns:
            The forecast in seconds, positive is late, and the state after this timestep.
        """


class ZeroPredictor:
    """The grid: what sounds where there is no model."""

    name = "none"

    def initial_state(self) -> State:
        """Return the empty state."""
        return ()

    def step(self, x: NDArray[np.float32], state: State) -> tuple[Seconds, State]:  # noqa: ARG002
        """Return no offset."""
        return Seconds(0.0), state
