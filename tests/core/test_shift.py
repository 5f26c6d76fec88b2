"""Limits, and the force towards the grid."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pocket_core.shift import Limits, RestoringForce, committed_time
from pocket_core.types import Beats, Seconds

LIMITS = Limits(Seconds(0.108), Seconds(0.100))
FREE = Seconds(0.010)


@given(st.floats(-10, 10), st.floats(allow_nan=True, allow_infinity=True))
def test_no_wish_leaves_the_limits(nominal: float, wish: float) -> None:
    at = committed_time(Seconds(nominal), Seconds(wish), LIMITS)

    assert nominal - 0.108 - 1e-9 <= at <= nominal + 0.100 + 1e-9


def test_not_a_number_is_no_offset() -> None:
    assert committed_time(Seconds(1.0), Seconds(math.nan), LIMITS) == 1.0


def after(offsets: list[tuple[float, float]]) -> RestoringForce:
    force = RestoringForce()
    for beat, offset in offsets:
        force.note(Beats(beat), Seconds(offset))
    return force


def test_a_lasting_displacement_is_pulled_back() -> None:
    force = after([(beat, 0.060) for beat in range(100)])

    assert force.pull(0.8, FREE) == pytest.approx(0.040, abs=1e-3)


def test_a_small_displacement_is_feel() -> None:
    assert after([(beat, -0.009) for beat in range(100)]).pull(0.8, FREE) == 0.0


def test_swing_is_no_displacement() -> None:
    swung = [(n / 2, 0.083 * (n % 2)) for n in range(200)]

    assert after(swung).pull(0.8, FREE) == pytest.approx(0.0, abs=1e-9)


def test_a_pattern_that_left_off_the_beat_is_forgotten() -> None:
    straight_then_late = [(n / 2, 0.0) for n in range(40)] + [(20.0 + n, 0.060) for n in range(60)]

    assert after(straight_then_late).pull(0.8, FREE) > 0.035
