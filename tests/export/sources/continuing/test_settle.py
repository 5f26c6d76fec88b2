from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pocket_core.phrases.settling import Settling
from pocket_core.phrases.steps import BITS, SYMBOLS, Steps
from pocket_export.sources.continuing.settle import BARS, BEATS, HEATS, first_guess, learn_settling

PIECES = 6
LENGTH = 24 * 16
NETWORK, COPIED = len(HEATS), len(HEATS) + len(BEATS)  # where copies of beats begin, and of bars


def _pieces(again: float) -> list[tuple[Steps, NDArray[np.float32]]]:
    """Return pieces of chance whose bars are the bar before so often, and a network that knows nothing."""
    chance, found = np.random.default_rng(1), []
    for _ in range(PIECES):
        bars = [chance.integers(SYMBOLS, size=16)]
        while len(bars) < LENGTH // 16:
            bars.append(bars[-1] if chance.random() < again else chance.integers(SYMBOLS, size=16))
        symbols = np.concatenate(bars)
        found.append((Steps(symbols, BITS[symbols]), np.zeros((LENGTH - 1, SYMBOLS), np.float32)))
    return found


def _said(pieces: list[tuple[Steps, NDArray[np.float32]]], chain: Settling) -> float:
    return float(np.mean([np.mean(chain.read(steps.symbols, logits)[0]) for steps, logits in pieces]))


def test_bars_that_come_again_half_the_time_are_learnt_as_copies_of_the_bar_before() -> None:
    pieces = _pieces(0.5)

    chain = learn_settling(pieces)

    last = COPIED + BARS.index(1)
    assert 0.35 < chain.at_bar[:NETWORK, last].mean() < 0.65
    assert 0.35 < chain.at_bar[last, last] < 0.65
    assert _said(pieces, chain) < _said(pieces, first_guess())


def test_bars_that_never_come_again_are_left_to_the_network() -> None:
    chain = learn_settling(_pieces(0.0))

    assert chain.at_bar[:NETWORK, NETWORK:].sum(1).max() < 0.1
    assert chain.at_beat[:NETWORK, NETWORK:].sum(1).max() < 0.1


def test_a_copy_of_a_bar_lasts_as_long_as_the_bar_and_begins_with_one() -> None:
    chain = learn_settling(_pieces(0.5))

    assert (chain.at_beat[COPIED:] == np.eye(len(chain.begin))[COPIED:]).all()
    assert not chain.at_beat[:COPIED, COPIED:].any()


def test_pieces_of_other_lengths_are_learnt_as_they_are() -> None:
    long, *_ = _pieces(0.5)
    short = (long[0].cut(0, 40), long[1][:39])

    chain = learn_settling([long, short])

    assert np.isfinite(chain.at_bar).all()
    assert np.allclose(chain.at_bar.sum(1), 1.0)
