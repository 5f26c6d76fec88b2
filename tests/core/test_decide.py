"""The chain of decisions: what a forecast knows, and which state it is made from."""

from __future__ import annotations

import gc
import math
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from pocket_core.alone import MOST_ALONE, Alone
from pocket_core.clock import MapClock, PulseClock
from pocket_core.engine import Engine
from pocket_core.features import COLUMNS, DIFF, DIFF_AGE, HEARD, HEARD_AGE
from pocket_core.predict import Prediction, Predictor, State, ZeroPredictor
from pocket_core.score import Timestep
from pocket_core.settings import Settings
from pocket_core.tempo import TempoChange, TempoMap
from pocket_core.testing import (
    KICK,
    SNARE,
    ChainPredictor,
    FixedPredictor,
    RecordingPredictor,
    hit,
    strikes,
)
from pocket_core.types import Beats, Port, Seconds
from pocket_core.voices import VOICES
from pocket_core.wire import song_position

L = 0.120
PLAIN = Settings(restore=0.0)


class Wide(FixedPredictor):
    """A model whose state has another shape; it minds."""

    def initial_state(self) -> State:
        return (np.zeros((2, 3), np.float32),)

    def step(self, x: NDArray[np.float32], state: State, beat: Beats) -> tuple[Prediction, State]:
        assert state[0].shape == (2, 3)
        return super().step(x, state, beat)


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
        def step(self, x: NDArray[np.float32], state: State, beat: Beats) -> tuple[Prediction, State]:
            return Prediction(Seconds(0.030)), state

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
        def step(self, x: NDArray[np.float32], state: State, beat: Beats) -> tuple[Prediction, State]:
            count = int(state[0][0])
            if x[VOICES.index("snare")]:
                return Prediction(Seconds(nonsense)), (np.full(1, np.nan, np.float32),)
            return Prediction(Seconds(0.001 * count)), (state[0] + 1,)

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


def waits(late: float) -> list[float]:
    """How long each second hit waits for one who plays with the others only, so late that those have left."""
    engine = started(FixedPredictor(0.0))
    for n in range(1, 25):
        hit(engine, n / 2 - L)
        if n % 2:
            hit(engine, n / 2 + late, 60, port=Port.HUMAN)
    engine.flush(Seconds(99.0))
    engine.take_due(Seconds(math.inf))
    return [record.refined_ms for record in engine.take_records() if record.human_s is None]


def test_an_onset_behind_a_hit_that_has_left_tells_how_far_off_the_musician_is_too() -> None:
    near, far = waits(0.026), waits(0.038)

    assert near[0] == far[0] == pytest.approx(25.0)
    assert near[-1] < far[-1]


# --- a model that hears ----------------------------------------------------------------------------------

LONG = replace(PLAIN, look_ahead=Seconds(0.6), drums_lead=Seconds(0.6))
SINCE_PREVIOUS, TO_NEXT, NEXT_KNOWN = (
    COLUMNS.index(name) for name in ("since previous", "to next", "to next known")
)


def onset(engine: Engine, at: float) -> None:
    engine.take_due(Seconds(at))
    hit(engine, at, 60, port=Port.HUMAN)


def chain(predictor: ChainPredictor) -> list[tuple[float, bool]]:
    """Beat of every step on the way to the last that was asked, and whether a drum was struck there."""
    return [(round(float(row[0]), 4), bool(row[1:10].any())) for row in predictor.asked[-1]]


def row(predictor: ChainPredictor, n: int) -> NDArray[np.float32]:
    """The features of a step on the way to the last that was asked."""
    return predictor.asked[-1][n, 1:]


def test_a_model_that_hears_takes_a_step_for_each_onset_without_a_drum_in_order_and_once() -> None:
    predictor = ChainPredictor()
    engine = started(predictor)
    hit(engine, 1.0 - L)
    for at in (1.26, 1.27, 1.51, 1.74):  # the second is of the first one's chord
        onset(engine, at)

    hit(engine, 2.0 - L)
    engine.take_due(Seconds(9.0))

    assert chain(predictor) == [(2.0, True), (2.5, False), (3.0, False), (3.5, False), (4.0, True)]


