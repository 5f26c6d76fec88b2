"""The chain of decisions: what a forecast knows, and which state it is made from."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from pocket_core.clock import MapClock
from pocket_core.engine import Engine
from pocket_core.predict import Predictor, State, ZeroPredictor
from pocket_core.settings import Settings
from pocket_core.tempo import TempoChange, TempoMap
from pocket_core.testing import KICK, SNARE, FixedPredictor, hit, strikes
from pocket_core.types import Beats, Port, Seconds

L = 0.120
PLAIN = Settings(restore=0.0)


class Wide(FixedPredictor):
    """A model whose state has another shape; it minds."""

    def initial_state(self) -> State:
        return (np.zeros((2, 3), np.float32),)

    def step(self, x: NDArray[np.float32], state: State) -> tuple[Seconds, State]:
        assert state[0].shape == (2, 3)
        return super().step(x, state)


def started(predictor: Predictor, settings: Settings = PLAIN) -> Engine:
    """An engine whose song has begun at 0, two beats a second."""
    engine = Engine(settings, MapClock(TempoMap([TempoChange(Beats(0), 120.0)])), predictor)
    engine.receive(b"\xfa", Port.CONTROL, Seconds(0.0))
    return engine


@pytest.mark.parametrize("before", [ZeroPredictor(), FixedPredictor(0.0)])
@pytest.mark.parametrize("come", [0, 1, 2])
def test_a_model_that_comes_while_hits_wait_plays_them_all(before: Predictor, come: int) -> None:
    engine = started(before)
    hit(engine, 0.5 - L)
    for note in (KICK, SNARE)[:come]:
        hit(engine, 0.55 - L + note / 1000, note)
    engine.take_due(Seconds(0.48))

    engine.use(Wide(0.020))

    engine.receive(b"\xfa", Port.CONTROL, Seconds(0.495))  # and jumps to a bar that only the old one knew
    hit(engine, 0.9, SNARE)
    played = [at for at, _ in strikes(engine.take_due(Seconds(math.inf)))]
    assert played[0] == 0.52
    assert len(played) == 2 + come


def test_another_model_without_a_state_of_its_own_is_heard_at_once() -> None:
    class Stateless(ZeroPredictor):
        def step(self, x: NDArray[np.float32], state: State) -> tuple[Seconds, State]:
            return Seconds(0.030), state

    engine = started(ZeroPredictor())
    hit(engine, 0.5 - L)
    engine.take_due(Seconds(0.45))

    engine.use(Stateless())

    assert strikes(engine.take_due(Seconds(1.0))) == [(0.53, KICK)]
