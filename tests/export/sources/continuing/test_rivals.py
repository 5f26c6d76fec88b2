from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pocket_core.phrases.step_features import Setting
from pocket_core.phrases.steps import BITS, Steps
from pocket_export.groove import find_data, load
from pocket_export.sources.continuing.data import Track, tracks
from pocket_export.sources.continuing.rivals import (
    before,
    best,
    both,
    counted,
    mean_nats,
    mixture,
    place,
    repeated,
)


def _track(symbols: list[int]) -> Track:
    array = np.array(symbols)
    return Track("a.mid", Setting(), Steps(array, BITS[array] * np.float32(0.5)))


@settings(max_examples=20)  # 512 symbols each
@given(st.lists(st.integers(0, 511), min_size=20, max_size=60))
def test_the_chances_of_all_symbols_after_a_past_sum_to_one(played: list[int]) -> None:
    counts = counted([_track(played)], (before(1), both(before(1), place)), 2.0)

    after = [counts.chances(np.array([*played, symbol]))[-1] for symbol in range(512)]

    assert np.isclose(sum(after), 1.0)


def test_what_always_came_after_a_symbol_is_likely() -> None:
    counts = counted([_track([1, 2] * 50)], (before(1),), 1.0)

    assert counts.chances(np.array([1, 2]))[1] > 0.98
    assert counts.chances(np.array([1, 1]))[1] < 0.02


def test_a_bar_that_comes_again_is_counted() -> None:
    bar = [1, 0, 0, 0, 2, 0, 0, 0] * 2

    assert repeated([_track([*bar, *bar, *bar[:12], 4, 4, 4, 4])]) == 28 / 32


@pytest.mark.data
def test_the_known_figures_of_rock_come_out() -> None:
    groove = load(find_data())
    train, chosen_by, test = (tracks(groove.split(name), "rock") for name in ("train", "validation", "test"))

    unigram, bar = (best(train, chosen_by, chain) for chain in ((), (before(16),)))

    assert np.exp(mean_nats(unigram.chances, test)) == pytest.approx(10.46, abs=0.1)
    assert np.exp(mean_nats(bar.chances, test)) == pytest.approx(5.59, abs=0.2)
    assert np.exp(mean_nats(mixture(train, chosen_by), test)) < 5.24  # ours leans on shorter contexts
    assert repeated(test) == pytest.approx(0.575, abs=0.002)