def test_a_model_that_does_not_hear_is_asked_of_drums_alone() -> None:
    predictor = RecordingPredictor()
    engine = started(predictor)
    hit(engine, 1.0 - L)
    for at in (1.26, 1.51, 1.74):
        onset(engine, at)

    hit(engine, 2.0 - L)
    engine.take_due(Seconds(9.0))

    assert [x[:9].any() for x, _ in predictor.asked] == [True, True]
    assert [state for _, state in predictor.asked] == [0, 1]


def test_an_onset_with_a_drum_is_no_step_of_its_own() -> None:
    predictor = ChainPredictor()
    engine = started(predictor)
    hit(engine, 1.0 - L)
    onset(engine, 1.01)

    hit(engine, 2.0 - L)
    engine.take_due(Seconds(9.0))

    assert chain(predictor) == [(2.0, True), (4.0, True)]


def test_an_onset_stands_in_its_place_among_the_drums_that_wait() -> None:
    predictor = ChainPredictor()
    engine = started(predictor, LONG)
    for at in (1.0, 1.25, 1.5):
        hit(engine, at - 0.6)
    engine.take_due(Seconds(0.95))
    hit(engine, 1.51 - 0.6, SNARE)  # another, off the grid

    onset(engine, 1.12)
    engine.take_due(Seconds(9.0))

    beats = [beat for beat, _ in chain(predictor)]
    assert beats == [2.0, 2.25, 2.5, 3.0, 3.02]
    assert [drum for _, drum in chain(predictor)] == [True, False, True, True, True]


def test_an_onset_knows_nothing_of_itself() -> None:
    predictor = ChainPredictor()
    engine = started(predictor)
    onset(engine, 1.26)
    onset(engine, 1.52)
    onset(engine, 1.77)

    hit(engine, 2.0 - L)
    engine.take_due(Seconds(9.0))

    first, second, third, drum = (row(predictor, n) for n in range(4))
    heard = [HEARD, HEARD_AGE]
    assert first[heard].tolist() == pytest.approx([0.0, 1.0])
    assert second[heard].tolist() == pytest.approx([0.1, 0.125])
    assert third[heard].tolist() == pytest.approx([0.2, 0.125])
    assert drum[heard].tolist() == pytest.approx([0.2, 0.125])
    newest = [COLUMNS.index(name) for name in ("onsets behind it", "velocity of onset -1", "density")]
    assert not first[newest].any()
    assert second[newest].tolist() == pytest.approx([1 / 32, 100 / 127, 0.25])


def test_an_onset_knows_the_drums_around_it() -> None:
    predictor = ChainPredictor()
    engine = started(predictor, LONG)
    hit(engine, 1.0 - 0.6)
    onset(engine, 1.01)
    hit(engine, 1.5 - 0.6, SNARE)

    onset(engine, 1.13)
    onset(engine, 1.38)
    engine.take_due(Seconds(9.0))

    assert [beat for beat, _ in chain(predictor)] == [2.0, 2.25, 2.75, 3.0]
    for n, beat in ((1, 2.25), (2, 2.75)):
        told = row(predictor, n)[[SINCE_PREVIOUS, TO_NEXT, NEXT_KNOWN, DIFF, DIFF_AGE]].tolist()
        assert told == pytest.approx([(beat - 2) / 2, (3 - beat) / 2, 1.0, 0.1, (beat - 2) / 4])


def test_an_onset_of_before_a_hit_that_has_left_is_heard_behind_it() -> None:
    predictor = ChainPredictor(-0.108)
    engine = started(predictor, replace(PLAIN, input_latency=Seconds(0.040)))
    hit(engine, 1.0 - L)
    left = strikes(engine.take_due(Seconds(0.9)))
    onset(engine, 0.885 + 0.040)  # a sixteenth before, through a slow input

    hit(engine, 1.5 - L)
    engine.take_due(Seconds(9.0))

    assert left == [(0.892, KICK)]
    assert chain(predictor) == [(2.0, True), (1.75, False), (3.0, True)]
    assert row(predictor, 1)[[SINCE_PREVIOUS, TO_NEXT]].tolist() == pytest.approx([2.0, 0.125])


