"""The voices together where the musician plays, each its own way where nobody does."""

from __future__ import annotations

import math
import statistics
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pocket_core.clock import MapClock
from pocket_core.engine import Engine
from pocket_core.expression import SD, STAY, TOGETHER, Expression, dynamics, express
from pocket_core.predict import Prediction, Predictor, Voicing
from pocket_core.settings import Settings
from pocket_core.tempo import TempoChange, TempoMap
from pocket_core.testing import HAT, KICK, SNARE, FixedPredictor, SayingPredictor, hit, strikes, voicing
from pocket_core.types import Beats, Port, Seconds
from pocket_core.voices import VOICES
from pocket_core.waiting import Meeting
from pocket_core.wire import note_off, note_on

NOW = Seconds(12.345)
FOOT, HAND, TIP = (VOICES.index(name) for name in ("kick", "snare", "closed hat"))
OWN = voicing({FOOT: -0.010, HAND: 0.020, TIP: 0.005})
ALONE = Prediction(Seconds(0.004), None, OWN)


def meets(chance: float) -> Prediction:
    return replace(ALONE, meeting=Meeting(Seconds(0.004), Seconds(0.010), chance))


def ways(expression: Expression) -> dict[int, float]:
    """Each voice's way in ms, from the timestep's own offset."""
    return {voice: round(1000 * (expression.first + late), 6) for voice, late in expression.apart.items()}


# --- times -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("prediction", [ALONE, meets(0.0)])
def test_where_nobody_plays_each_voice_has_its_own_offset(prediction: Prediction) -> None:
    expression = express(prediction, (FOOT, HAND), share=1.0, seed=NOW)

    assert ways(expression) == {FOOT: -14.0, HAND: 16.0}  # from the 4 ms of all
    assert expression.first == pytest.approx(-0.014)
    assert expression.apart == {FOOT: 0.0, HAND: pytest.approx(0.030)}


def test_where_the_musician_is_certain_to_play_all_stay_together() -> None:
    assert set(ways(express(meets(1.0), (FOOT, HAND), share=1.0, seed=NOW)).values()) == {0.0}


def test_the_less_the_musician_is_expected_the_more_each_goes_its_way() -> None:
    far = [ways(express(meets(chance), (FOOT, HAND), share=1.0, seed=NOW)) for chance in (0.1, 0.25, 0.75)]

    assert far[0] == {FOOT: pytest.approx(-14.0 * 0.9**STAY), HAND: pytest.approx(16.0 * 0.9**STAY)}
    assert [abs(way[FOOT]) for way in far] == sorted((abs(way[FOOT]) for way in far), reverse=True)
    assert far[2][FOOT] == pytest.approx(0.0, abs=0.01)  # a musician who may well come is not left alone


def test_a_share_is_so_much_of_the_way() -> None:
    assert ways(express(ALONE, (FOOT, HAND), share=0.5, seed=NOW)) == {FOOT: -7.0, HAND: 8.0}


def test_a_share_is_so_much_of_the_stray_too() -> None:
    uneven = replace(ALONE, voicing=voicing({FOOT: -0.010, HAND: 0.020}, spread=0.010))

    half, whole = (ways(express(uneven, (FOOT, HAND), share=share, seed=NOW)) for share in (0.5, 1.0))

    assert half == {voice: pytest.approx(way / 2) for voice, way in whole.items()}


def test_a_chance_beyond_certainty_is_certainty() -> None:
    assert set(ways(express(meets(1.5), (FOOT, HAND), share=1.0, seed=NOW)).values()) == {0.0}
    assert ways(express(meets(-0.5), (FOOT, HAND), share=1.0, seed=NOW)) == {FOOT: -14.0, HAND: 16.0}


@pytest.mark.parametrize("share", [0.0, -1.0])
def test_without_a_share_all_stay_together(share: float) -> None:
    assert express(ALONE, (FOOT, HAND), share=share, seed=NOW) is TOGETHER


def test_a_model_that_says_nothing_of_voices_keeps_them_together() -> None:
    assert express(Prediction(Seconds(0.004)), (FOOT, HAND), share=1.0, seed=NOW) is TOGETHER


