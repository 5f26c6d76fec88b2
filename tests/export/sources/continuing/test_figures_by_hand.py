"""How bars repeat, and how sure a perplexity is."""

from __future__ import annotations

import numpy as np
import pytest

from pocket_core.phrases.steps import BITS, Steps
from pocket_export.sources.continuing.figures import interval, repeats

KICK, HAT = 1, 4


def _bars(*bars: tuple[int, int]) -> Steps:
    """Return bars that strike one symbol on the one and another on the three."""
    symbols = np.zeros(16 * len(bars), np.int64)
    symbols[::16], symbols[8::16] = zip(*bars, strict=True)
    return Steps(symbols, BITS[symbols])


def test_bars_that_take_turns_are_like_those_two_before() -> None:
    found = repeats([_bars((KICK, 0), (HAT, 0), (KICK, 0), (HAT, 0))])

    assert (found.exact, found.alike, found.alike_two, found.bars) == (0.0, 0.0, 1.0, 3)


def test_half_a_bar_that_changes_is_a_third_alike() -> None:
    found = repeats([_bars((KICK, KICK), (KICK, HAT))])

    assert found.exact == 0.0
    assert found.alike == pytest.approx(1 / 3)


def test_bars_that_are_silent_twice_say_nothing() -> None:
    found = repeats([_bars((KICK, 0), (KICK, 0), (0, 0), (0, 0))])

    assert (found.exact, found.bars) == (0.5, 2)


def test_interval_draws_files_and_not_tracks() -> None:
    nats = [np.full(10, 1.0), np.full(10, 2.0)]

    low, high = interval(nats, ["a.mid", "a.mid"])

    assert low == high == pytest.approx(np.exp(1.5))


def test_same_seed_gives_the_same_interval() -> None:
    nats = [np.full(10, 1.0), np.full(30, 2.0), np.full(20, 0.5)]
    files = ["a.mid", "b.mid", "c.mid"]

    low, high = interval(nats, files, seed=3)

    assert (low, high) == interval(nats, files, seed=3)
    assert low < np.exp(np.concatenate(nats).mean()) < high
