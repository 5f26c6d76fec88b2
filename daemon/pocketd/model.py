"""Find a model, refuse it for a good reason or load it, and run it so that no fault of its stops the drums.

A model is two files: `NAME.onnx`, one step (`x` and the state in, what it says and the state out), and
`NAME.json` beside it, its card. One that reads the score has a third, its encoder (`pocketd.encoder`), whose
`context` of a timestep its step takes beside `x`.
"""

from __future__ import annotations

import logging
import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, Field, ValidationError, field_validator
from pydantic_core import PydanticCustomError

from pocket_core import features
from pocket_core.errors import ContractError, ModelError, one_line
from pocket_core.predict import ABSURD, NOTHING, Prediction, Predictor, State, ZeroPredictor, read
from pocket_core.types import Beats, Seconds
from pocketd.backends.clock import SystemClock
from pocketd.encoder import Contexts, Encoder, EncoderCard, load_encoder
from pocketd.model_shelf import NONE, card_of, find, first_problem, read_card
from pocketd.onnxfile import Bound, read_graph, start_session

log = logging.getLogger(__name__)

LARGEST_STATE = 2**20  # numbers, all tensors together: as much is copied at every step
WARM_UP = 20  # steps
RECENT, SLOW_OF_RECENT = 10, 5  # a model rests when 5 of its last 10 steps were too slow
REST = Seconds(5.0)  # then it is tried again


#: It comes up in messages, which are a line each.
Name = Annotated[str, Field(pattern=r"^\P{C}{1,80}$")]


class StateCard(BaseModel):
    """A tensor that the model hands to itself, `NAME` in and `NAME_next` out."""

    name: Name
    shape: list[Annotated[int, Field(ge=1, le=LARGEST_STATE)]] = Field(min_length=1, max_length=4)


class Card(BaseModel):
    """What the daemon reads of a model's card; the rest is for people."""

    name: Name
    format: Literal[2]
    features_version: int
    width: int
    sha256: str
    state: list[StateCard] = Field(max_length=16)
    output: Name
    outputs: Literal[1, 41]  # all of `pocket_core.predict.OUTPUTS`, or the paper's single offset
    hears: bool  # it takes a step for each onset without a drum
    encoder: EncoderCard | None = None  # it reads the score
    bias_ms: dict[str, Annotated[float, Field(ge=-200, le=200)]] = {}  # of songs: see `OnnxPredictor.late_in`

    @field_validator("state")
    @classmethod
    def _can_be_told_apart(cls, state: list[StateCard]) -> list[StateCard]:
        names = ["x", "context", *(part.name for part in state)]
        if len(set(names)) < len(names):
            raise PydanticCustomError("name", "two inputs of a step have one name")
        if (numbers := sum(math.prod(part.shape) for part in state)) > LARGEST_STATE:
            raise PydanticCustomError(
                "size", "{numbers} numbers, at most {most} are", {"numbers": numbers, "most": LARGEST_STATE}
            )
        return state


@dataclass(frozen=True, slots=True)
class Loaded:
    """The model that was asked for, or none and why."""

    predictor: Predictor
    fault: str | None  # one line


def load_or_none(name_or_path: str | Path, step_limit: Seconds) -> Loaded:
    """Load a model; where that fails, return the grid and the fault, for the drums go on."""
    try:
        return Loaded(load_predictor(name_or_path, step_limit), None)
    except ModelError as error:
        return Loaded(ZeroPredictor(), str(error))


def load_predictor(
    name_or_path: str | Path, step_limit: Seconds, now: Callable[[], Seconds] | None = None
) -> Predictor:
    """Load a model, checked and warm.

    Args:
        name_or_path: What `model:` says: a model that ships, one of the user's own, a path, or "none".
        step_limit: A step that takes longer is too slow.
        now: The clock to measure steps by; None: the machine's.

    Raises:
        ModelError: Missing, damaged, or not runnable.
        ContractError: Made for other features or of other shapes.
    """
    if str(name_or_path) == NONE:
        return ZeroPredictor()
    path = find(name_or_path)
    card = _card(path)
    data = read_graph(path, card.sha256)
    if (card.features_version, card.width) != (features.VERSION, features.WIDTH):
        raise ContractError(
            f"model {card.name} wants features v{card.features_version} of width {card.width}, "
            f"this build computes v{features.VERSION} of width {features.WIDTH}; run `pocketd pretrain` again"
        )
    session = start_session(path, data, {**_inputs(card), **_outputs(card)})
    encoder = None if card.encoder is None else load_encoder(card.name, path, card.encoder)
    predictor = OnnxPredictor(card, session, step_limit, now or SystemClock().now, encoder)
    predictor.warm_up()
    return predictor


def _card(path: Path) -> Card:
    try:
        return Card.model_validate_json(read_card(path))
    except ValidationError as error:
        raise ModelError(f"{card_of(path)}: {first_problem(error)}; export the model again") from None


def _inputs(card: Card) -> dict[str, list[int]]:
    """Return what goes into the graph of a step, in order: features, context if any, state."""
    context = {} if card.encoder is None else {"context": [1, card.encoder.context]}
    return {"x": [1, card.width], **context, **{state.name: state.shape for state in card.state}}


