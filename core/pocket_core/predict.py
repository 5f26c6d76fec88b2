"""What the engine asks of a model: one step, with the state handed in and out, and what a step says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from pocket_core.types import Beats, Seconds
from pocket_core.voices import VOICES
from pocket_core.waiting import Meeting

State = tuple[NDArray[np.float32], ...]  # a model's recurrent state; its shapes are the model's own
ABSURD = Seconds(1.0)  # a forecast beyond is a fault, and none


@dataclass(frozen=True, slots=True)
class Voicing:
    """How a drummer would play each voice here; nine figures each, in the order of `VOICES`."""

    offsets: tuple[float, ...]  # seconds from nominal
    spreads: tuple[float, ...]  # seconds; mean absolute deviation of the offset
    velocities: tuple[float, ...]  # 0..1
    velocity_spreads: tuple[float, ...]  # 0..1; mean absolute deviation of the velocity


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a model says of a timestep. A model may know no more than the paper's single offset."""

    offset: Seconds  # the forecast; positive is late
    meeting: Meeting | None = None  # what it expects of the musician here
    voicing: Voicing | None = None

    @property
    def sane(self) -> bool:
        """Whether the forecast can be believed."""
        return abs(self.offset) <= ABSURD  # NaN is not


NOTHING = Prediction(Seconds(0.0))  # the grid

#: What a model may say of a step, one number each, in order: all of these, or the first alone. In seconds,
#: chance and velocities 0..1.
OUTPUTS: tuple[str, ...] = (
    "offset",  # the forecast
    "expected",  # where the musician's onset is expected
    "spread",  # mean absolute deviation of the onset from there
    "chance",  # that the musician plays here
    "own",  # where a drummer would play the first stroke here
    *(f"{what} {voice}" for what in ("offset", "spread", "velocity", "velocity spread") for voice in VOICES),
)
PAPER_OUTPUTS = 1  # the paper's single offset
_VOICING = OUTPUTS.index(f"offset {VOICES[0]}")
_PARTS = [slice(_VOICING + n * len(VOICES), _VOICING + (n + 1) * len(VOICES)) for n in range(4)]


def read(numbers: Sequence[float]) -> Prediction:
    """Return what a model said.

    Args:
        numbers: All of `OUTPUTS`, or the first.
    """
    offset = Seconds(numbers[0])
    if len(numbers) == PAPER_OUTPUTS:
        return Prediction(offset)
    meeting = Meeting(Seconds(numbers[1]), Seconds(numbers[2]), numbers[3])
    return Prediction(offset, meeting, Voicing(*[tuple(numbers[part]) for part in _PARTS]))


class Predictor(Protocol):
    """One step of a model. Never raises and never blocks: a fault is an offset of zero, counted."""

    @property
    def name(self) -> str:
        """What the model is called, as in reports."""

    @property
    def hears(self) -> bool:
        """Whether it wants a step for each onset of the musician that has no drum."""

    def initial_state(self) -> State:
        """Return the state at the start of a take."""

    def step(self, x: NDArray[np.float32], state: State, beat: Beats) -> tuple[Prediction, State]:
        """Predict a timestep, or take note of an onset without a drum.

        Args:
            x: `float32[WIDTH]`, features of the timestep (`pocket_core.features`).
            state: From the step before; never changed in place.
            beat: Its position in the song; where a model knows the score, it finds it by this.

        Returns:
            What is predicted and the state after this step.
        """


class ZeroPredictor:
    """The grid: what sounds where there is no model."""

    name = "none"
    hears = False

    def initial_state(self) -> State:
        """Return the empty state."""
        return ()

    def step(self, x: NDArray[np.float32], state: State, beat: Beats) -> tuple[Prediction, State]:  # noqa: ARG002
        """Return no offset."""
        return NOTHING, state
