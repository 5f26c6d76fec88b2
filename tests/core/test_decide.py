"""The chain of decisions: what a forecast knows, and which state it is made from."""

from __future__ import annotations

import gc
import math
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from pocket_core.clock import MapClock, PulseClock
from pocket_core.engine import Engine
from pocket_core.features import HEARD_AGE
from pocket_core.predict import Predictor, State, ZeroPredictor
from pocket_core.score import Timestep
from pocket_core.settings import Settings
from pocket_core.tempo import TempoChange, TempoMap
from pocket_core.testing import KICK, SNARE, FixedPredictor, RecordingPredictor, hit, strikes
from pocket_core.types import Beats, Port, Seconds
from pocket_core.voices import VOICES

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


def test_an_onset_in_the_moment_of_a_hits_arrival_is_not_known_to_its_forecast() -> None:
    predictor = RecordingPredictor()
    short = replace(PLAIN, look_ahead=Seconds(0.025), drums_lead=Seconds(0.0))
    engine = started(predictor, short)
    hit(engine, 0.5)

    hit(engine, 0.502, 60, port=Port.HUMAN)  # 23 ms before the hit will be heard
    hit(engine, 0.503, 60, port=Port.HUMAN)
    engine.take_due(Seconds(1.0))

    assert [x[HEARD_AGE] for x, _ in predictor.asked] == [1.0]


def test_the_model_is_asked_where_something_was_learnt_and_not_by_every_pulse() -> None:
    predictor = RecordingPredictor()
    engine = Engine(PLAIN, PulseClock(), predictor)
    engine.receive(b"\xfa", Port.CONTROL, Seconds(0.0))
    for tick in range(96):
        engine.receive(b"\xf8", Port.CONTROL, Seconds(tick / 48 + tick % 2 * 0.001))
        if tick % 12 == 4:
            hit(engine, tick / 48 + 0.166 - L)

    engine.take_due(Seconds(2.0))

    assert len(predictor.asked) == 8


def test_a_roll_asks_the_model_no_more_than_twice_a_hit() -> None:
    predictor = RecordingPredictor()
    engine = started(predictor)
    for n in range(300):
        hit(engine, 1.0 + n * 0.0041, (KICK, SNARE)[n % 2])

    engine.take_due(Seconds(3.0))

    assert len(predictor.asked) <= 600


def test_what_has_left_holds_on_to_nothing_before_it() -> None:
    engine = started(FixedPredictor(0.01))
    for n in range(100):
        hit(engine, 1.0 + n * 0.0621, length=0.01)
    engine.take_due(Seconds(20.0))

    assert sum(type(thing) is Timestep for thing in gc.get_objects()) < 100


@pytest.mark.parametrize("nonsense", [math.nan, math.inf, -math.inf, 1e30, -1.5])
def test_nonsense_of_a_model_is_the_grid_and_leaves_no_trace(nonsense: float) -> None:
    class Once(FixedPredictor):
        def step(self, x: NDArray[np.float32], state: State) -> tuple[Seconds, State]:
            count = int(state[0][0])
            if x[VOICES.index("snare")]:
                return Seconds(nonsense), (np.full(1, np.nan, np.float32),)
            return Seconds(0.001 * count), (state[0] + 1,)

    engine = started(Once(), Settings())
    for n, note in enumerate((KICK, KICK, SNARE, KICK, KICK)):
        hit(engine, 1.0 + n / 2 - L, note)

    played = strikes(engine.take_due(Seconds(9.0)))

    assert [at for at, _ in played] == [1.0, 1.501, 2.0, 2.502, 3.003]


def test_a_new_look_ahead_moves_no_hit_that_waits() -> None:
    engine = started(FixedPredictor(-0.040))
    hit(engine, 1.0 - L)
    engine.take_due(Seconds(0.9))

    engine.configure(replace(PLAIN, look_ahead=Seconds(0.040), drums_lead=Seconds(0.0)))
    hit(engine, 1.5)

    assert strikes(engine.take_due(Seconds(3.0))) == [(0.96, KICK), (1.512, KICK)]


def test_a_new_amount_is_heard_in_the_hit_that_waits() -> None:
    engine = started(FixedPredictor(-0.040))
    hit(engine, 1.0 - L)
    engine.take_due(Seconds(0.9))

    engine.configure(replace(PLAIN, amount=0.5))

    assert strikes(engine.take_due(Seconds(3.0))) == [(0.98, KICK)]


def test_a_hit_that_waits_is_pulled_by_what_the_one_before_it_left() -> None:
    engine = started(FixedPredictor(0.050), Settings(restore=1.0, free=Seconds(0.0), late_commit=False))
    hit(engine, 1.0 - L)
    hit(engine, 1.0625 - L, SNARE)
    engine.take_due(Seconds(1.0))

    engine.take_due(Seconds(9.0))

    assert [round(r.played_ms, 1) for r in engine.take_records()] == [50.0, 44.1]