def _outputs(card: Card) -> dict[str, list[int]]:
    """Return what comes out of it, in order: what it says, then the state."""
    state = {f"{state.name}_next": state.shape for state in card.state}
    return {card.output: [1, card.outputs], **state}


class _StepError(Exception):
    """A step gave no usable forecast."""

    def __init__(self, kind: str, text: str) -> None:
        super().__init__(text)
        self.kind = kind  # each kind is logged once


class OnnxPredictor:
    """A loaded model. See `pocket_core.predict.Predictor`.

    Args:
        card: What it is.
        session: An ONNX Runtime session of a graph that agrees with the card.
        step_limit: A step that takes longer is too slow.
        now: The clock to measure steps by.
        encoder: Where it reads the score; None: it needs to know nothing of it.
    """

    def __init__(
        self,
        card: Card,
        session: Any,
        step_limit: Seconds,
        now: Callable[[], Seconds],
        encoder: Encoder | None = None,
    ) -> None:
        self.name = card.name
        self.hears = card.hears
        self.sha256 = card.sha256
        self.encoder = encoder
        self._contexts: Contexts | None = None  # None: the score is not known
        self._late_ms = card.bias_ms
        self.faults = 0  # steps without a usable forecast
        self.fault: str | None = None  # what is wrong now, one line; None: nothing, or it has recovered
        self._graph = Bound(session, _inputs(card), _outputs(card))
        self._x = self._graph.inputs["x"][0]
        self._before = [self._graph.inputs[part.name] for part in card.state]
        self._said, *self._after = self._graph.outputs.values()
        self._initial: State = tuple(np.zeros(state.shape, np.float32) for state in card.state)
        for part in self._initial:
            part.flags.writeable = False  # handed out again and again
        self.step_limit = step_limit
        self._now = now
        self._slow: deque[bool] = deque(maxlen=RECENT)
        self._rests_until: Seconds | None = None
        self._logged: set[str] = set()

    def initial_state(self) -> State:
        """Return zeros."""
        return self._initial

    def know(self, contexts: Contexts) -> None:
        """Play from this score from now on; the state stays. A timestep that is not in it has no context."""
        self._contexts = contexts

    def late_in(self, song: str | None) -> Seconds:
        """Return how late a song's musician is besides what the model has learnt: to be played beside it.

        Targets of deviations have no mean (`pocket_export.night.targets`); the card keeps it, song by song.
        """
        return Seconds(0.0 if song is None else self._late_ms.get(song, 0.0) / 1000)

    def step(self, x: NDArray[np.float32], state: State, beat: Beats) -> tuple[Prediction, State]:
        """Predict a step; a fault is no offset and the initial state, counted in `faults`."""
        start = self._now()
        if self._rests_until is not None:
            if start < self._rests_until:
                self.faults += 1
                return NOTHING, self._initial
            self._rests_until = None
        try:
            prediction, following = self._predict(x, state, beat)
            self._time(start)
        except _StepError as fault:
            self.faults += 1
            self.fault = f"model {self.name}: {fault}; no offset meanwhile"
            if fault.kind not in self._logged:
                self._logged.add(fault.kind)
                log.error("%s", self.fault)
            return NOTHING, self._initial
        self.fault = None
        return prediction, following

    def warm_up(self) -> None:
        """Step on silence until memory is laid out.

        Raises:
            ModelError: It cannot even do that.
        """
        state = self._initial
        try:
            for _ in range(WARM_UP):
                _, state = self._predict(np.zeros(features.WIDTH, np.float32), state, Beats(0.0))
        except _StepError as fault:
            raise ModelError(f"model {self.name}: {fault}; export it again") from None

    def _predict(self, x: NDArray[np.float32], state: State, beat: Beats) -> tuple[Prediction, State]:
        try:
            self._x[:] = x
            for buffer, part in zip(self._before, state, strict=True):
                buffer[:] = part
            if self.encoder is not None:
                context = None if self._contexts is None else self._contexts.at(beat)
                self._graph.inputs["context"][:] = self.encoder.unknown if context is None else context
            self._graph.run()
        except Exception as error:  # whatever it is, the drums go on
            raise _StepError("failed", f"a step failed: {one_line(error)}") from None
        numbers, following = self._said[0].tolist(), tuple([part.copy() for part in self._after])
        if not math.isfinite(sum(numbers) + sum([part.sum() for part in following])):
            raise _StepError("not finite", "a step gave NaN or infinity")
        prediction = read(numbers)
        if not prediction.sane:
            raise _StepError(
                "absurd", f"a step gave {prediction.offset:.3g} s; at most {ABSURD:g} s is believed"
            )
        return prediction, following

    def _time(self, start: Seconds) -> None:
        """Count a step that began at `start` and ends now; too many slow ones are a fault."""
        end = self._now()
        self._slow.append(end - start > self.step_limit)
        if sum(self._slow) >= SLOW_OF_RECENT:
            self._slow.clear()
            self._rests_until = Seconds(end + REST)
            limit = f"{self.step_limit * 1000:g} ms"
            raise _StepError(
                "slow", f"{SLOW_OF_RECENT} of {RECENT} steps took over {limit}; rests {REST:g} s"
            )
