"""How real patterns are: whether somebody tells them from real ones, and how near the nearest one is.

Two try it, cross-validated: boosted trees that are told what is heard of a pattern, and a logistic regression
that is told the cells as well. All patterns of a file are in one fold, for windows of a recording are alike.
Real patterns of other files are judged by the same two: what they come to is as real as can be.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pocket_core.phrases.patterns import Pattern, cells_of_patterns
from pocket_export.needs import need
from pocket_export.sources.patterns.heard import heard

Array = NDArray[np.float32]
Scores = NDArray[np.float64]

FOLDS = 5
RESAMPLED = 200  # times, for an interval
INTERVAL = (0.025, 0.975)
ROWS = 512  # at once, where distances are measured
TREES = {"max_iter": 80, "learning_rate": 0.1, "max_leaf_nodes": 8, "min_samples_leaf": 40}
FIRM = {"l2_regularization": 10.0, "early_stopping": False}
STRICT = 3e-4  # of the regression: the inverse of how much weights cost


@dataclass(frozen=True, slots=True)
class Interval:
    """An area under the curve: 0.5 where nobody can tell, 1 where everybody can."""

    area: float
    low: float  # 95 % by bootstrap: of files where they are known, else of patterns
    high: float


@dataclass(frozen=True, slots=True)
class Judged:
    """Patterns that are to be told from others."""

    patterns: Sequence[Pattern]
    files: Sequence[str] | None = None  # of each; None: each is by itself, as samples are


@dataclass(frozen=True, slots=True)
class Realism:
    """How real."""

    trees: Interval
    regression: Interval
    nearest_mean: float  # cells of 448 that differ from the nearest pattern that was learnt from
    nearest_median: float
    copied: float  # share that is one of them, cell by cell


def realism(made: Judged, real: Judged, learnt: Array, seed: int = 1) -> Realism:
    """Return how real patterns are.

    Args:
        made: To be judged.
        real: Never learnt from.
        learnt: `float32[L, 448]`, what was.
        seed: Of folds and resampling.
    """
    apart = nearest(cells_of_patterns(made.patterns), learnt)
    trees, regression = told_apart(made, real, seed)
    return Realism(
        trees, regression, float(apart.mean()), float(np.median(apart)), float((apart == 0).mean())
    )


def told_apart(made: Judged, real: Judged, seed: int = 1) -> tuple[Interval, Interval]:
    """Return how well trees, and a regression, tell made from real.

    Raises:
        TrainingMissingError: scikit-learn is not installed.
    """
    need("sklearn")
    chance = np.random.default_rng(seed)
    both = (real, made)
    files = [_files(judged, name) for judged, name in zip(both, "rm", strict=True)]
    folds = np.concatenate([_folds(each, chance) for each in files])
    truth = np.repeat([False, True], [len(each.patterns) for each in both])
    told = np.concatenate([heard(each.patterns) for each in both])
    cells = np.concatenate([cells_of_patterns(each.patterns) for each in both])
    names = np.concatenate(files)
    intervals = []
    for features, new in ((told, _trees), (np.hstack([told, cells]), _regression)):
        scores = np.zeros(len(truth))
        for one in _each(folds):
            inside = ~one
            if len(set(truth[inside])) == 2 and one.any():
                scores[one] = _told(new(seed), features, truth, inside)
        intervals.append(_interval(scores, truth, folds, names, chance))
    return intervals[0], intervals[1]


def nearest(patterns: Array, learnt: Array) -> Scores:
    """Return in how many cells each pattern differs from the nearest of others, `float64[N]`."""
    sizes = learnt.sum(1)
    parts = [np.zeros(0)]
    for n in range(0, len(patterns), ROWS):
        some = patterns[n : n + ROWS]
        apart = some.sum(1)[:, None] + sizes[None] - 2 * some @ learnt.T
        parts.append(np.round(apart.min(1)).astype(np.float64))
    return np.concatenate(parts)


def _files(judged: Judged, name: str) -> NDArray[np.str_]:
    count = len(judged.patterns)
    return np.array([f"{name} {file}" for file in judged.files or range(count)], np.str_)


def _folds(files: NDArray[np.str_], chance: np.random.Generator) -> NDArray[np.int64]:
    """Return the fold of each: a file's patterns are in one, and folds are as even as files let them be."""
    _, file, sizes = np.unique(files, return_inverse=True, return_counts=True)
    fold_of, filled = np.zeros(len(sizes), np.int64), np.zeros(FOLDS)
    by_lot = chance.permutation(len(sizes))
    for each in by_lot[np.argsort(-sizes[by_lot], kind="stable")]:
        fold_of[each] = filled.argmin()
        filled[fold_of[each]] += sizes[each]
    return fold_of[file]


def _told(judge: Any, features: Array, truth: NDArray[np.bool_], inside: NDArray[np.bool_]) -> Scores:
    share = truth[inside].mean()
    weights = np.where(truth[inside], 0.5 / share, 0.5 / (1 - share))
    mean, spread = features[inside].mean(0), features[inside].std(0) + 1e-3
    scaled = (features - mean) / spread
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that the regression could come a little nearer still
        judge.fit(scaled[inside], truth[inside], sample_weight=weights)
    return np.asarray(judge.decision_function(scaled[~inside]), np.float64)


def _trees(seed: int) -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier

    return HistGradientBoostingClassifier(random_state=seed, **TREES, **FIRM)


def _regression(seed: int) -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=STRICT, max_iter=200, random_state=seed)


def _interval(
    scores: Scores,
    truth: NDArray[np.bool_],
    folds: NDArray[np.int64],
    names: NDArray[np.str_],
    chance: np.random.Generator,
) -> Interval:
    """Return the mean area of all folds; each is ranked for itself, for judges need not agree on a scale."""
    _, file = np.unique(names, return_inverse=True)
    made = np.zeros(file.max() + 1, np.bool_)
    made[file] = truth
    areas = []
    for number in range(RESAMPLED + 1):
        times = np.ones(len(made))
        if number:  # the first is of all files, once each
            for kind in (made, ~made):
                count = int(kind.sum())
                times[kind] = chance.multinomial(count, np.full(count, 1 / count))
        weights = times[file]
        parts = [(_area(scores[one], truth[one], weights[one]), weights[one].sum()) for one in _each(folds)]
        known = [(area, size) for area, size in parts if area is not None]
        whole = sum(size for _, size in known)
        areas.append(sum(area * size for area, size in known) / whole if known else 0.5)
    low, high = np.quantile(areas[1:], INTERVAL)
    return Interval(float(areas[0]), float(low), float(high))


def _each(folds: NDArray[np.int64]) -> list[NDArray[np.bool_]]:
    return [folds == fold for fold in range(FOLDS)]


def _area(scores: Scores, truth: NDArray[np.bool_], weights: Scores) -> float | None:
    """Return the share of pairs in the right order, ties half; None: one kind is missing."""
    _, back = np.unique(scores, return_inverse=True)
    made, real = (np.bincount(back, weights * kind) for kind in (truth, ~truth))
    pairs = made.sum() * real.sum()
    below = np.cumsum(real) - real / 2
    return float((made * below).sum() / pairs) if pairs else None
