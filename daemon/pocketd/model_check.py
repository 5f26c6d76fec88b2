"""Whether a model can be trusted: its files, its contract with this build, and what it does when it steps."""

from __future__ import annotations

import hashlib
import logging
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from pocket_core import features
from pocket_core.errors import ModelError
from pocket_core.predict import Prediction, Predictor, State
from pocket_core.types import Beats, Seconds
from pocket_core.voices import VOICES
from pocketd import model
from pocketd.backends.clock import SystemClock
from pocketd.config import Config
from pocketd.model_shelf import Sheet, first_problem, read_sheet

STEPS = 500
PASSES = 2
SEED = 1
STRUCK = 0.2  # share of the voices
SWING = 0.5  # how far the other columns go from 0: of an offset 50 ms
UNHURRIED = Seconds(math.inf)  # steps are timed here, and a slow one is told, not skipped
OFTEN = 50  # steps between two words about how far it is

Watch = Callable[[float], None]  # told which share of a check is done


@dataclass(frozen=True, slots=True)
class Demands:
    """What a configuration asks of a model."""

    step_limit: Seconds
    earliest: Seconds  # how far before its nominal time a hit may leave, >= 0
    latest: Seconds  # and how far behind it

    @staticmethod
    def of(config: Config) -> Demands:
        """Return the demands of a configuration."""
        settings = config.settings()
        early = Seconds(settings.look_ahead - settings.guard)
        return Demands(Seconds(config.step_limit_ms / 1000), early, settings.max_late)


