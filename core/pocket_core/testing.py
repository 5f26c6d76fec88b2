"""Fakes for tests: predictors whose answer is known, and a DAW in a few lines."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from pocket_core.engine import Engine
from pocket_core.features import DIFF, GROOVE, OFFSET_SCALE
from pocket_core.predict import Prediction, State
from pocket_core.types import Beats, Due, Port, Seconds
from pocket_core.wire import note_off, note_on

KICK, SNARE, HAT = 36, 38, 42


class FixedPredictor:
    """The same offset always; its state counts the steps."""

    name = "fixed"
    hears = False

    def __init__(self, offset: float = 0.0) -> None:
        self._offset = Seconds(offset)

    def initial_state(self) -> State:
        """Return a count of zero."""
        return (np.zeros(1, np.float32),)

    def step(self, x: NDArray[np.float32], state: State, beat: Beats) -> tuple[Prediction, State]:  # noqa: ARG002
        """Return the offset, and the count plus one."""
        return Prediction(self._offset), (state[0] + 1,)


class RecordingPredictor(FixedPredictor):
    """Keeps every question it was asked: the features and the count in the state."""

    def __init__(self, offset: float = 0.0) -> None:
        super().__init__(offset)
        self.asked: list[tuple[NDArray[np.float32], int]] = []

    def step(self, x: NDArray[np.float32], state: State, beat: Beats) -> tuple[Prediction, State]:
        """Record the question and answer as always."""
        self.asked.append((x, int(state[0][0])))
        return super().step(x, state, beat)


class EagerPredictor:
    """An ideal follower: adds every fresh diff to where it was, or plays what the template expects."""

    name = "eager"
    hears = False

    def __init__(self, *, by_template: bool = False) -> None:
        self._by_template = by_template

    def initial_state(self) -> State:
        """Return an offset of zero."""
        return (np.zeros(1, np.float32),)

    def step(self, x: NDArray[np.float32], state: State, beat: Beats) -> tuple[Prediction, State]:  # noqa: ARG002
        """Return the new offset and remember it."""
        offset = float(x[GROOVE]) if self._by_template else float(state[0][0] + x[DIFF])
        return Prediction(Seconds(offset / OFFSET_SCALE)), (np.array([offset], np.float32),)


class BrokenPredictor(FixedPredictor):
    """A model that has lost its mind."""

    def step(self, x: NDArray[np.float32], state: State, beat: Beats) -> tuple[Prediction, State]:  # noqa: ARG002
        """Return what is not a number."""
        return Prediction(Seconds(math.nan)), state


def hit(
    engine: Engine, at: float, note: int = KICK, *, port: Port = Port.DRUMS, length: float | None = None
) -> None:
    """Strike a note of channel 10 in the engine; with a length its release follows, and time has moved on."""
    engine.receive(note_on(9, note, 100), port, Seconds(at))
    if length is not None:
        engine.receive(note_off(9, note, 64), port, Seconds(at + length))


def strikes(due: list[Due]) -> list[tuple[float, int]]:
    """Return time and note of every note-on, rounded to microseconds."""
    return [(round(d.at, 6), d.data[1]) for d in due if d.data[0] & 0xF0 == 0x90]
