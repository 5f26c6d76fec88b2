"""Student's t against printed tables."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pocket_export.night.student import chance_below, luck, quantile, standard_error


@pytest.mark.parametrize(  # NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.6.7.2
    ("share", "freedom", "t"),
    [
        (0.95, 1, 6.314),
        (0.95, 2, 2.920),
        (0.95, 3, 2.353),
        (0.95, 4, 2.132),
        (0.95, 9, 1.833),
        (0.95, 30, 1.697),
        (0.975, 1, 12.706),
        (0.99, 5, 3.365),
        (0.99, 10, 2.764),
    ],
)
def test_the_quantiles_are_those_of_the_table(share: float, freedom: int, t: float) -> None:
    assert quantile(share, freedom) == pytest.approx(t, abs=6e-4)


@given(st.floats(-50, 50), st.floats(-50, 50), st.integers(1, 200))
def test_more_lies_below_what_is_higher_and_both_sides_are_alike(a: float, b: float, freedom: int) -> None:
    low, high = sorted((a, b))

    assert 0 <= chance_below(low, freedom) <= chance_below(high, freedom) + 1e-12 <= 1 + 1e-9
    assert chance_below(a, freedom) + chance_below(-a, freedom) == pytest.approx(1)


def test_what_is_infinitely_far_has_everything_below_or_nothing() -> None:
    assert chance_below(math.inf, 4) == 1
    assert chance_below(-math.inf, 4) == pytest.approx(0)


def test_two_values_that_agree_are_hardly_luck() -> None:
    agree, differ = np.array([-1.0, -1.1]), np.array([-1.0, -2.0])

    assert luck(-1.05, standard_error(agree), 1) < 0.05 < luck(-1.5, standard_error(differ), 1)


@pytest.mark.parametrize(("value", "chance"), [(-1.0, 0.0), (0.0, 1.0), (1.0, 1.0)])
def test_values_without_spread_are_what_they_are(value: float, chance: float) -> None:
    assert luck(value, standard_error(np.full(3, value)), 2) == chance
