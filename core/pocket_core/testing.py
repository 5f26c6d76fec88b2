"""Fakes for tests: predictors whose answer is known, and a DAW in a few lines."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from pocket_core.engine import Engine
from pocket_core.features import DIFF, GROOVE, OFFSET_SCALE, WIDTH
from pocket_core.predict import Prediction, State, Voicing
from pocket_core.types import Beats, Due, Port, Seconds
from pocket_core.voices import VOICES
from pocket_core.waiting import Meeting
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


class SayingPredictor(FixedPredictor):
    """Says the same of every step: whatever a model may say."""

    name = "saying"

    def __init__(self, prediction: Prediction) -> None:
        super().__init__(prediction.offset)
        self._prediction = prediction

    def step(self, x: NDArray[np.float32], state: State, beat: Beats) -> tuple[Prediction, State]:  # noqa: ARG002
        """Return the prediction, and the count plus one."""
        return self._prediction, (state[0] + 1,)


class ChainPredictor(FixedPredictor):
    """Hears; its state holds all that it was asked on the way there, a row of beat and features a step."""

    name = "chain"
    hears = True

    def __init__(self, offset: float = 0.0) -> None:
        super().__init__(offset)
        self.asked: list[NDArray[np.float32]] = []

    def initial_state(self) -> State:
        """Return no steps, `float32[0, 1 + WIDTH]`."""
        return (np.zeros((0, 1 + WIDTH), np.float32),)

    def step(self, x: NDArray[np.float32], state: State, beat: Beats) -> tuple[Prediction, State]:
        """Record the question behind those before it, and answer as always."""
        rows = np.vstack((state[0], np.append(np.float32(beat), x)))
        self.asked.append(rows)
        return Prediction(self._offset), (rows,)


class MoodyPredictor(FixedPredictor):
    """Hears; all that it says depends on all that it was asked on the way there."""

    name = "moody"
    hears = True

    def step(self, x: NDArray[np.float32], state: State, beat: Beats) -> tuple[Prediction, State]:
        """Return an offset, a meeting and a voicing that swing with a mood, and the mood."""
        mood = math.sin(1000.0 * float(state[0][0]) + beat + float(x.sum(dtype=np.float64)))
        nine = range(len(VOICES))
        meeting = Meeting(Seconds(self._offset + 0.01 * mood), Seconds(0.01), 0.5 + 0.5 * mood)
        said = Voicing(
            tuple(self._offset + 0.03 * mood * math.cos(voice) for voice in nine),
            (0.01,) * len(VOICES),
            tuple(0.5 + 0.5 * mood * math.sin(voice) for voice in nine),
            (0.1,) * len(VOICES),
        )
        return Prediction(Seconds(self._offset + 0.02 * mood), meeting, said), (np.array([mood], np.float32),)


class BrokenPredictor(FixedPredictor):
    """A model that has lost its mind."""

    def step(self, x: NDArray[np.float32], state: State, beat: Beats) -> tuple[Prediction, State]:  # noqa: ARG002
        """Return what is not a number."""
        return Prediction(Seconds(math.nan)), state


def voicing(
    offsets: Mapping[int, float] | None = None,
    velocities: Mapping[int, float] | None = None,
    *,
    spread: float = 0.0,
    velocity_spread: float = 0.0,
) -> Voicing:
    """Return how a drummer plays: offset in seconds and velocity by voice, 0 and a half where not named."""
    own, loud, nine = offsets or {}, velocities or {}, range(len(VOICES))
    return Voicing(
        tuple(own.get(voice, 0.0) for voice in nine),
        (spread,) * len(VOICES),
        tuple(loud.get(voice, 0.5) for voice in nine),
        (velocity_spread,) * len(VOICES),
    )


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
