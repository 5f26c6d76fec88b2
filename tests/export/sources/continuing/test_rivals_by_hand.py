"""Counts that a language model has to beat."""

from __future__ import annotations

import numpy as np
import pytest

from pocket_core.phrases.step_features import Setting
from pocket_core.phrases.steps import BITS, SYMBOLS, Steps
from pocket_export.sources.continuing.data import Track
from pocket_export.sources.continuing.rivals import before, both, counted, place, repeated


def _track(*symbols: int) -> Track:
    return Track("a.mid", Setting(), Steps(np.array(symbols), BITS[list(symbols)]))


def test_chances_of_what_may_come_sum_to_one() -> None:
    counts = counted([_track(*[1, 2, 3, 1] * 10)], (before(16), both(before(16), place)), 2.0)
    past = [1, 2, 3, 1] * 5

    total = sum(counts.chances(np.array([*past, symbol]))[-1] for symbol in range(SYMBOLS))

    assert total == pytest.approx(1.0)


def test_smoothed_bigram_is_the_one_by_hand() -> None:
    counts = counted([_track(1, 2, 1, 3)], (before(1),), 2.0)

    chance = counts.chances(np.array([1, 2]))[1]

    # 2 after 1: once of twice; its unigram is (1 + 1/512) / (4 + 1)
    assert chance == pytest.approx((1 + 2 * (1 + 1 / 512) / 5) / (2 + 2))


def test_first_bar_is_not_counted_where_bars_repeat() -> None:
    track = _track(*range(16), *range(15), 99)

    assert repeated([track]) == 15 / 16
