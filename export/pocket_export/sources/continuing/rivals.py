"""What a language model of drums has to beat: smoothed counts of what came after what, and the bar before."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pocket_core.phrases.hvo import A_BAR
from pocket_core.phrases.steps import SYMBOLS
from pocket_export.sources.continuing.data import Track

Ints = NDArray[np.int64]
Context = Callable[[Ints], Ints]  # of a track's symbols, a number >= 0 for each step: what it depends upon

NOTHING = SYMBOLS  # instead of a symbol before the first
SMOOTHING = (0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0)


def before(lag: int) -> Context:
    """Return the context that is the symbol so many steps ago."""

    def context(symbols: Ints) -> Ints:
        return np.concatenate([np.full(lag, NOTHING), symbols])[: len(symbols)]

    return context


def place(symbols: Ints) -> Ints:
    """Return the place in the bar."""
    return np.arange(len(symbols)) % A_BAR


def both(one: Context, other: Context) -> Context:
    """Return the context of two together."""
    return lambda symbols: one(symbols) * (SYMBOLS + 1) + other(symbols)


@dataclass(frozen=True, slots=True)
class Counts:
    """How often each symbol came in each context; what is rare leans on a shorter context.

    With a smoothing of b, a chance is (count + b * chance by the shorter context) divided by
    (count of the context + b).
    """

    chain: tuple[Context, ...]  # from the shortest; below it is the unigram
    smoothing: float
    tables: tuple[tuple[Ints, Ints, Ints, Ints], ...]  # sorted keys and counts: of pairs, and of contexts
    unigram: NDArray[np.float64]  # (512,)

    def chances(self, symbols: Ints) -> NDArray[np.float64]:
        """Return the chance of each symbol of a track, `float64[T]`."""
        chance = self.unigram[symbols]
        for context, (pairs, of_pairs, contexts, of_contexts) in zip(self.chain, self.tables, strict=True):
            known = context(symbols)
            came = _looked_up(pairs, of_pairs, known * SYMBOLS + symbols)
            chance = (came + self.smoothing * chance) / (
                _looked_up(contexts, of_contexts, known) + self.smoothing
            )
        return chance


def counted(tracks: Sequence[Track], chain: Sequence[Context], smoothing: float) -> Counts:
    """Count."""
    unigram = np.full(SYMBOLS, 1 / SYMBOLS)
    tables = []
    for track in tracks:
        unigram += np.bincount(track.steps.symbols, minlength=SYMBOLS)
    for context in chain:
        known = np.concatenate([context(track.steps.symbols) for track in tracks])
        came = np.concatenate([track.steps.symbols for track in tracks])
        tables.append(
            (
                *np.unique(known * SYMBOLS + came, return_counts=True),
                *np.unique(known, return_counts=True),
            )
        )
    return Counts(tuple(chain), smoothing, tuple(tables), unigram / unigram.sum())


Chances = Callable[[Ints], NDArray[np.float64]]


def best(tracks: Sequence[Track], chosen_by: Sequence[Track], chain: Sequence[Context]) -> Counts:
    """Return the counts whose smoothing does best on other tracks."""
    tried = [counted(tracks, chain, smoothing) for smoothing in SMOOTHING]
    return min(tried, key=lambda one: mean_nats(one.chances, chosen_by))


def mixture(tracks: Sequence[Track], chosen_by: Sequence[Track]) -> Chances:
    """Return the mean of two: a bar ago and the place, and a bar ago and the step before."""
    bar = before(A_BAR)
    one = best(tracks, chosen_by, (bar, both(bar, place)))
    other = best(tracks, chosen_by, (bar, both(bar, before(1))))
    return lambda symbols: (one.chances(symbols) + other.chances(symbols)) / 2


def nats_of(chances: Chances, tracks: Sequence[Track]) -> list[NDArray[np.float64]]:
    """Return the nats of each step of each track, from the second on."""
    return [-np.log(chances(track.steps.symbols)[1:]) for track in tracks]


def mean_nats(chances: Chances, tracks: Sequence[Track]) -> float:
    """Return the mean nats of a step."""
    return float(np.concatenate(nats_of(chances, tracks)).mean())


def repeated(tracks: Sequence[Track]) -> float:
    """Return how often a symbol is that of the bar before, of the steps that have one."""
    same = [track.steps.symbols[A_BAR:] == track.steps.symbols[:-A_BAR] for track in tracks]
    return float(np.concatenate(same).mean())


def _looked_up(keys: Ints, counts: Ints, wanted: Ints) -> NDArray[np.float64]:
    at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[at] == wanted, counts[at], 0).astype(np.float64)
