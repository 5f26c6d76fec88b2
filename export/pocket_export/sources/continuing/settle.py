"""Learn how drummers settle, the chain of `pocket_core.phrases.settling`, beside what a network says."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from pocket_core.phrases.hvo import A_BAR
from pocket_core.phrases.settling import A_BEAT, Settling
from pocket_core.phrases.steps import Steps

HEATS = (0.8, 1.25)
BEATS = (1, 2, 3, 4, 8)  # bars before, of which a beat is copied
BARS = (1, 2, 4)  # of which a bar is
ROUNDS = 20  # of expectation and maximisation; ten of them are nearly enough
SEEN_BEFORE = 0.5  # times that each change was seen before any data: none is impossible

Floats = NDArray[np.float64]


def first_guess() -> Settling:
    """Return a chain that mostly stays where it is, to learn from."""
    heats, beats = len(HEATS), len(BEATS)
    states = heats + beats + len(BARS)
    at_bar = np.full((states, states), 0.01) + 0.6 * np.eye(states)
    at_bar[:, :heats] += 0.3 / heats
    at_beat = at_bar.copy()
    at_beat[:, heats + beats :] = 0.0
    at_beat[heats + beats :] = np.eye(states)[heats + beats :]
    begin = (np.arange(states) < heats) / heats
    return Settling(HEATS, BEATS, BARS, begin, _rows(at_bar), _rows(at_beat))


def learn_settling(pieces: Iterable[tuple[Steps, NDArray[np.float32]]]) -> Settling:
    """Return the chain that makes tracks likeliest, by expectation and maximisation.

    Args:
        pieces: Tracks that begin with a bar, and a network's logits before each step from the second on,
            `(T - 1, 512)` each.
    """
    chain = first_guess()
    fits, there = _side_by_side([chain.fits(steps.symbols, logits) for steps, logits in pieces])
    for _ in range(ROUNDS):
        at_bar, at_beat, begin = _changes(chain, fits, there)
        chain = replace(
            chain,
            at_bar=_rows(at_bar + SEEN_BEFORE),
            at_beat=_rows((at_beat + SEEN_BEFORE) * (chain.at_beat > 0)),
            begin=begin / begin.sum(),
        )
    return chain


def _changes(chain: Settling, fits: Floats, there: NDArray[np.bool_]) -> tuple[Floats, Floats, Floats]:
    """Return how often each state is expected to follow each, where bars and where beats begin, and to begin.

    Forward and backward, Rabiner 1989, every track at once; step 0 has no fit.
    """
    tracks, length, states = fits.shape
    known = np.empty((length + 1, tracks, states))
    known[0] = chain.begin
    sums = np.ones((length + 1, tracks, 1))
    for step in range(1, length + 1):
        moved = known[step - 1] @ _table(chain, step)
        fitting = moved * fits[:, step - 1]
        sums[step] = fitting.sum(1, keepdims=True)
        known[step] = np.where(there[:, step - 1, None], fitting / sums[step], moved)
    at_bar, at_beat = np.zeros((states, states)), np.zeros((states, states))
    later = np.ones((tracks, states))
    for step in range(length, 0, -1):
        table, on = _table(chain, step), there[:, step - 1, None]
        coming = np.where(on, fits[:, step - 1] / sums[step], 1.0) * later
        if step % A_BEAT == 0:
            seen = table * ((known[step - 1] * on).T @ coming)
            if step % A_BAR:
                at_beat += seen
            else:
                at_bar += seen
        later = coming @ table.T
    return at_bar, at_beat, (known[0] * later).sum(0)


def _table(chain: Settling, step: int) -> Floats:
    if step % A_BEAT:
        return np.eye(len(chain.begin))
    return chain.at_beat if step % A_BAR else chain.at_bar


def _side_by_side(fits: Sequence[Floats]) -> tuple[Floats, NDArray[np.bool_]]:
    """Return them as one array, `(tracks, longest, S)`, and where there is a step."""
    longest = max(map(len, fits))
    whole = np.ones((len(fits), longest, fits[0].shape[1]))
    there = np.zeros((len(fits), longest), np.bool_)
    for row, one in enumerate(fits):
        whole[row, : len(one)] = one
        there[row, : len(one)] = True
    return whole, there


def _rows(table: Floats) -> Floats:
    return np.asarray(table / table.sum(1, keepdims=True))
