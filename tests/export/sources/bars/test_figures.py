from __future__ import annotations

import numpy as np
import pytest

from pocket_export.sources.bars.data import BarSet, bar_set
from pocket_export.sources.bars.figures import best_threshold, explained, notes, principal, widening
from tests.export.sources.bars.players import player


def few(*cells: tuple[int, int, int, float]) -> BarSet:
    """Return two bars of two files, of (bar, step, place, velocity)."""
    bars = np.zeros((2, 64, 22), np.float32)
    for bar, step, place, velocity in cells:
        bars[bar, step, place] = velocity
    return BarSet(bars, np.array([0, 1]), ("a", "b"))


def test_silence_explains_nothing_and_the_bars_themselves_all() -> None:
    bars = bar_set([player(1), player(2)])

    assert explained(bars, np.zeros_like(bars.bars)).share == 0.0
    assert explained(bars, bars.bars).share == 1.0


def test_energy_is_explained_by_squares() -> None:
    bars = few((0, 0, 2, 0.8), (1, 0, 2, 0.6))

    found = explained(bars, few((0, 0, 2, 0.8)).bars)

    assert found.share == pytest.approx(0.64)
    assert found.sse == pytest.approx(0.18)
    assert (found.low, found.high) == pytest.approx((0.0, 1.0), abs=1e-6)  # of one file or the other alone


def test_a_threshold_strikes_as_many_notes_as_there_were() -> None:
    bars = bar_set([player(1)])
    logits = np.random.default_rng(1).normal(-2.0, 1.0, bars.bars.shape).astype(np.float32)

    threshold = best_threshold(bars, logits)

    assert (logits >= threshold).sum() == pytest.approx((bars.bars > 0).sum(), rel=0.05)


def test_notes_that_nobody_hears_are_counted() -> None:
    bars = few((0, 0, 2, 0.8), (0, 4, 2, 0.8))
    logits, velocities = np.full((2, 2, 64, 22), -9.0)
    logits[0, [0, 8, 12], 2] = 9.0
    velocities[0, [0, 8, 12], 2] = (0.8, 0.001, 0.5)

    found = notes(bars, logits, velocities, 0.0)

    assert found.ratio == pytest.approx(3 / 2)
    assert found.f1 == pytest.approx(2 / 5)
    assert found.silent == pytest.approx(1 / 3)


def test_velocities_that_came_back_too_even_are_spread_again() -> None:
    bars = bar_set([player(seed, bars=32) for seed in range(4)])
    struck = bars.bars > 0
    even = np.where(struck, 0.5 + 0.5 * (bars.bars - 0.5), 0.3).astype(np.float32)

    means, factors = widening(bars, np.where(struck, 9.0, -9.0), even, 0.0)

    spread = (means + factors * (even - means))[struck]
    assert factors == pytest.approx(2.0, abs=1e-3)
    assert spread.std() == pytest.approx(bars.bars[struck].std(), rel=0.01)


def test_velocities_that_are_spread_enough_stay() -> None:
    bars = bar_set([player(1)])

    _, factors = widening(bars, np.where(bars.bars > 0, 9.0, -9.0), bars.bars, 0.0)

    assert factors == pytest.approx(1.0)


def test_where_nothing_comes_back_nothing_is_spread() -> None:
    bars = bar_set([player(1)])

    _, factors = widening(bars, np.full(bars.bars.shape, -9.0, np.float32), bars.bars, 0.0)

    assert factors == pytest.approx(1.0)


def test_more_components_explain_more_of_the_bars_that_they_are_of() -> None:
    bars = bar_set([player(seed, bars=8) for seed in range(4)])

    shares = [explained(bars, principal(bars, size, bars)).share for size in (1, 4, 31)]

    assert shares[0] < shares[1] < shares[2] == pytest.approx(1.0, abs=1e-4)
