"""Where a musician puts straight off-beats, by hand."""

from __future__ import annotations

import pytest

from pocket_core.swing import HABIT, Swing
from pocket_core.types import Seconds

NEAR = Seconds(0.020)
HALF = 6  # twelfths
SWUNG = Seconds(0.083)


def meet(swing: Swing, place: int = HALF, offset: float = SWUNG) -> None:
    swing.meet(place, Seconds(offset), alike=NEAR)


def expects(swing: Swing, place: int = HALF, offset: float = SWUNG) -> bool:
    return swing.expects(place, Seconds(offset), alike=NEAR)


def used_to_it() -> Swing:
    swing = Swing()
    for beat in range(HABIT):
        meet(swing, HALF + 12 * beat)
    return swing


def test_it_is_expected_from_the_fourth_time_in_any_beat() -> None:
    swing, found = Swing(), []
    for beat in range(HABIT + 1):
        found.append(expects(swing))
        meet(swing, HALF + 12 * beat)

    assert found == [False] * HABIT + [True]


@pytest.mark.parametrize(("offset", "is_one"), [(0.102, True), (0.064, True), (0.105, False), (0.0, False)])
def test_a_distance_like_those_before_is_one_of_them(offset: float, is_one: bool) -> None:
    assert expects(used_to_it(), offset=offset) is is_one


@pytest.mark.parametrize(("other", "is_one"), [(0.060, True), (0.015, True), (-0.015, True), (-0.040, False)])
def test_whoever_is_early_elsewhere_plays_against_the_drums(other: float, is_one: bool) -> None:
    swing = used_to_it()

    meet(swing, 9, other)

    assert expects(swing) is is_one


def test_another_distance_is_a_habit_as_soon_as_the_first_was() -> None:
    swing = used_to_it()
    for _ in range(HABIT):
        meet(swing, offset=0.040)

    assert [expects(swing, offset=offset) for offset in (SWUNG, 0.040)] == [False, True]


def test_a_habit_follows_the_musician() -> None:
    swing = used_to_it()
    for offset in (0.090, 0.100, 0.105):
        meet(swing, offset=offset)

    assert [expects(swing, offset=offset) for offset in (0.075, 0.115)] == [False, True]


def test_whoever_is_straight_once_has_no_habit() -> None:
    swing = used_to_it()

    meet(swing, offset=0.0)

    assert not expects(swing)


def test_two_onsets_about_the_drums_are_no_habit() -> None:
    swing = used_to_it()

    swing.doubt(HALF + 24)

    assert not expects(swing)


def test_drums_that_have_triplets_of_their_own_are_not_straight() -> None:
    swing = used_to_it()

    meet(swing, 8, 0.0)

    assert not expects(swing)


@pytest.mark.parametrize("place", [0, 4, 8, 12])
def test_beats_and_triplets_are_never_moved_by_habit(place: int) -> None:
    swing = Swing()
    for _ in range(2 * HABIT):
        meet(swing, place)

    assert not expects(swing, place)


def test_each_place_in_the_beat_has_its_own() -> None:
    swing = used_to_it()

    assert [expects(swing, place) for place in (3, 6, 9)] == [False, True, False]


def test_in_a_new_run_a_habit_has_to_show_again() -> None:
    swing = used_to_it()

    swing.forget()

    assert not expects(swing)
