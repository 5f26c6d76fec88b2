from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pocketd.sources.takeover import NEAR, Takeover

shares = st.integers(0, 127).map(lambda value: value / 127)


def test_a_value_that_nothing_else_moves_is_where_the_controller_stands() -> None:
    knob = Takeover()

    assert [knob.turn(share, 0.9) for share in (0.2, 0.8)] == [0.2, 0.8]


def test_from_where_it_was_put_it_goes_on_to_either_end() -> None:
    knob = Takeover()
    knob.turn(0.5, 0.0)
    knob.leave()

    up = knob.turn(0.75, 0.4)
    down = knob.turn(0.0, up)

    assert up == pytest.approx(0.7)  # half of what was left above, as the controller went half of its way
    assert down == 0.0


def test_the_first_word_of_a_controller_that_was_never_turned_moves_nothing() -> None:
    knob = Takeover()
    knob.leave()

    assert knob.turn(0.3, 0.4) == 0.4
    assert knob.turn(0.2, 0.4) == pytest.approx(0.4 * 2 / 3)


def test_an_end_is_an_end_at_once_and_from_there_on_the_controller_is_the_value() -> None:
    knob = Takeover()
    knob.leave()

    assert knob.turn(1.0, 0.4) == 1.0
    assert knob.turn(0.9, 1.0) == 0.9


@given(st.floats(0, 1), st.lists(shares, min_size=1, max_size=40))
def test_a_step_of_the_controller_never_makes_the_value_jump_or_turn_back(
    value: float, turned: list[float]
) -> None:
    knob, before = Takeover(), turned[0]
    knob.turn(before, before)
    knob.leave()
    for share in turned[1:]:
        after = knob.turn(share, value)
        assert 0.0 <= after <= 1.0
        if share not in (0.0, 1.0):
            assert (after - value) * (share - before) >= -2 * NEAR
        value, before = after, share