def test_an_onset_asks_for_itself_and_for_what_waits_behind_it_alone() -> None:
    predictor = ChainPredictor()
    engine = started(predictor, LONG)
    for n in range(5):
        hit(engine, 1.0 + n / 8 - 0.6)
    engine.take_due(Seconds(1.23))
    asked = len(predictor.asked)

    onset(engine, 1.312)  # between the third and the fourth: both of them and the fifth know it
    engine.take_due(Seconds(1.32))

    assert len(predictor.asked) - asked <= 1 + 3 + 3  # three have learnt of the groove before


def test_what_a_model_hears_costs_one_step_an_onset_however_long_no_drum_comes() -> None:
    predictor = ChainPredictor()
    engine = started(predictor)
    for n in range(5 * MOST_ALONE):
        onset(engine, 0.26 + n / 4)
    waiting = sum(type(thing) is Alone for thing in gc.get_objects())

    hit(engine, 81.0 - L)
    engine.take_due(Seconds(99.0))

    assert waiting <= MOST_ALONE
    assert len(predictor.asked) == 5 * MOST_ALONE + 1
    assert [beat for beat, _ in chain(predictor)] == [0.5 + n / 2 for n in range(5 * MOST_ALONE)] + [162.0]


JUMPS = {
    "a jump": b"\xfa",
    "a stop and a start": b"\xfc\xfa",
    "a stop and another place": b"\xfc" + song_position(0) + b"\xfb",
}


@pytest.mark.parametrize("jump", JUMPS.values(), ids=JUMPS)
def test_after_a_jump_no_onset_of_before_it_is_left_over(jump: bytes) -> None:
    predictor = ChainPredictor()
    engine = started(predictor)
    hit(engine, 1.0 - L)
    onset(engine, 1.26)
    onset(engine, 1.51)

    engine.receive(jump, Port.CONTROL, Seconds(1.9))
    hit(engine, 1.9 + 0.5 - L)
    engine.take_due(Seconds(9.0))

    assert chain(predictor) == [(1.0, True)]


@pytest.mark.parametrize("jump", JUMPS.values(), ids=JUMPS)
def test_an_onset_of_behind_a_jump_is_heard_there_though_hits_of_before_it_still_wait(jump: bytes) -> None:
    predictor = ChainPredictor(0.09)
    engine = started(predictor, replace(PLAIN, drums_lead=Seconds(0.0)))
    hit(engine, 2.0)  # leaves at 2.21
    engine.receive(jump, Port.CONTROL, Seconds(2.05))
    onset(engine, 2.05 + L + 0.005)  # with the first beat of drums that sound L behind the clock
    waited = chain(predictor)

    hit(engine, 2.05 + 0.25, SNARE)
    engine.take_due(Seconds(9.0))

    assert waited == [(4.0, True)]
    assert chain(predictor) == [(0.0, False), (0.5, True)]
    assert row(predictor, 0)[[SINCE_PREVIOUS, DIFF_AGE]].tolist() == [2.0, 1.0]


@pytest.mark.parametrize("hits", [2, 80])
def test_an_onset_of_behind_a_jump_knows_no_drum_of_before_it(hits: int) -> None:
    predictor = ChainPredictor()
    engine = started(predictor)
    for n in range(hits):
        hit(engine, 1.0 + n / 2 - L)
        engine.take_due(Seconds(1.0 + n / 2))
        if n == 0:
            onset(engine, 1.01)
    far = 2.0 + hits / 2
    engine.receive(song_position(2000) + b"\xfb", Port.CONTROL, Seconds(far))  # to beat 500

    onset(engine, far + 0.26)
    hit(engine, far + 1.0 - L)
    engine.take_due(Seconds(99.0))

    assert chain(predictor) == [(500.5, False), (502.0, True)]
    told = row(predictor, 0)[[SINCE_PREVIOUS, DIFF, DIFF_AGE, HEARD, HEARD_AGE]].tolist()
    assert told == [2.0, 0.0, 1.0, 0.0, 1.0]


