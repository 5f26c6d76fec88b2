"""From errors to figures."""

from __future__ import annotations

import numpy as np
import pytest
from benchmarks.scores import Errors, by_drummer, figures, interval, pair


def errors(human: list[float], drummer: int = 1, waits: tuple[float, ...] = ()) -> Errors:
    return Errors("made up", drummer, np.array(human), np.array([2.0, -4.0]), np.array(waits))


def test_figures_pool_the_files_and_take_the_spread_about_the_mean() -> None:
    row = figures([errors([10.0, -10.0]), errors([30.0], waits=(4.0, 6.0))], seed=1)

    assert row["mae_ms"] == pytest.approx(50 / 3)
    assert row["sd_ms"] == pytest.approx(np.std([10, -10, 30]))
    assert row["steps"] == 3
    assert row["drummer_mae_ms"] == pytest.approx(3.0)
    assert row["wait_ms"] == pytest.approx(5.0)
    assert row["mae_ms_low"] <= row["mae_ms"] <= row["mae_ms_high"]


def test_the_same_seed_gives_the_same_interval() -> None:
    files = [errors([float(i), 2.0 * i]) for i in range(20)]

    assert figures(files, seed=7) == figures(files, seed=7)


def test_the_interval_of_files_that_agree_is_a_point() -> None:
    low, high = interval(np.array([6.0, 9.0]), np.array([2, 3]), seed=1)

    assert (low, high) == (3.0, 3.0)


def test_a_pair_counts_every_file_once_and_leaves_out_empty_ones() -> None:
    first = [errors([1.0]), errors([5.0, 5.0]), errors([-2.0]), errors([2.5]), errors([])]
    second = [errors([3.0]), errors([4.0, 4.0]), errors([2.5]), errors([4.0]), errors([])]
    found = pair(first, second, seed=1)

    assert found.files == 4
    assert found.better_share == 0.75
    assert found.mean_ms == pytest.approx((-2.0 + 1.0 - 0.5 - 1.5) / 4)
    assert found.low_ms < found.mean_ms < found.high_ms


def test_drummers_are_pooled_apart() -> None:
    found = by_drummer([errors([1.0, 3.0], drummer=7), errors([10.0], drummer=1), errors([5.0], drummer=7)])

    assert found == {1: 10.0, 7: 3.0}
