"""Sixteenths and triplets, whichever is nearer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pocket_core.grid import nearest_grid, nearest_twelfth, twelfth_of_bar
from pocket_core.tempo import Meter, MeterChange, MeterMap
from pocket_core.types import Beats


@pytest.mark.parametrize(
    ("in_bar", "twelfth"),
    [
        (0.26, 3),  # a sixteenth
        (0.32, 4),  # a triplet eighth
        (0.66, 8),
        (0.74, 9),
        (0.17, 2),  # a sixteenth triplet
        (1 / 8, 2),  # 1/24 from the sixth, 1/8 from both fourths
        (0.0, 0),
        (5 / 24, 3),  # as near to 1/6 as to 1/4: the sixteenth wins
    ],
)
def test_the_nearer_of_fourths_and_sixths_wins(in_bar: float, twelfth: int) -> None:
    assert nearest_twelfth(Beats(in_bar)) == twelfth


def test_the_grid_counts_from_the_bar_line() -> None:
    # bars of 5/16 are 1.25 quarters; 1.6 is 0.35 into the second: its 4/12
    meters = MeterMap([MeterChange(Beats(0), Meter(5, 16))])

    assert nearest_grid(Beats(1.6), meters) == pytest.approx(1.25 + 4 / 12)


@pytest.mark.parametrize("before", [0.0, 0.001, 0.012])
def test_a_bar_line_is_on_the_grid_wherever_the_bar_ends(before: float) -> None:
    short = MeterMap([MeterChange(Beats(0), Meter(3, 32))])  # bars of 0.375 quarters
    cut = MeterMap([MeterChange(Beats(0), Meter()), MeterChange(Beats(3.4), Meter())])

    assert nearest_grid(Beats(0.75 - before), short) == pytest.approx(0.75)
    assert nearest_grid(Beats(3.4 - before), cut) == pytest.approx(3.4)


@given(
    st.floats(0, 200), st.sampled_from([Meter(4, 4), Meter(7, 8), Meter(5, 16), Meter(3, 4), Meter(11, 16)])
)
def test_in_bars_of_whole_sixteenths_the_bar_line_is_a_sixteenth_anyway(beat: float, meter: Meter) -> None:
    place = MeterMap([MeterChange(Beats(0), meter)]).position(Beats(beat))

    grid = nearest_grid(Beats(beat), MeterMap([MeterChange(Beats(0), meter)]))

    assert grid == pytest.approx(place.bar_line + nearest_twelfth(place.in_bar) / 12)


def test_a_position_just_before_the_bar_line_counts_as_its_first() -> None:
    assert twelfth_of_bar(MeterMap().position(Beats(3.99))) == 0


@given(st.floats(0, 400))
def test_no_place_is_further_than_half_a_sixteenth_from_the_grid(beat: float) -> None:
    assert abs(nearest_grid(Beats(beat), MeterMap()) - beat) <= 1 / 8 + 1e-9
