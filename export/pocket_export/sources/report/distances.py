"""How far apart two sets of drums are, feature by feature, and how sure that is.

- Overlap: the histogram intersection of the bars, 1 where both are spread alike (Swain & Ballard 1991).
- Wasserstein-1: how far the bars of one would have to move to be spread as the other, in the feature's unit,
  and in SDs of the reference.
- Yang & Lerch 2020, "On the evaluation of generative models in music": the distances within the reference
  against those between reference and set, songs by their means, each smoothed by a Gaussian kernel of Scott's
  width: their Kullback-Leibler divergence in nats, and the area under both.

The intervals are those of the bootstrap over files, not over bars, as those of one file are not independent.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pocket_core.phrases.hvo import A_BAR, Cells
from pocket_core.phrases.measures import MEASURES, Measure, measured
from pocket_export.sources.report.material import Song

Array = NDArray[np.float64]

BINS, FINE = 20, 10  # of what is no whole number, and in how many each is cut for Wasserstein
DRAWS = 300  # of the bootstrap
NORMAL = 1.96  # SDs either way are 95 %
GRID = 200  # points at which a density is taken
LEAST_DENSITY = 1e-9
STEP_BINS = 16  # of velocities and of offsets at one sixteenth
GROUPS = {  # what a mean overlap is of
    "notes": ("hits", "instruments", "density", "syncopation", "kicks", "snares", "time", "backbeat"),
    "feel": ("velocity", "velocity_sd", "offset", "offset_sd"),
    "form": ("lag_1", "lag_2", "lag_4", "lag_8", "repeated"),
}


@dataclass(frozen=True, slots=True)
class Sure:
    """A figure with its interval of 95 %."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Distance:
    """How far a set is from the reference by one feature."""

    key: str
    overlap: Sure  # 0..1, 1: alike
    wasserstein: Sure  # the feature's unit
    in_sd: float  # the same in SDs of the reference
    divergence: float  # nats, between and within, >= 0
    area: float  # 0..1, 1: as far apart as the reference's own songs


@dataclass(frozen=True, slots=True)
class Apart:
    """How far a set is from the reference."""

    by: tuple[Distance, ...]  # in the order of MEASURES
    groups: dict[str, Sure]  # mean overlap of GROUPS
    overall: Sure  # mean overlap of all


@dataclass(frozen=True, slots=True)
class Table:
    """A set's features."""

    song_of: NDArray[np.int64]  # (B,), which file a bar is of
    values: Array  # (B, len(MEASURES))

    def column(self, number: int) -> Array:
        """Return a feature of all bars that have it."""
        column = self.values[:, number]
        return column[~np.isnan(column)]

    def means(self) -> Array:
        """Return each song's mean, `float64[S, len(MEASURES)]`, NaN where no bar has the feature."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # of a mean of nothing, which is NaN as wanted
            return np.array([np.nanmean(self.values[self.song_of == n], 0) for n in np.unique(self.song_of)])


def table_of(songs: Sequence[Song]) -> Table:
    """Measure a set; songs of one file count as one."""
    files = {name: n for n, name in enumerate(dict.fromkeys(song.file for song in songs))}
    song_of = np.repeat([files[song.file] for song in songs], [song.bars for song in songs])
    return Table(song_of.astype(np.int64), np.concatenate([measured(song.cells) for song in songs]))


def apart(reference: Table, made: Table, seed: int) -> Apart:
    """Compare a set with the reference."""
    chance = np.random.default_rng(seed)
    drawn = (_draws(reference, chance), _draws(made, chance))
    real_means, made_means = reference.means(), made.means()
    by, overlaps = [], []
    for number, measure in enumerate(MEASURES):
        counts = [_counts(table, number, measure) for table in (reference, made)]
        p, q = (_shares(weights @ count) for weights, count in zip(drawn, counts, strict=True))
        overlap = np.minimum(_coarse(p, measure), _coarse(q, measure)).sum(1)
        width = _width(measure)
        moved = np.abs(np.cumsum(p - q, 1))[:, :-1].sum(1) * width
        known = reference.column(number)
        spread = float(known.std()) if len(known) else 0.0
        divergence, area = yang_lerch(_known(real_means[:, number]), _known(made_means[:, number]))
        in_sd = float(moved[0]) / spread if spread > 0 else 0.0
        by.append(Distance(measure.key, _sure(overlap, 1.0), _sure(moved), in_sd, divergence, area))
        overlaps.append(overlap)
    all_of = np.stack(overlaps, 1)
    columns = {measure.key: n for n, measure in enumerate(MEASURES)}
    groups = {
        name: _sure(_mean(all_of[:, [columns[key] for key in keys]]), 1.0) for name, keys in GROUPS.items()
    }
    return Apart(tuple(by), groups, _sure(_mean(all_of), 1.0))


def histogram(table: Table, number: int) -> tuple[Array, Array]:
    """Return the shares of a set's bars, `float64[N]`, and the edges of the bins, `float64[N + 1]`."""
    measure = MEASURES[number]
    fine = _shares(_counts(table, number, measure).sum(0, keepdims=True))
    shares = _coarse(fine, measure)[0]
    if measure.whole:
        return shares, np.arange(len(shares) + 1, dtype=np.float64) + measure.low - 0.5
    return shares, np.linspace(measure.low, measure.high, len(shares) + 1, dtype=np.float64)


