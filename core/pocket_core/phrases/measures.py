"""What can be told of drums bar by bar in numbers, so that real and generated ones can be laid side by side.

Everything is measured on the grid of `pocket_core.phrases.hvo`, the same for everybody. Which features tell
sets of music apart follows Yang & Lerch 2020, "On the evaluation of generative models in music", and the
global comparison of Haki's groove transformers: hits, instruments, syncopation, velocity and timing.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from pocket_core.phrases.hvo import A_BAR, COUNT, Cells
from pocket_core.voices import VOICES

Array = NDArray[np.float64]

KICK, SNARE = VOICES.index("kick"), VOICES.index("snare")
TIME_KEEPERS = tuple(VOICES.index(name) for name in ("closed hat", "open hat", "ride"))
LAGS = (1, 2, 4, 8)  # bars
LOOK_BACK = 8  # bars, in which a bar may have an equal
BACKBEATS = (4, 12)  # sixteenths: beats two and four


@dataclass(frozen=True, slots=True)
class Measure:
    """A feature of a bar."""

    key: str
    title: str
    unit: str  # of the numbers, or what they count
    low: float  # no bar has less ...
    high: float  # ... or more; counts beyond it are told as it
    whole: bool = False  # its values are whole numbers


MEASURES = (
    Measure("hits", "Hits", "strokes a bar", 0, 64, True),
    Measure("instruments", "Instruments", "voices a bar", 0, COUNT, True),
    Measure("density", "Density", "sixteenths struck, of 16", 0, A_BAR, True),
    Measure("syncopation", "Syncopation", "Longuet-Higgins & Lee", 0, 20, True),
    Measure("kicks", "Kicks", "strokes a bar", 0, A_BAR, True),
    Measure("snares", "Snares", "strokes a bar", 0, A_BAR, True),
    Measure("time", "Hats and ride", "strokes a bar", 0, 32, True),
    Measure("backbeat", "Backbeat", "snare on 2 and 4", 0, 2, True),
    Measure("velocity", "Velocity", "mean of a bar", 0, 1),
    Measure("velocity_sd", "Velocity spread", "SD in a bar", 0, 0.5),
    Measure("offset", "Offset", "mean, sixteenths, + late", -0.5, 0.5),
    Measure("offset_sd", "Offset spread", "SD, sixteenths", 0, 0.5),
    *(Measure(f"lag_{n}", f"Like {n} back", "shared strokes, 0..1", 0, 1) for n in LAGS),
    Measure("repeated", "Repeated", f"equals one of {LOOK_BACK} before", 0, 1, True),
)
KEYS = tuple(measure.key for measure in MEASURES)


@dataclass(frozen=True, slots=True)
class Profile:
    """How each voice is played at each sixteenth of the bar."""

    share: Array  # (9, 16), of the bars that strike it
    velocities: Array  # (9, 16), mean, 0..1; NaN where nothing is struck
    offsets: Array  # (9, 16), mean, sixteenths, positive is late; NaN likewise


def measured(cells: Cells) -> Array:
    """Return the features of each whole bar, `float64[B, len(MEASURES)]`.

    NaN is what a bar does not have: a velocity where it is silent, a likeness where nothing is so far back.

    Args:
        cells: Consecutive bars of one song, from a bar line on.
    """
    bars = len(cells) // A_BAR
    hits = _by_bar(cells.hits, bars) > 0
    velocities, offsets = _by_bar(cells.velocities, bars), _by_bar(cells.offsets, bars)
    counts = hits.sum(1)  # (B, 9)
    columns = [
        counts.sum(1),
        (counts > 0).sum(1),
        hits.any(2).sum(1),
        syncopation(hits[..., [KICK, SNARE]].any(2).ravel()).reshape(bars, A_BAR).sum(1),
        counts[:, KICK],
        counts[:, SNARE],
        counts[:, list(TIME_KEEPERS)].sum(1),
        hits[:, BACKBEATS, SNARE].sum(1),
        *_spread(velocities, hits),
        *_spread(offsets, hits),
        *(likeness(hits, lag) for lag in LAGS),
        repeats(hits),
    ]
    return np.stack([np.asarray(column, np.float64) for column in columns], 1)


def weights() -> NDArray[np.int64]:
    """Return how heavy the sixteenths of a 4/4 bar are, `int64[16]`: 0 the first, -4 off the eighths."""
    places = np.arange(A_BAR)
    return np.where(places == 0, 0, -4 + sum((places % (1 << n) == 0).astype(np.int64) for n in (1, 2, 3)))


def syncopation(struck: NDArray[np.bool_]) -> Array:
    """Return by how much each stroke is syncopated, `float64[T]`, 0 where it is not or nothing is struck.

    A stroke is syncopated where a heavier sixteenth is silent before the next stroke; by how much is the
    difference of the weights. Source: Longuet-Higgins & Lee 1984, "The rhythmic interpretation of
    monophonic music". Of the silence behind a stroke the first bar counts, and what the song has of it.

    Args:
        struck: Sixteenths from a bar line on, `bool[T]`.
    """
    heavy = weights()
    strength = np.zeros(len(struck))
    places = [*np.flatnonzero(struck).tolist(), len(struck)]
    for place, after in pairwise(places):
        silent = np.arange(place + 1, min(after, place + A_BAR + 1))
        if len(silent):
            strength[place] = max(heavy[silent % A_BAR].max() - heavy[place % A_BAR], 0)
    return strength


def likeness(hits: NDArray[np.bool_], lag: int) -> Array:
    """Return how alike each bar and one before it are, `float64[B]`: strokes of both to strokes of either.

    Two silent bars are alike; NaN where there is no bar so far back.

    Args:
        hits: `bool[B, 16, 9]`.
        lag: Bars, > 0.
    """
    flat = hits.reshape(len(hits), -1)
    alike = np.full(len(hits), np.nan)
    if lag < len(hits):
        both = (flat[lag:] & flat[:-lag]).sum(1)
        either = (flat[lag:] | flat[:-lag]).sum(1)
        alike[lag:] = np.where(either > 0, both / np.maximum(either, 1), 1.0)
    return alike


def repeats(hits: NDArray[np.bool_]) -> Array:
    """Return 1 where a bar's strokes are those of one of `LOOK_BACK` bars before, else 0; NaN the first."""
    flat = hits.reshape(len(hits), -1)
    same = np.full(len(hits), np.nan)
    for bar in range(1, len(hits)):
        same[bar] = float((flat[max(bar - LOOK_BACK, 0) : bar] == flat[bar]).all(1).any())
    return same


def profile(cells: Cells) -> Profile:
    """Return how whole bars, of one song or of many, are played on the average."""
    bars = len(cells) // A_BAR
    hits = _by_bar(cells.hits, bars).astype(np.float64)
    struck = hits.sum(0).T
    some = np.where(struck > 0, struck, np.nan)
    velocities = (_by_bar(cells.velocities, bars) * hits).sum(0).T / some
    offsets = (_by_bar(cells.offsets, bars) * hits).sum(0).T / some
    return Profile(struck / max(bars, 1), velocities, offsets)


def _by_bar(rows: NDArray[np.float32], bars: int) -> Array:
    return rows[: bars * A_BAR].reshape(bars, A_BAR, COUNT).astype(np.float64)


def _spread(values: Array, hits: NDArray[np.bool_]) -> tuple[Array, Array]:
    """Return mean and SD of what is struck in each bar."""
    count = hits.sum((1, 2))
    some = np.where(count > 0, count, np.nan)
    mean = (values * hits).sum((1, 2)) / some
    square = (np.where(hits, values - mean[:, None, None], 0.0) ** 2).sum((1, 2)) / some
    return mean, np.sqrt(square)
