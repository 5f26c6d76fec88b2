"""How real patterns are: whether a classifier tells them from real ones, and how near the nearest one is.

Both are also said of real patterns of other files, for that is as real as can be.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional

Array = NDArray[np.float32]

FOLDS = 5
STEPS_OF_TRAINING = 400
HIDDEN, RATE, DECAY, BATCH = 64, 3e-3, 0.02, 128
ROWS = 512  # at once, where distances are measured


@dataclass(frozen=True, slots=True)
class Realism:
    """How real."""

    auc: float  # 0.5: nobody can tell; 1: everybody can
    nearest_mean: float  # cells of 448 that differ from the nearest pattern that was learnt from
    nearest_median: float
    copied: float  # share that is one of them, cell by cell


def realism(made: Array, real: Array, files: Sequence[str], learnt: Array, seed: int = 1) -> Realism:
    """Return how real patterns are.

    Args:
        made: `float32[M, 448]`.
        real: `float32[N, 448]`, never learnt from.
        files: Which of them are of one file; a fold has all of a file, or nothing.
        learnt: `float32[L, 448]`.
        seed: Of the classifier.
    """
    apart = nearest(made, learnt)
    return Realism(
        told_apart(made, real, files, seed),
        float(apart.mean()),
        float(np.median(apart)),
        float((apart == 0).mean()),
    )


def told_apart(made: Array, real: Array, files: Sequence[str], seed: int = 1) -> float:
    """Return the area under the curve of a small network that tells made from real, cross-validated."""
    chance = np.random.default_rng(seed)
    names = sorted(set(files))
    fold_of = dict(zip(names, (chance.permutation(len(names)) % FOLDS).tolist(), strict=True))
    folds = np.concatenate([[fold_of[name] for name in files], chance.permutation(len(made)) % FOLDS])
    cells = torch.from_numpy(np.concatenate([real, made]))
    labels = np.concatenate([np.zeros(len(real)), np.ones(len(made))]).astype(np.float32)
    scores = np.zeros(len(labels))
    for fold in range(FOLDS):
        inside = folds != fold
        if inside.all() or not inside.any():
            continue
        net = _learnt(cells[torch.from_numpy(inside)], labels[inside], seed + fold)
        with torch.no_grad():
            scores[~inside] = net(cells[torch.from_numpy(~inside)])[:, 0].numpy()
    # folds are ranked each for itself: their networks need not agree on a scale
    areas = [(_area(scores[folds == n], labels[folds == n]), int((folds == n).sum())) for n in range(FOLDS)]
    known = [(area, size) for area, size in areas if area is not None]
    return float(np.average([a for a, _ in known], weights=[n for _, n in known])) if known else 0.5


def nearest(patterns: Array, learnt: Array) -> NDArray[np.float64]:
    """Return in how many cells each pattern differs from the nearest of others, `float64[N]`."""
    sizes = learnt.sum(1)
    parts = [np.zeros(0)]
    for n in range(0, len(patterns), ROWS):
        some = patterns[n : n + ROWS]
        apart = some.sum(1)[:, None] + sizes[None] - 2 * some @ learnt.T
        parts.append(np.round(apart.min(1)).astype(np.float64))
    return np.concatenate(parts)


def _learnt(cells: torch.Tensor, labels: Array, seed: int) -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        net = nn.Sequential(
            nn.Linear(cells.shape[1], HIDDEN), nn.ReLU(), nn.Dropout(0.3), nn.Linear(HIDDEN, 1)
        )
        optimiser = torch.optim.AdamW(net.parameters(), lr=RATE, weight_decay=DECAY)
        truth = torch.from_numpy(labels)
        share = float(truth.mean())
        weights = torch.where(truth > 0.5, 0.5 / max(share, 1e-6), 0.5 / max(1 - share, 1e-6))
        for _ in range(STEPS_OF_TRAINING):
            rows = torch.randint(len(cells), (BATCH,))
            said = net(cells[rows])[:, 0]
            loss = functional.binary_cross_entropy_with_logits(said, truth[rows], weights[rows])
            optimiser.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
        return net.eval()


def _area(scores: NDArray[np.float64], labels: Array) -> float | None:
    """Return the share of pairs in the right order, ties half; None: one kind is missing."""
    made, real = np.sort(scores[labels > 0.5]), np.sort(scores[labels < 0.5])
    if not len(made) or not len(real):
        return None
    below = np.searchsorted(real, made, "left") + np.searchsorted(real, made, "right")
    return float(below.sum() / 2 / (len(made) * len(real)))