@pytest.mark.parametrize("nonsense", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_of_a_voice_that_is_struck_keeps_all_together(nonsense: float) -> None:
    of_hand = replace(ALONE, voicing=voicing({HAND: nonsense}))
    of_nobody = Prediction(Seconds(0.0), Meeting(Seconds(0.0), Seconds(0.01), math.nan), OWN)
    stray = replace(ALONE, voicing=voicing(spread=nonsense))

    assert express(of_hand, (FOOT, HAND), share=1.0, seed=NOW) == TOGETHER
    assert express(of_nobody, (FOOT, HAND), share=1.0, seed=NOW) == TOGETHER
    assert express(stray, (FOOT, HAND), share=1.0, seed=NOW) == TOGETHER
    assert ways(express(of_hand, (FOOT, TIP), share=1.0, seed=NOW)) == {FOOT: -4.0, TIP: -4.0}


def test_the_same_arrival_strays_the_same_and_another_does_not() -> None:
    uneven = replace(ALONE, voicing=voicing(spread=0.010))

    one, again, other = (
        express(uneven, (FOOT, HAND), share=1.0, seed=Seconds(at)) for at in (1.0, 1.0, 1.000001)
    )

    assert one == again
    assert one != other
    assert one.apart[HAND] != one.apart[FOOT]


def test_over_many_hits_voices_stray_as_far_as_drummers_do() -> None:
    uneven = Prediction(Seconds(0.0), None, voicing({FOOT: -0.010, HAND: 0.020}, spread=0.010))

    played = [ways(express(uneven, (FOOT, HAND), share=1.0, seed=Seconds(n / 8))) for n in range(4000)]

    for voice, own in ((FOOT, -10.0), (HAND, 20.0)):
        found = [way[voice] for way in played]
        assert statistics.fmean(found) == pytest.approx(own, abs=0.6)
        assert statistics.fmean(abs(way - own) for way in found) == pytest.approx(10.0, rel=0.04)
        assert statistics.stdev(found) == pytest.approx(10.0 * SD, rel=0.04)
        assert max(abs(way - own) for way in found) <= 2.5 * 10.0 * SD + 1e-6
    pairs = statistics.correlation([way[FOOT] for way in played], [way[HAND] for way in played])
    assert abs(pairs) < 0.05


# --- velocities ------------------------------------------------------------------------------------------


def loud(share: float, velocity: int = 100, wish: float = 0.5, *, stray: float = 0.0) -> int:
    said = Prediction(Seconds(0.0), None, voicing(velocities={FOOT: wish}, velocity_spread=0.1))
    return dynamics(said, FOOT, velocity, share=share, stray=stray, seed=NOW)


def test_velocities_go_from_those_that_came_to_a_drummers() -> None:
    assert [loud(share) for share in (0.0, 0.25, 1.0)] == [100, 91, 64]  # towards 63.5


def test_a_model_that_says_nothing_of_velocities_leaves_them() -> None:
    assert dynamics(Prediction(Seconds(0.0)), FOOT, 77, share=1.0, stray=1.0, seed=NOW) == 77
    assert loud(1.0, 77, math.nan) == 77


@pytest.mark.parametrize(("wish", "found"), [(-1e30, 1), (0.0, 1), (1.0, 127), (1e30, 127)])
def test_no_velocity_is_a_release_or_beyond_what_midi_has(wish: float, found: int) -> None:
    assert loud(1.0, 64, wish) == found


def test_velocities_stray_as_far_as_drummers_do() -> None:
    said = Prediction(Seconds(0.0), None, voicing(velocity_spread=0.08))

    found = [dynamics(said, FOOT, 1, share=1.0, stray=1.0, seed=Seconds(n / 8)) / 127 for n in range(4000)]

    assert statistics.fmean(found) == pytest.approx(0.5, abs=0.005)
    assert statistics.fmean(abs(velocity - 0.5) for velocity in found) == pytest.approx(0.08, rel=0.04)
    assert loud(1.0, stray=1.0) == loud(1.0, stray=1.0) != loud(1.0)


def test_a_late_stroke_is_no_louder_than_an_early_one() -> None:
    said = Prediction(Seconds(0.0), None, voicing(spread=0.010, velocity_spread=0.08))

    late = [express(said, (FOOT,), share=1.0, seed=Seconds(n / 8)).first for n in range(4000)]
    found = [dynamics(said, FOOT, 1, share=1.0, stray=1.0, seed=Seconds(n / 8)) for n in range(4000)]

    assert abs(statistics.correlation(late, found)) < 0.06


numbers = st.floats(allow_nan=True, allow_infinity=True)
nine = st.tuples(*[numbers] * len(VOICES))


@settings(max_examples=100, deadline=None)
@given(
    st.builds(Voicing, nine, nine, nine, nine),
    numbers,
    st.floats(0.0, 1.0),
    st.floats(-1e6, 1e6),
    st.integers(1, 127),
)
def test_whatever_a_model_says_a_note_has_a_time_and_a_velocity(
    said: Voicing, chance: float, share: float, seed: float, velocity: int
) -> None:
    prediction = Prediction(Seconds(0.0), Meeting(Seconds(0.0), Seconds(0.01), chance), said)

    expression = express(prediction, range(9), share=share, seed=Seconds(seed))

    assert math.isfinite(expression.first)
    assert all(late >= 0.0 for late in expression.apart.values())
    for voice in range(9):
        played = dynamics(prediction, voice, velocity, share=share, stray=share, seed=Seconds(seed))
        assert 1 <= played <= 127


# --- in the engine ---------------------------------------------------------------------------------------

L = 0.120
FREE = Settings(restore=0.0, expressive=1.0)


def started(predictor: Predictor, settings: Settings = FREE) -> Engine:
    """An engine whose song has begun at 0, two beats a second."""
    engine = Engine(settings, MapClock(TempoMap([TempoChange(Beats(0), 120.0)])), predictor)
    engine.receive(b"\xfa", Port.CONTROL, Seconds(0.0))
    return engine


def chord(engine: Engine, at: float, *notes: int) -> None:
    """Let notes come that shall sound at this time."""
    for note in notes:
        hit(engine, at - L, note)


def played(engine: Engine) -> list[tuple[float, int]]:
    return strikes(engine.take_due(Seconds(math.inf)))


def test_each_drum_of_a_chord_sounds_where_a_drummer_would_play_it() -> None:
    engine = started(SayingPredictor(ALONE))

    chord(engine, 1.0, HAT, SNARE, KICK)

    assert played(engine) == [(0.99, KICK), (1.005, HAT), (1.02, SNARE)]


def test_half_the_amount_is_half_of_each_drums_way() -> None:
    engine = started(SayingPredictor(ALONE), replace(FREE, amount=0.5))

    chord(engine, 1.0, SNARE, KICK)

    assert played(engine) == [(0.995, KICK), (1.01, SNARE)]


def test_what_a_drummer_strikes_harder_is_as_hard_at_any_amount() -> None:
    said = replace(ALONE, voicing=voicing(velocities={FOOT: 0.9}))
    engine = started(SayingPredictor(said), Settings(dynamics=1.0, amount=0.0))

    chord(engine, 1.0, KICK)

    assert engine.take_due(Seconds(1.1))[0].data == note_on(9, KICK, 114)


@pytest.mark.parametrize("expressive", [0.0, 0.5, 1.0])
def test_at_amount_zero_no_drum_moves(expressive: float) -> None:
    uneven = replace(ALONE, voicing=voicing({FOOT: -0.03, HAND: 0.03}, spread=0.02))
    engine = started(SayingPredictor(uneven), replace(FREE, amount=0.0, expressive=expressive))

    chord(engine, 1.0, KICK, SNARE)
    chord(engine, 1.5, KICK, HAT)

    assert played(engine) == [(1.0, KICK), (1.0, SNARE), (1.5, KICK), (1.5, HAT)]


def test_bypassed_no_drum_moves_and_velocities_are_as_they_came() -> None:
    settings = replace(FREE, bypass=True, dynamics=1.0)
    engine = started(SayingPredictor(ALONE), settings)

    chord(engine, 1.0, KICK, SNARE)
    due = engine.take_due(Seconds(math.inf))

    assert [(d.at, d.data) for d in due[:2]] == [(1.0, note_on(9, n, 100)) for n in (KICK, SNARE)]


def test_an_onset_of_their_own_brings_all_drums_together() -> None:
    engine = started(SayingPredictor(ALONE))
    chord(engine, 1.0, KICK, SNARE)
    before = engine.take_due(Seconds(0.985))

    hit(engine, 0.985, 60, port=Port.HUMAN)

    assert before == []
    assert played(engine) == [(0.985, KICK), (0.985, SNARE)]


def test_a_musician_who_is_expected_holds_them_together_already() -> None:
    engine = started(SayingPredictor(meets(1.0)), replace(FREE, late_commit=False))

    chord(engine, 1.0, KICK, SNARE)

    assert played(engine) == [(1.004, KICK), (1.004, SNARE)]


@pytest.mark.parametrize(
    ("foot", "hand", "found"),
    [(-0.300, -0.200, [0.892, 0.892]), (-0.300, 0.020, [0.892, 1.02]), (0.090, 0.250, [1.09, 1.1])],
)
def test_the_limits_hold_for_every_drum(foot: float, hand: float, found: list[float]) -> None:
    engine = started(SayingPredictor(replace(ALONE, voicing=voicing({FOOT: foot, HAND: hand}))))

    chord(engine, 1.0, KICK, SNARE)

    assert played(engine) == list(zip(found, (KICK, SNARE), strict=True))


def test_a_model_that_has_lost_its_mind_loses_no_note() -> None:
    engine = started(SayingPredictor(replace(ALONE, voicing=voicing({FOOT: -1e30, HAND: 1e30}))))

    chord(engine, 1.0, KICK, SNARE)

    assert played(engine) == [(0.892, KICK), (1.1, SNARE)]


def test_chords_close_together_do_not_push_each_other_ever_later() -> None:
    wide = voicing({FOOT: -0.030, HAND: 0.030})
    engine = started(SayingPredictor(replace(ALONE, voicing=wide)))
    for n in range(40):  # 42 ms from one to the next, 60 from its first drum to its last
        chord(engine, 1.0 + n / 24, KICK, SNARE)

    found = played(engine)

    assert found == sorted(found, key=lambda strike: strike[0])
    assert [note for _, note in found] == [KICK, SNARE] * 40
    assert found[-1][0] == pytest.approx(1.0 + 39 / 24 + 0.030)


def test_a_release_has_its_own_drums_shift() -> None:
    engine = started(SayingPredictor(ALONE))

    for note in (KICK, SNARE):
        hit(engine, 1.0 - L, note, length=0.05)

    due = engine.take_due(Seconds(math.inf))
    assert [(round(d.at, 6), d.data[0] >> 4, d.data[1]) for d in due] == [
        (0.99, 9, KICK),
        (1.02, 9, SNARE),
        (1.04, 8, KICK),
        (1.07, 8, SNARE),
    ]


def test_notes_leave_as_hard_as_a_drummer_would_strike_them() -> None:
    said = replace(ALONE, voicing=voicing(velocities={FOOT: 0.9, HAND: 0.2}))
    engine = started(SayingPredictor(said), Settings(dynamics=1.0))

    chord(engine, 1.0, KICK, SNARE, 60)  # the last is no drum
    due = engine.take_due(Seconds(math.inf))

    assert {d.data[1]: d.data[2] for d in due if d.data[0] >> 4 == 9} == {KICK: 114, SNARE: 25, 60: 100}
    assert {d.data[2] for d in due if d.data[0] >> 4 == 8} <= {64}


def test_half_the_dynamics_is_half_the_way() -> None:
    said = replace(ALONE, voicing=voicing(velocities={FOOT: 0.2}))
    engine = started(SayingPredictor(said), Settings(dynamics=0.5))

    chord(engine, 1.0, KICK)

    assert engine.take_due(Seconds(1.1))[0].data == note_on(9, KICK, 63)  # 100 and 25.4


def test_a_straggler_has_its_timesteps_way_and_velocity() -> None:
    said = Prediction(Seconds(-0.108), None, voicing({FOOT: -0.108, TIP: -0.098}, {TIP: 0.2}))
    engine = started(SayingPredictor(said), replace(FREE, dynamics=1.0))
    chord(engine, 1.0, KICK, HAT)
    left = strikes(engine.take_due(Seconds(0.895)))
    engine.receive(note_off(9, HAT, 64), Port.DRUMS, Seconds(0.895))

    engine.receive(note_on(9, HAT, 100), Port.DRUMS, Seconds(1.0 - L + 0.001))  # stamped late
    due = engine.take_due(Seconds(9.0))

    assert left == [(0.892, KICK)]
    assert strikes(due) == [(0.902, HAT), (0.903, HAT)]
    assert [d.data[2] for d in due if d.data[0] >> 4 == 9] == [25, 25]


def test_a_plain_model_plays_a_chord_as_one_and_as_hard_as_it_came() -> None:
    engine = started(FixedPredictor(0.010), replace(FREE, dynamics=1.0))

    chord(engine, 1.0, KICK, SNARE)

    due = engine.take_due(Seconds(math.inf))
    assert strikes(due) == [(1.01, KICK), (1.01, SNARE)]
    assert [d.data[2] for d in due] == [100, 100]


def test_what_sounds_is_told_of_the_earliest_drum() -> None:
    engine = started(SayingPredictor(ALONE))
    chord(engine, 1.0, KICK, SNARE)
    played(engine)
    engine.flush(Seconds(9.0))

    [record] = engine.take_records()

    assert (record.forecast_ms, record.refined_ms, record.played_ms) == pytest.approx((4.0, 4.0, -10.0))
