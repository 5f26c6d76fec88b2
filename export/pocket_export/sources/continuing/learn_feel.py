"""Learn where within a sixteenth drummers strike: least squares, and how far they stray from it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from pocket_core.phrases.feel import WIDTH, Feel, feel_rows
from pocket_core.phrases.hvo import Cells, cells_of
from pocket_core.phrases.phrase import SIXTEENTH
from pocket_core.tempo import Meter
from pocket_export.recordings import Performance

RIDGE = 10.0  # strokes' worth of weights that are 0
TRUSTS = (8.0, 16.0, 32.0, 64.0, 128.0, 256.0)
LEAST = 1e-3  # sixteenths; no drummer is nearer

Floats = NDArray[np.float64]


def whole_cells(performances: Iterable[Performance]) -> list[Cells]:
    """Return the beats in 4/4 as cells, each from its first bar on."""
    return [
        cells_of(played.beats, played.voices, played.velocities, int(played.beats[-1] / SIXTEENTH) + 2)
        for played in performances
        if played.beat_type == "beat" and played.meter == Meter(4, 4) and len(played.beats)
    ]


def learn_feel(pieces: Sequence[Cells]) -> Feel:
    """Return how drummers' strokes lie, from pieces that begin with a bar."""
    square, side = RIDGE * np.eye(WIDTH), np.zeros(WIDTH)
    for piece in pieces:
        rows, late, _ = _strokes(piece)
        square += rows.T @ rows
        side += rows.T @ late
    weights: Floats = np.linalg.solve(square, side).astype(np.float64)
    off = [(late - rows @ weights, steps) for rows, late, steps in map(_strokes, pieces)]
    together, alone = _spreads(off)
    usual = together**2 + alone**2
    trust = max(TRUSTS, key=lambda trust: sum(_likely(one / np.sqrt(usual), trust) for one, _ in off))
    return Feel(weights, together, alone, trust)


def strays(feel: Feel, pieces: Sequence[Cells]) -> tuple[float, float]:
    """Return the mean squared error of the mean, and of no offset at all, square sixteenths."""
    off, late = list[Floats](), list[Floats]()
    for piece in pieces:
        rows, lies, _ = _strokes(piece)
        off.append(lies - rows @ feel.weights)
        late.append(lies)
    return float((np.concatenate(off) ** 2).mean()), float((np.concatenate(late) ** 2).mean())


def _strokes(piece: Cells) -> tuple[Floats, Floats, NDArray[np.int64]]:
    """Return the rows of a piece's strokes, how late they are, and the step of each."""
    steps, voices = np.nonzero(piece.hits)
    rows = feel_rows(piece.hits, piece.offsets, 0)[steps, voices]
    return rows, piece.offsets[steps, voices].astype(np.float64), steps


def _spreads(off: Sequence[tuple[Floats, NDArray[np.int64]]]) -> tuple[float, float]:
    """Return the SD of what strokes of a step share and of each besides, by the analysis of variance."""
    within = free = total = 0.0
    count = 0
    for strayed, steps in off:
        _, step, struck = np.unique(steps, return_inverse=True, return_counts=True)
        means = np.bincount(step, strayed) / struck
        within += float(((strayed - means[step]) ** 2).sum())
        free += len(strayed) - len(struck)
        total += float((strayed**2).sum())
        count += len(strayed)
    alone = max(within / max(free, 1.0), LEAST**2)
    return float(np.sqrt(max(total / count - alone, LEAST**2))), float(np.sqrt(alone))


def _likely(strayed: Floats, trust: float) -> float:
    """Return the log-likelihood of strays where those before tell how far they go."""
    before = np.concatenate([[0.0], (strayed**2).cumsum()[:-1]])
    variance = (trust + before) / (trust + np.arange(len(strayed)))
    return float(-(np.log(variance) + strayed**2 / variance).sum() / 2)
