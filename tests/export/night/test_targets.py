"""Targets of a take: by hand, and what must not become one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pocket_export.night.targets import LOST, WINDOW, Rule, Style, make_targets, sound, variance

SWING = np.array([0.0, 0.08] * 8)  # the partner is 80 ms late at every off-beat
STRAIGHT = np.zeros(16)
PLAIN = Rule(Style.VARIANCE, beyond=True)  # the equations and nothing else


def test_a_straight_take_aims_at_the_floor_where_something_was_learnt_before() -> None:
    # sigma_diff 40 ms, sigma_y_hat its floor, 5 ms: d is 0 and 80 / 8 = 10 ms, sigma_d 5 ms, y -5 and 5 ms
    made = variance(STRAIGHT, SWING, PLAIN)

    assert made.wanted == pytest.approx([-0.005, 0.005] * 8)
    assert made.bias == pytest.approx(0.040)


def test_a_first_straight_take_aims_at_all_that_the_musician_did() -> None:
    made = variance(STRAIGHT, SWING, PLAIN, first=True)

    assert made.wanted == pytest.approx([-0.040, 0.040] * 8)  # and the bias of 40 ms makes it 0 and 80


def test_a_weighs_what_was_missed_against_what_was_said() -> None:
    # y_hat -10 and 10 ms; diff is 10 and 70 ms, sigma 30 ms; A = 3: d = y_hat + 3 diff / (30 / 10) = 0, 80 ms
    said = np.array([-0.010, 0.010] * 8)
    made = variance(said, SWING - said, Rule(Style.VARIANCE, a=3.0, b=None, beyond=True))

    assert made.wanted == pytest.approx([-0.040, 0.040] * 8)


def test_b_sets_the_spread_in_units_of_what_was_said() -> None:
    # as above, and then y = 4 (d - 40 ms) / (40 / 10) = -40 and 40 ms: B = 4 of sigma_y_hat 10 ms
    said = np.array([-0.010, 0.010] * 8)
    made = variance(said, SWING - said, Rule(Style.VARIANCE, a=3.0, b=4.0, beyond=True))

    assert made.wanted == pytest.approx([-0.040, 0.040] * 8)


def test_three_offsets_of_a_real_kind_come_out_as_on_paper() -> None:
    # y_hat 1, -2, 4 ms: mean 1, sigma sqrt(6) = 2.4495, below the floor: 5
    # diff  3,  6, -3 ms: mean 2, sigma sqrt(14) = 3.7417; diff * 5 / 3.7417 = 4.0089, 8.0178, -4.0089
    # d 5.0089, 6.0178, -0.0089: mean 3.6726, sigma 2.6361; y = (d - 3.6726) * 5 / 2.6361
    said, diff = np.array([1e-3, -2e-3, 4e-3]), np.array([3e-3, 6e-3, -3e-3])
    made = variance(said, diff, PLAIN)

    assert made.wanted * 1000 == pytest.approx([2.5347, 4.4484, -6.9831], abs=2e-3)
    assert made.bias == pytest.approx(3e-3)


def test_no_a_and_b_aim_past_the_musician() -> None:
    # y_hat is -10 and 10 ms, the partner -20 and 20 about their mean; d -40 and 40, and B makes that of it
    said = np.array([-0.010, 0.010] * 8)
    made = variance(said, 0.5 * (SWING - 0.040) + 0.040 - said, Rule(Style.VARIANCE, a=3.0, b=4.0))

    assert made.wanted == pytest.approx([-0.020, 0.020] * 8)


def test_a_small_a_goes_part_of_the_way() -> None:
    # floor 5 ms: d = -5 and 5 of the 40 ms
    made = variance(STRAIGHT, SWING, Rule(Style.VARIANCE, a=1.0, b=None))

    assert made.wanted == pytest.approx([-0.005, 0.005] * 8)


def test_to_follow_is_to_be_where_the_musician_was() -> None:
    said = np.array([-0.010, 0.010] * 8)

    assert make_targets(said, SWING - said, Rule()).wanted == pytest.approx(SWING)


def test_a_diff_that_never_changes_has_nothing_but_a_bias() -> None:
    made = variance(np.array([-0.010, 0.010] * 8), np.full(16, 0.020), PLAIN)

    assert made.wanted == pytest.approx([-0.010, 0.010] * 8)
    assert made.bias == pytest.approx(0.020)


def test_nothing_that_differs_makes_targets_of_zero() -> None:
    made = variance(STRAIGHT, np.full(16, 0.020), PLAIN)

    assert made.wanted == pytest.approx(STRAIGHT)


def test_no_meeting_makes_no_target() -> None:
    assert len(variance(np.zeros(0), np.zeros(0), PLAIN).wanted) == 0


@given(st.lists(st.floats(-0.2, 0.2), min_size=2, max_size=60), st.floats(0.1, 10), st.floats(0.1, 10))
def test_targets_are_finite_and_have_no_mean(diffs: list[float], a: float, b: float) -> None:
    said = np.resize([0.0, 0.001, -0.002], len(diffs))
    made = variance(said, np.array(diffs), Rule(Style.VARIANCE, a=a, b=b, beyond=True))

    assert np.isfinite(made.wanted).all()
    assert abs(made.wanted.mean()) < 1e-9


EIGHTHS = np.resize(np.arange(8) * 6, 256)


def test_swing_is_no_accident() -> None:
    played = np.where(EIGHTHS % 12, 0.083, 0.0) + np.random.default_rng(1).normal(0, 0.008, 256)

    assert sound(played, EIGHTHS).mean() > 0.98


def test_an_onset_far_from_what_is_usual_there_is_an_accident() -> None:
    played = np.random.default_rng(1).normal(0, 0.008, 256)
    played[[40, 130]] = 0.090, -0.080

    kept = sound(played, EIGHTHS)

    assert not kept[[40, 130]].any()
    assert kept.mean() > 0.95


def test_whoever_is_lost_for_some_bars_is_heard_again_behind_them() -> None:
    played = np.random.default_rng(1).normal(0, 0.008, 256)
    played[96:160] = np.random.default_rng(2).uniform(-0.1, 0.1, 64)

    kept = sound(played, EIGHTHS)

    assert not kept[96:160].any()
    assert kept[:96].mean() > 0.9
    assert kept[192:].mean() > 0.9


def test_whoever_plays_anything_teaches_nothing() -> None:
    played = np.random.default_rng(1).uniform(-0.1, 0.1, 256)

    assert sound(played, EIGHTHS).mean() < LOST


@given(st.lists(st.floats(-0.2, 0.2), max_size=3 * WINDOW))
def test_every_meeting_is_judged(offsets: list[float]) -> None:
    assert len(sound(np.array(offsets), np.resize(EIGHTHS, len(offsets)))) == len(offsets)
