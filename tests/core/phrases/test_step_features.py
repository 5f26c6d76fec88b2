from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pocket_core.phrases.step_features import (
    COUNTER,
    KNOWN,
    LAGS,
    PLACE,
    POINTED,
    SEEN,
    STYLE,
    TEMPO,
    USUAL,
    WIDTH,
    Setting,
    feature_rows,
    velocity_rows,
)
from pocket_core.phrases.steps import BITS

ANY = Setting()
symbols = st.lists(st.integers(0, 511), min_size=1, max_size=80).map(np.array)


@given(symbols, st.data())
def test_a_row_sees_only_what_is_before_its_step(played: np.ndarray, data: st.DataObject) -> None:
    step = data.draw(st.integers(0, len(played) - 1))
    other = played.copy()
    other[step:] = data.draw(st.integers(0, 511))

    assert np.array_equal(feature_rows(played, ANY)[: step + 1], feature_rows(other, ANY)[: step + 1])


@given(symbols, st.data())
def test_rows_are_the_same_whether_asked_for_together_or_alone(
    played: np.ndarray, data: st.DataObject
) -> None:
    first = data.draw(st.integers(0, len(played)))

    assert np.array_equal(feature_rows(played, ANY, first=first), feature_rows(played, ANY)[first:])


def test_a_row_holds_the_voices_of_the_steps_before() -> None:
    played = np.arange(1, 70)

    row = feature_rows(played, ANY, first=69)[0]

    assert np.array_equal(row[LAGS].reshape(len(SEEN), 9), BITS[[played[69 - lag] for lag in SEEN]])
    assert np.array_equal(row[POINTED].reshape(4, 9), BITS[played[[69 - 16, 69 - 32, 69 - 48, 69 - 64]]])
    assert row[KNOWN].tolist() == [1, 1, 1, 1]


def test_what_is_usual_is_the_mean_of_the_bars_before() -> None:
    played = np.zeros(48, np.int64)
    played[[0, 32]] = 1  # the kick on two of three ones

    row = feature_rows(played, ANY, first=48)[0]

    assert np.isclose(row[USUAL][0], 2 / 3)


def test_the_place_in_the_bar_counts_from_the_position() -> None:
    row = feature_rows(np.array([1]), ANY, position=19)[1]  # the step after it is the 20th

    assert row[PLACE].argmax() == 4
    assert row[COUNTER].tolist() == [-1, -1, 1, -1, 1, -1]


def test_style_and_tempo_are_told() -> None:
    row = feature_rows(np.array([1]), Setting(180.0, "rock"))[0]

    assert row[STYLE].sum() == 1
    assert row[TEMPO] == 1
    assert len(row) == WIDTH


def test_velocities_are_those_of_the_step_and_the_bars_before() -> None:
    velocities = np.tile(np.arange(40, dtype=np.float32)[:, None] / np.float32(40), 9)

    row = velocity_rows(velocities, 40)[0]

    assert np.allclose(row[::9], [39 / 40, 24 / 40, 8 / 40])
