"""An onset pulls; what was not pulled waits where it is worth while, and so that the mean stays."""

from __future__ import annotations

import math
import random

import pytest

from pocket_core.late_commit import ERROR_RATE, FIRST_SPREAD, MOST, RATE, LateCommit
from pocket_core.predict import Prediction
from pocket_core.testing import voicing
from pocket_core.types import Seconds
from pocket_core.waiting import LONGEST, Meeting, longest_wait

T = Seconds(0.003)
LATE = Prediction(Seconds(0.020))
GRID = Prediction(Seconds(0.0))


def refined(commit: LateCommit, prediction: Prediction, *, chance: float = 0.5) -> Seconds:
    """What becomes of a timestep that no onset has claimed yet."""
    return commit.refine(prediction, None, chance=lambda: chance, transport=T)


def never() -> float:
    raise AssertionError("nobody needs to know how likely the musician is")


def test_a_model_that_says_how_likely_the_musician_is_is_believed() -> None:
    sure = Meeting(Seconds(0.0), Seconds(0.010), 0.9)

    waited = LateCommit().refine(Prediction(Seconds(0.0), sure), None, chance=never, transport=T)

    assert waited == pytest.approx(longest_wait(Seconds(0.0), sure, T))


def test_an_onset_is_the_refined_offset() -> None:
    assert LateCommit().refine(LATE, Seconds(-0.005), chance=never, transport=T) == -0.005


def test_where_nobody_plays_the_forecast_stands() -> None:
    assert refined(LateCommit(), LATE, chance=0.0) == 0.020


def test_a_hit_that_no_onset_has_claimed_waits_as_long_as_is_worth_while() -> None:
    usual = Meeting(Seconds(0.020), FIRST_SPREAD, 0.5)

    wait = refined(LateCommit(), LATE) - 0.020

    assert wait == pytest.approx(longest_wait(Seconds(0.020), usual, T))
    assert 0.0 < wait < LONGEST


def test_the_likelier_the_musician_plays_here_the_longer_it_waits() -> None:
    waits = [refined(LateCommit(), GRID, chance=chance) for chance in (0.05, 0.3, 0.9)]

    assert waits == sorted(waits)
    assert waits[0] < waits[2]


def test_what_the_model_expects_of_the_musician_counts_more_than_what_the_engine_does() -> None:
    nobody = Prediction(Seconds(0.020), Meeting(Seconds(0.020), Seconds(0.010), 0.0))
    later = Prediction(Seconds(0.020), Meeting(Seconds(0.030), Seconds(0.010), 0.9))

    assert refined(LateCommit(), nobody, chance=1.0) == 0.020
    assert refined(LateCommit(), later, chance=0.0) > 0.030


def test_a_model_that_says_nothing_sensible_of_the_musician_is_not_waited_for() -> None:
    nothing = Meeting(Seconds(math.nan), Seconds(math.nan), math.nan)

    assert refined(LateCommit(), Prediction(Seconds(0.020), nothing), chance=1.0) == 0.020


def test_how_a_drummer_would_play_is_no_reason_to_wait() -> None:
    late = Prediction(Seconds(0.020), None, voicing({0: 0.050}))

    assert refined(LateCommit(), late, chance=0.0) == 0.020


@pytest.mark.parametrize("chance", [0.45, 0.8])
def test_the_balance_takes_out_the_mean_that_pulling_and_waiting_add(chance: float) -> None:
    commit, draw = LateCommit(), random.Random(1)
    moved = []
    for _ in range(6000):
        error = Seconds(draw.gauss(0.0, 0.012))
        limit = refined(commit, GRID, chance=chance)
        claimed = error < limit - T and draw.random() < chance
        moved.append(error if claimed else limit)
        commit.note(GRID.offset, Seconds(moved[-1]), error if claimed else None)

    assert sum(moved[1000:]) / len(moved[1000:]) == pytest.approx(0.0, abs=0.0004)


def test_the_balance_is_slow_and_bounded_and_makes_no_hit_early() -> None:
    commit = LateCommit()
    balances, waits = [], []
    for offset in [-0.100] * 40 + [0.100] * 80:
        commit.note(GRID.offset, Seconds(offset), None)
        balances.append(commit.balance)
        waits.append(refined(commit, GRID))

    assert balances[0] == pytest.approx(-0.100 * RATE)
    assert (min(balances), max(balances)) == (-MOST, MOST)
    assert 0.0 <= min(waits) < max(waits) <= LONGEST


def test_the_spread_follows_the_onsets_that_have_come() -> None:
    commit = LateCommit()

    commit.note(GRID.offset, Seconds(0.010), None)
    unheard = commit.spread
    commit.note(GRID.offset, Seconds(-0.028), Seconds(-0.028))

    assert unheard == FIRST_SPREAD
    assert commit.spread == pytest.approx(0.012 + ERROR_RATE * (0.028 - 0.012))


def test_an_onset_that_came_too_late_for_its_hit_counts_as_any_other() -> None:
    early, late = LateCommit(), LateCommit()

    early.note(GRID.offset, GRID.offset, Seconds(-0.028))
    late.note(GRID.offset, GRID.offset, None)
    late.meet(GRID.offset, Seconds(0.028))

    assert late == early


def test_a_new_take_begins_as_the_first() -> None:
    commit = LateCommit()
    for _ in range(20):
        commit.note(GRID.offset, Seconds(-0.030), Seconds(-0.030))

    commit.reset()

    assert commit == LateCommit()