def yang_lerch(real: Array, made: Array) -> tuple[float, float]:
    """Return divergence and common area of the distances between and within.

    Of fewer than three songs, or where all are the same, there is neither: NaN.

    Args:
        real: A feature of each song of the reference.
        made: The same of the set.
    """
    if len(real) < 3 or not len(made):
        return float("nan"), float("nan")
    within = np.abs(real[:, None] - real[None])[np.triu_indices(len(real), 1)]
    between = np.abs(real[:, None] - made[None]).ravel()
    grid = np.linspace(0.0, float(max(within.max(), between.max())) * 1.1, GRID)
    if grid[-1] <= 0 or within.std() <= 0 or between.std() <= 0:
        return float("nan"), float("nan")
    p, q = (_density(d, grid) for d in (within, between))
    return float((p * np.log(p / q)).sum()), float(np.minimum(p, q).sum())


def by_step(reference: Sequence[Cells], made: Sequence[Cells], *, velocity: bool) -> Array:
    """Return the histogram intersection at each sixteenth, `float64[16]`; NaN where one strikes nothing.

    Source: how the Candombe microrhythm transformer is judged (Mishra et al., ICMC 2025).

    Args:
        reference: Real songs.
        made: Others.
        velocity: Of velocities; else of offsets.
    """
    edges = np.linspace(*((0.0, 1.0) if velocity else (-0.5, 0.5)), STEP_BINS + 1)
    shares = []
    for cells in (reference, made):
        hits = np.concatenate([c.hits for c in cells]) > 0
        values = np.concatenate([c.velocities if velocity else c.offsets for c in cells])
        step = np.broadcast_to((np.arange(len(hits)) % A_BAR)[:, None], hits.shape)[hits]
        counts, _, _ = np.histogram2d(
            step, np.clip(values[hits], edges[0], edges[-1]), (np.arange(A_BAR + 1) - 0.5, edges)
        )
        shares.append(_shares(counts))
    both = np.minimum(shares[0], shares[1]).sum(1)
    return np.asarray(both)


def mean_step(values: Array, reference: Sequence[Cells]) -> float:
    """Return the mean over the sixteenths, each as heavy as drummers strike it; NaN counts as 0."""
    struck = np.concatenate([c.hits for c in reference]).reshape(-1, A_BAR, reference[0].hits.shape[1])
    return float(np.average(np.nan_to_num(values), weights=struck.sum((0, 2)) + LEAST_DENSITY))


def _draws(table: Table, chance: np.random.Generator) -> Array:
    """Return how often each song counts: once in the first row, then as the bootstrap draws it."""
    count = int(table.song_of.max()) + 1
    drawn = chance.multinomial(count, np.full(count, 1 / count), DRAWS)
    return np.concatenate([np.ones((1, count)), drawn]).astype(np.float64)


def _counts(table: Table, number: int, measure: Measure) -> Array:
    """Return the fine histogram of each song, `float64[S, N]`."""
    bins, songs = _fine(measure), int(table.song_of.max()) + 1
    known = ~np.isnan(table.values[:, number])
    scaled = (table.values[known, number] - measure.low) / _width(measure)
    place = np.floor(scaled + (0.5 if measure.whole else 1e-9)).astype(np.int64).clip(0, bins - 1)
    counts = np.zeros((songs, bins))
    np.add.at(counts, (table.song_of[known], place), 1.0)
    return counts


def _fine(measure: Measure) -> int:
    return round(measure.high - measure.low) + 1 if measure.whole else BINS * FINE


def _width(measure: Measure) -> float:
    return 1.0 if measure.whole else (measure.high - measure.low) / (BINS * FINE)


def _coarse(shares: Array, measure: Measure) -> Array:
    return shares if measure.whole else shares.reshape(len(shares), BINS, FINE).sum(2)


def _shares(counts: Array) -> Array:
    """Return each row divided by its sum; NaN where there is nothing."""
    total = counts.sum(1, keepdims=True)
    return counts / np.where(total > 0, total, np.nan)


def _mean(rows: Array) -> Array:
    """Return the mean of each row, of what is known; NaN where nothing is."""
    known = ~np.isnan(rows)
    return np.asarray(np.where(known, rows, 0.0).sum(1) / np.where(known.any(1), known.sum(1), np.nan))


def _known(values: Array) -> Array:
    return values[~np.isnan(values)]


def _sure(drawn: Array, most: float = np.inf) -> Sure:
    """Return the first as the figure, and 1.96 SDs of the others about it.

    Their percentiles would not do: what is drawn again is rougher, and overlaps less.
    """
    rest = drawn[1:][~np.isnan(drawn[1:])]
    reach = NORMAL * float(rest.std()) if len(rest) else float("nan")
    value = float(drawn[0])
    return Sure(value, max(value - reach, 0.0), min(value + reach, most))


def _density(distances: Array, grid: Array) -> Array:
    """Return the smoothed density of distances at each point, which sum up to 1."""
    width = distances.std() * len(distances) ** (-1 / 5)
    density = np.exp(-0.5 * ((grid[:, None] - distances[None]) / width) ** 2).sum(1) + LEAST_DENSITY
    return np.asarray(density / density.sum())