def test_onsets_of_behind_a_jump_are_heard_there_however_many_come_before_a_drum() -> None:
    predictor = ChainPredictor()
    engine = started(predictor)
    hit(engine, 1.0 - L)
    onset(engine, 1.26)
    engine.receive(b"\xfc\xfa", Port.CONTROL, Seconds(1.9))
    for n in range(MOST_ALONE + 6):
        onset(engine, 1.9 + n / 4)

    hit(engine, 1.9 + 20.0 - L)
    engine.take_due(Seconds(99.0))

    assert [beat for beat, _ in chain(predictor)] == [n / 2 for n in range(MOST_ALONE + 6)] + [40.0]


def test_a_bar_is_entered_again_without_what_was_heard_in_it() -> None:
    predictor = ChainPredictor()
    engine = started(predictor)
    hit(engine, 1.0 - L)
    onset(engine, 1.76)
    onset(engine, 2.01)  # the first beat of bar 2
    onset(engine, 2.26)
    hit(engine, 2.5 - L)
    engine.take_due(Seconds(2.9))
    before = chain(predictor)

    engine.receive(song_position(16) + b"\xfb", Port.CONTROL, Seconds(3.0))  # back to bar 2
    onset(engine, 3.01)
    hit(engine, 3.5 - L)
    engine.take_due(Seconds(9.0))

    assert [beat for beat, _ in before] == [2.0, 3.5, 4.0, 4.5, 5.0]
    assert [beat for beat, _ in chain(predictor)] == [2.0, 3.5, 4.0, 5.0]


@pytest.mark.parametrize("nonsense", [math.nan, 1e30])
def test_nonsense_of_a_model_that_hears_leaves_no_trace(nonsense: float) -> None:
    class Deaf(ChainPredictor):
        def step(self, x: NDArray[np.float32], state: State, beat: Beats) -> tuple[Prediction, State]:
            said, after = super().step(x, state, beat)
            return (said if x[:9].any() else Prediction(Seconds(nonsense))), after

    predictor = Deaf(0.010)
    engine = started(predictor)
    onset(engine, 0.76)
    hit(engine, 1.0 - L)
    onset(engine, 1.26)

    hit(engine, 2.0 - L)
    played = strikes(engine.take_due(Seconds(9.0)))

    assert played == [(2.01, KICK)]
    assert chain(predictor) == [(2.0, True), (4.0, True)]


def test_a_model_that_comes_while_onsets_wait_begins_with_what_it_hears_itself() -> None:
    engine, predictor = started(ChainPredictor()), ChainPredictor()
    hit(engine, 1.0 - L)
    onset(engine, 1.26)

    engine.use(predictor)
    onset(engine, 1.51)
    hit(engine, 2.0 - L)
    engine.take_due(Seconds(9.0))

    assert chain(predictor) == [(3.0, False), (4.0, True)]


def test_an_onset_that_was_not_meant_for_a_hit_says_nothing_of_how_far_off_it_was() -> None:
    def second_hit(*onsets: float) -> float:
        engine = started(FixedPredictor(0.0))
        onset(engine, 0.5)
        hit(engine, 2.0 - L)
        for at in onsets:
            onset(engine, at)
        engine.take_due(Seconds(2.2))
        hit(engine, 4.5 - L)  # where the musician has been two bars ago: perhaps they play again
        return strikes(engine.take_due(Seconds(9.0)))[-1][0]

    assert 4.502 < second_hit() < 4.524
    assert second_hit(1.917) == pytest.approx(second_hit(), abs=0.0005)
