"""Where an onset belongs, and what is learnt from it."""

from __future__ import annotations

import pytest

from pocket_core.align import NOWHERE, Belonging, Heard, Listener, meeting
from pocket_core.clock import MapClock
from pocket_core.portrait import COLUMNS
from pocket_core.predict import Prediction
from pocket_core.score import Timestep
from pocket_core.tempo import MeterMap, TempoChange, TempoMap
from pocket_core.types import Beats, Seconds

METERS = MeterMap()
KICK, SNARE, HAT = 0, 1, 2


def listener() -> Listener:
    """One whose beat n is at n / 2 seconds."""
    return Listener(MapClock(TempoMap([TempoChange(Beats(0), 120.0)]), origin=Seconds(0.0)))


def drum(beat: float, *, forecast: float = 0.0, voices: tuple[int, ...] = (KICK,)) -> Timestep:
    step = Timestep(Beats(beat), on_grid=True, came=Seconds(beat / 2 - 0.12), voices=set(voices))
    step.nominal = Seconds(beat / 2)
    step.prediction = Prediction(Seconds(forecast))
    return step


def place(of: Listener, at: float, *steps: Timestep, delay: float = 0.0) -> Belonging:
    return of.place(Seconds(at), steps, window=Seconds(0.1), delay=Seconds(delay), meters=METERS)


def hear(of: Listener, at: float, *steps: Timestep, velocity: float = 0.5) -> Belonging:
    where = place(of, at, *steps)
    of.learn(Seconds(at), where, velocity=velocity, meters=METERS)
    return where


def heard(offset: float, beat: float) -> Heard:
    return Heard(pytest.approx(offset), pytest.approx(beat))  # type: ignore[arg-type]


def test_an_onset_is_surely_meant_for_the_drum_at_its_own_grid_position() -> None:
    step = drum(2.0)

    where = place(listener(), 1.012, step)

    assert where == Belonging(heard(0.012, 2.0), step, sure=True)
    assert not where.alone


def test_an_onset_where_the_drum_was_expected_is_surely_meant_for_it() -> None:
    step = drum(2.5, forecast=0.083)

    where = place(listener(), 1.330, step)  # two thirds of the beat

    assert where == Belonging(heard(0.080, 2.5), step, sure=True)


def test_an_onset_near_a_drum_that_is_meant_for_another_place_counts_there() -> None:
    step = drum(2.5)

    where = place(listener(), 1.330, step)

    assert where == Belonging(heard(0.330 - 1 / 3, 2 + 2 / 3), step, sure=False)
    assert where.alone


def test_an_onset_far_from_any_drum_stands_alone() -> None:
    where = place(listener(), 1.260, drum(2.0), drum(3.0))

    assert where == Belonging(heard(0.010, 2.5), None, sure=False)
    assert where.alone


def test_of_two_drums_the_nearer_is_met() -> None:
    near, far = drum(2.25), drum(2.0)

    assert place(listener(), 1.100, far, near).step is near
    assert meeting(Seconds(1.0625), [far, near], Seconds(0.1)) is far  # in the middle: the first
    assert meeting(Seconds(1.3), [far, near], Seconds(0.1)) is None


def test_where_drums_are_heard_late_an_onset_is_placed_by_what_is_heard() -> None:
    where = place(listener(), 1.380, delay=0.120)

    assert where.heard == heard(0.010, 2.5)


def test_to_place_an_onset_teaches_nothing() -> None:
    ear, step = listener(), drum(2.0)

    twice = [place(ear, 1.012, step) for _ in range(2)]

    assert twice[0] == twice[1]
    assert (ear.heard, step.onset, ear.portrait.groove.mean) == (None, None, 0.0)


def test_what_has_been_placed_is_learnt() -> None:
    ear, step = listener(), drum(2.0, voices=(KICK, HAT))

    hear(ear, 1.010, step, velocity=0.8)

    assert (step.onset, step.sure) == (1.010, True)
    assert ear.heard == heard(0.010, 2.0)
    assert ear.portrait.groove.mean == pytest.approx(0.002)
    there = METERS.position(Beats(6.0))
    told = dict(zip(COLUMNS, ear.portrait.look(there, (KICK, SNARE)), strict=True))
    assert told["velocity here"] == 0.8
    assert [told["with kick"], told["with snare"]] == pytest.approx([0.1 / 4, 0.0])


def test_a_chord_on_a_drum_counts_once_by_its_first_onset() -> None:
    ear, step = listener(), drum(2.0)

    found = [hear(ear, at, step) for at in (1.010, 1.014, 1.020)]

    assert found[1:] == [NOWHERE, NOWHERE]
    assert step.onset == 1.010
    assert ear.heard == heard(0.010, 2.0)


def test_a_chord_without_a_drum_counts_once_by_its_first_onset() -> None:
    ear = listener()

    found = [hear(ear, at) for at in (1.260, 1.264, 1.270)]

    assert [where.alone for where in found] == [True, False, False]
    assert ear.heard == heard(0.010, 2.5)


def test_a_loose_onset_meets_a_drum_until_a_sure_one_comes() -> None:
    ear, step = listener(), drum(2.0)

    loose = hear(ear, 0.905, step)  # nearer to the sixth of a beat before
    met = (step.onset, step.sure)
    again = hear(ear, 0.908, step)
    sure = hear(ear, 0.996, step)

    assert (loose.step, loose.sure, met) == (step, False, (0.905, False))
    assert again == NOWHERE
    assert (sure.step, sure.sure) == (step, True)
    assert (step.onset, step.sure) == (0.996, True)


def test_what_a_loose_onset_meets_is_known_of_the_drums_and_not_of_the_groove_there() -> None:
    ear, step = listener(), drum(2.5)

    hear(ear, 1.330, step)

    here, there = METERS.position(Beats(2.5)), METERS.position(Beats(2 + 2 / 3))
    assert ear.portrait._meets == {30: pytest.approx(0.080)}
    assert (ear.portrait.chance(here), ear.portrait.chance(there)) == (0.0, 1.0)


def test_whoever_swings_over_straight_drums_is_surely_with_them_from_the_fifth_time() -> None:
    ear = listener()

    found = [hear(ear, (n + 2 / 3) / 2, drum(n + 0.5)).sure for n in range(6)]

    assert found == [False, False, False, False, True, True]
    assert ear.heard == heard(1 / 12, 5.5)
    assert ear.portrait.chance(METERS.position(Beats(5.5))) > 0.0


def test_whoever_plays_triplets_around_straight_drums_is_not_with_them() -> None:
    ear = listener()

    for n in range(8):
        step = drum(n + 0.5)
        found = [hear(ear, (n + third / 3) / 2, step).sure for third in (1, 2)]

    assert found == [False, False]


def test_a_chord_of_whoever_swings_is_no_doubt() -> None:
    ear = listener()
    for n in range(4):
        step = drum(n + 0.5)
        for apart in (0.0, 0.006):
            hear(ear, (n + 2 / 3) / 2 + apart, step)

    assert hear(ear, (4 + 2 / 3) / 2, drum(4.5)).sure


def test_after_a_jump_the_same_place_is_another() -> None:
    ear = listener()
    hear(ear, 1.260)

    ear.forget_position()

    assert ear.heard is None
    assert place(ear, 1.262).alone
