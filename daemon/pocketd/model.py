"""Find a model, refuse it for a good reason or load it, and run it so that no fault of its stops the drums.

A model is two files: `NAME.onnx`, one step (`x` and the state in, the offset and the state out), and
`NAME.json` beside it, its card.
"""

from __future__ import annotations

import hashlib
import logging
import math
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, Field, ValidationError

from pocket_core import features
from pocket_core.errors import ContractError, ModelError
from pocket_core.predict import Predictor, State, ZeroPredictor
from pocket_core.types import Seconds
from pocketd.backends.clock import SystemClock

log = logging.getLogger(__name__)

NONE = "none"  # the name of no model: the grid
LARGEST = 64 * 2**20  # bytes of an .onnx file
LARGEST_CARD = 2**20  # bytes of a .json file
WARM_UP = 20  # steps
ABSURD = Seconds(1.0)  # no drummer is this far from the grid
RECENT, SLOW_OF_RECENT = 10, 5  # a model rests when 5 of its last 10 steps were too slow
REST = Seconds(5.0)  # then it is tried again

#: A string entry called "location", as ONNX writes it where weights lie in another file.
_EXTERNAL = b"\x0a\x08location\x12"


class StateCard(BaseModel):
    """A tensor that the model hands to itself, `NAME` in and `NAME_next` out."""

    name: str
    shape: list[int] = Field(max_length=4)


class Card(BaseModel):
    """What the daemon reads of a model's card; the rest is for people."""

    name: str
    format: Literal[1]
    features_version: int
    width: int
    sha256: str
    state: list[StateCard]
    output: str


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


def find_model(name_or_path: str | Path) -> Path:
    """Return the .onnx file of a model that ships with pocketd, or of a path.

    Raises:
        ModelError: No such model; the line names those that ship.
    """
    given = Path(name_or_path)
    if given.suffix == ".onnx" or given.parent != Path():
        path = given.with_suffix(".onnx")
        if not path.is_file():
            raise ModelError(
                f"{path}: no such model file; `model:` takes a name or the path of an .onnx file"
            )
        return path
    shipped = Path(str(files("pocket_models"))) / "pretrained"
    path = shipped / f"{name_or_path}.onnx"
    if not path.is_file():
        names = ", ".join([*sorted(p.stem for p in shipped.glob("*.onnx")), NONE])
        raise ModelError(f"no model is called {str(name_or_path)!r}; there are: {names}")
    return path


def load_predictor(
    name_or_path: str | Path, step_limit: Seconds, now: Callable[[], Seconds] | None = None
) -> Predictor:
    """Load a model, checked and warm.

    Args:
        name_or_path: A model that ships, a path, or "none" for the grid.
        step_limit: A step that takes longer is too slow.
        now: The clock to measure steps by; None: the machine's.

    Raises:
        ModelError: Missing, damaged, or not runnable.
        ContractError: Made for other features or of other shapes.
    """
    if str(name_or_path) == NONE:
        return ZeroPredictor()
    path = find_model(name_or_path)
    card = _read_card(path.with_suffix(".json"))
    data = _read(path, LARGEST)
    if (digest := hashlib.sha256(data).hexdigest()) != card.sha256:
        raise ModelError(
            f"{path}: sha256 is {digest[:12]}…, its card says {card.sha256[:12]}…; "
            "the file is damaged or of another card, copy or export both again"
        )
    if (card.features_version, card.width) != (features.VERSION, features.WIDTH):
        raise ContractError(
            f"model {card.name} wants features v{card.features_version} of width {card.width}, "
            f"this build computes v{features.VERSION} of width {features.WIDTH}; run `pocketd pretrain` again"
        )
    if _EXTERNAL in data:
        raise ModelError(f"{path}: keeps weights in another file; export it as one file")
    predictor = OnnxPredictor(card, _session(path, data, card), step_limit, now or SystemClock().now)
    predictor.warm_up()
    return predictor


