"""What is seen before a step."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pocket_core.phrases.step_features import (
    COUNTER,
    PLACE,
    POINTED,
    STYLE,
    WIDTH,
    Setting,
    feature_rows,
    velocity_rows,
)
from pocket_core.phrases.steps import BITS, SYMBOLS

symbols_of_a_track = st.lists(st.integers(0, SYMBOLS - 1), min_size=2, max_size=80).map(np.array)


@given(symbols_of_a_track, st.data())
def test_no_row_sees_its_own_step_or_a_later_one(symbols: np.ndarray, data: st.DataObject) -> None:
    step = data.draw(st.integers(0, len(symbols) - 1))
    changed = symbols.copy()
    changed[step:] = SYMBOLS - 1 - changed[step:]

    rows, others = feature_rows(symbols, Setting()), feature_rows(changed, Setting())

    np.testing.assert_array_equal(rows[: step + 1], others[: step + 1])
    assert (rows[step + 1] != others[step + 1]).any()


@given(symbols_of_a_track, st.data())
def test_rows_from_the_middle_are_those_of_the_whole(symbols: np.ndarray, data: st.DataObject) -> None:
    first = data.draw(st.integers(0, len(symbols)))

    rows = feature_rows(symbols, Setting(90.0, "funk"), position=5, first=first)

    np.testing.assert_array_equal(rows, feature_rows(symbols, Setting(90.0, "funk"), position=5)[first:])


@given(symbols_of_a_track)
def test_no_velocity_is_seen_before_it_is_played(symbols: np.ndarray) -> None:
    velocities = BITS[symbols] * np.float32(0.5)
    louder = velocities.copy()
    louder[-1] = 1.0

    np.testing.assert_array_equal(velocity_rows(velocities)[:-1], velocity_rows(louder)[:-1])


def test_the_symbol_a_bar_ago_is_pointed_at() -> None:
    symbols = np.zeros(20, np.int64)
    symbols[4] = 0b101

    row = feature_rows(symbols, Setting())[20]

    assert row[POINTED].reshape(4, 9).tolist() == [BITS[0b101].tolist(), *[[0.0] * 9] * 3]


def test_position_counts_from_the_song_and_not_from_what_is_known() -> None:
    row = feature_rows(np.zeros(3, np.int64), Setting(), position=14, first=3)[0]

    assert row[PLACE].argmax() == 1
    assert row[COUNTER].tolist() == [1, -1, -1, -1, 1, -1]


def test_unknown_style_is_no_style() -> None:
    row = feature_rows(np.zeros(0, np.int64), Setting(style="polka"))[0]

    assert row.shape == (WIDTH,)
    assert not row[STYLE].any()
