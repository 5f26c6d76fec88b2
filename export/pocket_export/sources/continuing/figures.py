"""Figures of a language model of drums: what it says of real tracks, and how its own repeat."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pocket_core.phrases.hvo import A_BAR, COUNT
from pocket_core.phrases.steps import BITS, Steps
from pocket_export.sources.continuing.data import Track
from pocket_export.sources.continuing.lessons import Read, perplexity

DRAWS = 1000  # of the bootstrap


@dataclass(frozen=True, slots=True)
class Figures:
    """What a model says of tracks, from the second step of each on."""

    perplexity: float  # of a sixteenth
    low: float  # 95 %, by bootstrap over files
    high: float
    accuracy: float  # the likeliest symbol came
    velocity_mse: float  # of strokes, velocities 0..1; NaN where there are none
    velocity_sd: float  # real, about the mean of voice and place
    spread: float  # as learnt, of the same strokes


@dataclass(frozen=True, slots=True)
class Repeats:
    """How drums settle."""

    exact: float  # share of bars that are the bar before
    exact_of_four: float  # one of the four before, where there are four
    exact_of_eight: float
    apart: float  # strokes that are in one of two neighbouring bars and not in the other, mean
    alike: float  # Jaccard: strokes in both of two neighbouring bars over strokes in either
    alike_two: float  # likewise, of the bar two before
    bars: int


def figures_of(reads: Sequence[Read], tracks: Sequence[Track], seed: int = 1) -> Figures:
    """Return a model's figures."""
    low, high = interval([one.nats for one in reads], [track.file for track in tracks], seed)
    off, spread = list[NDArray[np.float64]](), list[NDArray[np.float64]]()
    for one, track in zip(reads, tracks, strict=True):
        struck = BITS[track.steps.symbols[1:]] > 0
        off.append((track.steps.velocities[1:] - one.means)[struck].astype(np.float64))
        spread.append(one.spreads[struck].astype(np.float64))
    errors, spreads = np.concatenate(off), np.concatenate(spread)
    return Figures(
        perplexity(reads),
        low,
        high,
        float(np.concatenate([one.right for one in reads]).mean()),
        float((errors**2).mean()) if len(errors) else float("nan"),
        float(errors.std()) if len(errors) else float("nan"),
        float(np.sqrt((spreads**2).mean())) if len(spreads) else float("nan"),
    )


def interval(nats: Sequence[NDArray[np.float64]], files: Sequence[str], seed: int = 1) -> tuple[float, float]:
    """Return the 95 % interval of the perplexity, by bootstrap over files."""
    named = sorted(set(files))
    sums, counts = np.zeros(len(named)), np.zeros(len(named))
    for of_track, file in zip(nats, files, strict=True):
        sums[named.index(file)] += of_track.sum()
        counts[named.index(file)] += len(of_track)
    drawn = np.random.default_rng(seed).integers(len(named), size=(DRAWS, len(named)))
    low, high = np.percentile(np.exp(sums[drawn].sum(1) / counts[drawn].sum(1)), (2.5, 97.5))
    return float(low), float(high)


def repeats(pieces: Sequence[Steps]) -> Repeats:
    """Return how bars repeat, of whole bars that are not silent twice."""
    exact, alike, alike_two, apart = list[bool](), list[float](), list[float](), list[int]()
    exact_of: dict[int, list[bool]] = {4: [], 8: []}
    for piece in pieces:
        count = len(piece) // A_BAR
        bars = BITS[piece.symbols[: count * A_BAR]].reshape(count, A_BAR * COUNT) > 0
        for n in range(1, count):
            if n > 1 and (bars[n] | bars[n - 2]).any():
                alike_two.append(_jaccard(bars[n], bars[n - 2]))
            if not (bars[n] | bars[n - 1]).any():
                continue
            exact.append(bool((bars[n] == bars[n - 1]).all()))
            apart.append(int((bars[n] != bars[n - 1]).sum()))
            alike.append(_jaccard(bars[n], bars[n - 1]))
            for back, found in exact_of.items():
                if n >= back:
                    found.append(bool((bars[n - back : n] == bars[n]).all(1).any()))
    return Repeats(
        exact=_mean(exact),
        exact_of_four=_mean(exact_of[4]),
        exact_of_eight=_mean(exact_of[8]),
        apart=_mean(apart),
        alike=_mean(alike),
        alike_two=_mean(alike_two),
        bars=len(exact),
    )


def entropy(pieces: Sequence[Steps]) -> float:
    """Return the entropy of the symbols of all pieces, in bits."""
    counts = np.bincount(np.concatenate([piece.symbols for piece in pieces]))
    shares = counts[counts > 0] / counts.sum()
    return float(-(shares * np.log2(shares)).sum())


def mean_velocities(tracks: Sequence[Track]) -> NDArray[np.float64]:
    """Return the mean velocity of each place of the bar and voice, `float64[16, 9]`; that of the voice where
    nothing was struck there."""
    sums, counts = np.zeros((A_BAR, COUNT)), np.zeros((A_BAR, COUNT))
    for track in tracks:
        places = np.arange(len(track.steps)) % A_BAR
        np.add.at(sums, places, track.steps.velocities.astype(np.float64))
        np.add.at(counts, places, BITS[track.steps.symbols].astype(np.float64))
    of_voice = sums.sum(0) / np.maximum(counts.sum(0), 1)
    return np.asarray(np.where(counts > 0, sums / np.maximum(counts, 1), of_voice))


def _jaccard(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> float:
    return float((one & other).sum() / (one | other).sum())


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if values else float("nan")