def _read(path: Path, largest: int) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(largest + 1)
    except OSError as error:
        raise ModelError(
            f"{path}: cannot be read: {error.strerror}; a model is an .onnx and a .json"
        ) from None
    if len(data) > largest:
        raise ModelError(f"{path}: larger than {largest // 2**20} MiB; this is no model of pocketd's")
    return data


def _read_card(path: Path) -> Card:
    try:
        return Card.model_validate_json(_read(path, LARGEST_CARD))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the whole file"
        raise ModelError(f"{path}: {where}: {first['msg']}; export the model again") from None


def _session(path: Path, data: bytes, card: Card) -> Any:
    """Start ONNX Runtime on one thread that never spins, and compare the graph with its card."""
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 4  # faults are told by exceptions, not printed
    try:
        session = ort.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # its exceptions share no other base
        raise ModelError(f"{path}: ONNX Runtime refuses it: {_line(error)}; export it again") from None
    wanted = {"x": [1, card.width], card.output: [1, 1]}
    for state in card.state:
        wanted |= {state.name: state.shape, f"{state.name}_next": state.shape}
    found = {end.name: end.shape for end in (*session.get_inputs(), *session.get_outputs())}
    kinds = {end.type for end in (*session.get_inputs(), *session.get_outputs())}
    if found != wanted or kinds != {"tensor(float)"}:
        raise ContractError(
            f"{path}: its graph has {_shapes(found)} of {' and '.join(sorted(kinds))}, "
            f"its card says {_shapes(wanted)} of tensor(float); export it again"
        )
    return session


def _shapes(tensors: dict[str, list[int]]) -> str:
    return ", ".join(f"{name}{list(shape)}" for name, shape in sorted(tensors.items()))


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__


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
    """

    def __init__(self, card: Card, session: Any, step_limit: Seconds, now: Callable[[], Seconds]) -> None:
        self.name = card.name
        self.sha256 = card.sha256
        self.faults = 0  # steps without a usable forecast
        self.fault: str | None = None  # what is wrong now, one line; None: nothing, or it has recovered
        self._run: Callable[[Sequence[str], dict[str, NDArray[np.float32]]], list[Any]] = session.run
        self._outputs = [card.output, *(f"{state.name}_next" for state in card.state)]
        self._inputs = [state.name for state in card.state]
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

    def step(self, x: NDArray[np.float32], state: State) -> tuple[Seconds, State]:
        """Predict a timestep's offset; a fault is no offset and the initial state, counted in `faults`."""
        start = self._now()
        if self._rests_until is not None:
            if start < self._rests_until:
                self.faults += 1
                return Seconds(0.0), self._initial
            self._rests_until = None
        try:
            offset, following = self._predict(x, state)
            self._time(start)
        except _StepError as fault:
            self.faults += 1
            self.fault = f"model {self.name}: {fault}; no offset meanwhile"
            if fault.kind not in self._logged:
                self._logged.add(fault.kind)
                log.error("%s", self.fault)
            return Seconds(0.0), self._initial
        self.fault = None
        return offset, following

    def warm_up(self) -> None:
        """Step on silence until memory is laid out.

        Raises:
            ModelError: It cannot even do that.
        """
        state = self._initial
        try:
            for _ in range(WARM_UP):
                _, state = self._predict(np.zeros(features.WIDTH, np.float32), state)
        except _StepError as fault:
            raise ModelError(f"model {self.name}: {fault}; export it again") from None

    def _predict(self, x: NDArray[np.float32], state: State) -> tuple[Seconds, State]:
        feed = dict(zip(self._inputs, state, strict=True))
        feed["x"] = x.reshape(1, -1)
        try:
            output, *following = self._run(self._outputs, feed)
        except Exception as error:  # whatever it is, the drums go on
            raise _StepError("failed", f"a step failed: {_line(error)}") from None
        offset = float(output[0, 0])
        if not math.isfinite(offset) or not all(np.isfinite(part).all() for part in following):
            raise _StepError("not finite", "a step gave NaN or infinity")
        if abs(offset) > ABSURD:
            raise _StepError("absurd", f"a step gave {offset:.3g} s; at most {ABSURD:g} s is believed")
        return Seconds(offset), tuple(following)

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