@dataclass(frozen=True, slots=True)
class Steps:
    """How it stepped, one step after another."""

    median: Seconds
    p99: Seconds
    worst: Seconds
    on_nothing: Seconds  # its offset for zeros, from the initial state


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check found."""

    faults: tuple[str, ...]  # a line each, with what to do; none: it can be used
    steps: Steps | None  # None: it never came to stepping


@dataclass(frozen=True, slots=True)
class _Run:
    said: tuple[Prediction, ...]
    states: tuple[State, ...]  # after each step
    took: NDArray[np.float64]  # seconds, a step each


def misfit(sheet: Sheet) -> str | None:
    """Return why this build cannot use a model, by what its card says, or None."""
    if (sheet.features_version, sheet.width) != (features.VERSION, features.WIDTH):
        return (
            f"made for features v{sheet.features_version} of width {sheet.width}, this build computes "
            f"v{features.VERSION} of width {features.WIDTH}; run `pocketd pretrain` again"
        )
    try:
        model.Card.model_validate(sheet.model_dump(exclude_unset=True))
    except ValidationError as error:
        return f"its card is not of this build: {first_problem(error)}; run `pocketd pretrain` again"
    return None


def check(
    path: Path, demands: Demands, *, now: Callable[[], Seconds] | None = None, watch: Watch | None = None
) -> Verdict:
    """Put a model to the test; whatever is wrong with it is in the verdict, nothing is raised.

    Args:
        path: Its .onnx file.
        demands: Of the configuration that it shall be used with.
        now: The clock to time steps by; None: the machine's.
        watch: Told how far it is.
    """
    try:
        sheet = read_sheet(path)
        faults = [fault for fault in (misfit(sheet), _other_bytes(path, sheet)) if fault is not None]
        if faults:
            return Verdict(tuple(faults), None)
        predictor = model.load_predictor(path, UNHURRIED)
    except ModelError as error:
        return Verdict((str(error),), None)
    with _unlogged():
        try:
            return _judge(predictor, sheet, demands, now or SystemClock().now, watch or _tell_nobody)
        except _StepError as error:
            return Verdict((str(error),), None)


def seeded_features() -> NDArray[np.float32]:
    """Return what every model is tried on, `float32[STEPS, WIDTH]`: random drums, figures of a usual size."""
    random = np.random.default_rng(SEED)
    x = random.uniform(-SWING, SWING, (STEPS, features.WIDTH))
    x[:, : len(VOICES)] = random.random((STEPS, len(VOICES))) < STRUCK
    return x.astype(np.float32)


class _StepError(Exception):
    """A step gave nothing that can be used."""


def _other_bytes(path: Path, sheet: Sheet) -> str | None:
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        return f"{path}: cannot be read: {error.strerror}; copy it again"
    if digest == sheet.sha256:
        return None
    return (
        f"sha256 of {path.name} is {digest[:12]}…, its card says {sheet.sha256[:12]}…; "
        "the file is damaged or of another card, copy or export both again"
    )


def _judge(
    predictor: Predictor, sheet: Sheet, demands: Demands, now: Callable[[], Seconds], watch: Watch
) -> Verdict:
    nothing = np.zeros(features.WIDTH, np.float32)
    on_nothing = _step(predictor, nothing, predictor.initial_state(), 0)[0].offset
    x = seeded_features()
    runs = [_run(predictor, x, now, _part(watch, n)) for n in range(PASSES)]
    took = np.stack([run.took for run in runs])
    median, p99 = np.percentile(took, (50, 99))
    steps = Steps(Seconds(median), Seconds(p99), Seconds(took.max()), on_nothing)
    found = (
        _unsteady(runs),
        *_stuck(predictor.initial_state(), runs[0], sheet),
        _slow(took, demands.step_limit),
        _astray(on_nothing, demands),
    )
    return Verdict(tuple(fault for fault in found if fault is not None), steps)


def _run(predictor: Predictor, x: NDArray[np.float32], now: Callable[[], Seconds], watch: Watch) -> _Run:
    said, states, state = [], [], predictor.initial_state()
    took = np.empty(len(x))
    for n, row in enumerate(x):
        begun = now()
        prediction, state = _step(predictor, row, state, n)
        took[n] = now() - begun
        said.append(prediction)
        states.append(state)
        if (n + 1) % OFTEN == 0:
            watch((n + 1) / len(x))
    return _Run(tuple(said), tuple(states), took)


def _step(predictor: Predictor, x: NDArray[np.float32], state: State, n: int) -> tuple[Prediction, State]:
    before = getattr(predictor, "faults", 0)
    answer = predictor.step(x, state, Beats(n / 4))
    if getattr(predictor, "faults", 0) != before:
        why = str(getattr(predictor, "fault", None) or "a fault").removesuffix("; no offset meanwhile")
        raise _StepError(f"step {n + 1} of {STEPS}: {why}; train or export it again")
    return answer


def _unsteady(runs: list[_Run]) -> str | None:
    first, *others = runs
    for n in range(len(first.said)):
        for other in others:
            same = first.said[n] == other.said[n] and all(
                np.array_equal(a, b) for a, b in zip(first.states[n], other.states[n], strict=True)
            )
            if not same:
                return (
                    f"the same input gave another answer at step {n + 1}; export it without dropout or noise"
                )
    return None


def _stuck(initial: State, run: _Run, sheet: Sheet) -> Iterator[str]:
    for at, (tensor, start) in enumerate(zip(sheet.state, initial, strict=True)):
        if all(np.array_equal(state[at], start) for state in run.states):
            yield f"its state {tensor.name} never changed in {STEPS} steps; export it again"


def _slow(took: NDArray[np.float64], limit: Seconds) -> str | None:
    """Say which steps are too slow each time; the machine may have held one up, hardly the same one twice."""
    least = took.min(axis=0)
    slow = least[least > limit]
    if not len(slow):
        return None
    return (
        f"{len(slow)} of {STEPS} steps took over {limit * 1000:g} ms each time, the longest at least "
        f"{slow.max() * 1000:.2f} ms; use a smaller model, or raise step_limit_ms"
    )


def _astray(on_nothing: Seconds, demands: Demands) -> str | None:
    if -demands.earliest <= on_nothing <= demands.latest:
        return None
    return (
        f"where nothing is known it says {on_nothing * 1000:+.1f} ms, and a hit may move "
        f"{-demands.earliest * 1000:+g} to {demands.latest * 1000:+g} ms; train it again"
    )


@contextmanager
def _unlogged() -> Iterator[None]:
    """Keep what a model logs while it plays out of a check, whose verdict says it."""
    level = model.log.level
    model.log.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        model.log.setLevel(level)


def _part(watch: Watch, n: int) -> Watch:
    """Return what is told of pass n, as a share of all passes."""
    return lambda share: watch((n + share) / PASSES)


def _tell_nobody(_: float) -> None:
    pass
