"""What may have been learnt by heart: of each bar the one most like it that the source may have heard."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pocket_core.phrases.hvo import A_BAR, COUNT
from pocket_export.sources.report.distances import Sure
from pocket_export.sources.report.material import Song

CHUNK = 256  # bars compared at once
SAME_VELOCITY = 0.5 / 127  # of a stroke, in the mean: rounding
DRAWS = 1000  # of the bootstrap
INTERVAL = (2.5, 97.5)  # percentiles


@dataclass(frozen=True, slots=True)
class Near:
    """The nearest training bar of each bar that strikes anything."""

    song_of: NDArray[np.int64]  # (B,)
    strokes: NDArray[np.int64]  # (B,) how many of 16 x 9 cells differ
    velocities: NDArray[np.float64]  # (B,) mean difference of the strokes both have, 0..1; 1: there are none
    where: NDArray[np.int64]  # (B,) which training bar

    @property
    def copied(self) -> NDArray[np.bool_]:
        """Whether a bar is one of training, its velocities too."""
        return np.asarray((self.strokes == 0) & (self.velocities < SAME_VELOCITY))


@dataclass(frozen=True, slots=True)
class Heart:
    """How much of a set is known by heart."""

    near: Near
    median: float  # cells to the nearest training bar
    same: Sure  # share of bars with the same strokes
    copied: Sure  # ... and the same velocities
    percentile: float  # where its bars stand among real ones by that distance, 0..1; below .5: nearer
    guilty: bool  # it copies: surely more often than drummers who have not been trained on


class Library:
    """Bars that may have been learnt.

    Args:
        songs: Of the training split.
    """

    def __init__(self, songs: Sequence[Song]) -> None:
        self._hits = _bars(np.concatenate([song.cells.hits for song in songs]))
        self._velocities = _bars(np.concatenate([song.cells.velocities for song in songs]))
        self._counts = self._hits.sum(1)
        self.names = [f"{song.file}, bar {bar + 1}" for song in songs for bar in range(song.bars)]

    def __len__(self) -> int:
        """Return how many bars there are."""
        return len(self._hits)

    def nearest(self, songs: Sequence[Song]) -> Near:
        """Find the nearest bar of each, by Hamming distance; of equals the nearest by velocities."""
        files = {name: n for n, name in enumerate(dict.fromkeys(song.file for song in songs))}
        song_of = np.repeat([files[song.file] for song in songs], [song.bars for song in songs])
        hits = _bars(np.concatenate([song.cells.hits for song in songs]))
        velocities = _bars(np.concatenate([song.cells.velocities for song in songs]))
        struck = np.flatnonzero(hits.sum(1))
        found = [self._chunk(hits[part], velocities[part]) for part in _cut(struck)]
        strokes, differ, where = (
            np.concatenate([part[n] for part in found]) if found else np.zeros(0) for n in range(3)
        )
        return Near(
            song_of[struck].astype(np.int64), strokes.astype(np.int64), differ, where.astype(np.int64)
        )

    def _chunk(
        self, hits: NDArray[np.float32], velocities: NDArray[np.float32]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        distance = hits.sum(1)[:, None] + self._counts[None] - 2 * hits @ self._hits.T
        strokes, differ, where = distance.min(1), np.ones(len(hits)), np.zeros(len(hits))
        for n, least in enumerate(strokes):
            equal = np.flatnonzero(distance[n] <= least + 0.5)
            both = hits[n] * self._hits[equal]
            apart = (np.abs(velocities[n] - self._velocities[equal]) * both).sum(1)
            count = both.sum(1)
            mean = np.where(count > 0, apart / np.maximum(count, 1), 1.0)
            differ[n], where[n] = mean.min(), equal[mean.argmin()]
        return np.round(strokes).astype(np.float64), differ, where


def judge(near: Near, real: Near, seed: int) -> Heart:
    """Say how much of a set is known by heart, beside what nobody has trained on."""
    copied, held = _rate(near, near.copied, seed), _rate(real, real.copied, seed)
    less = np.searchsorted(np.sort(real.strokes), near.strokes, "left")
    no_more = np.searchsorted(np.sort(real.strokes), near.strokes, "right")
    percentile = (
        float(((less + no_more) / 2).mean() / max(len(real.strokes), 1)) if len(near.strokes) else np.nan
    )
    return Heart(
        near,
        float(np.median(near.strokes)) if len(near.strokes) else float("nan"),
        _rate(near, near.strokes == 0, seed),
        copied,
        percentile,
        copied.low > held.high,
    )


def _rate(near: Near, yes: NDArray[np.bool_], seed: int) -> Sure:
    """Return a share of the bars, with its interval by the bootstrap over files."""
    if not len(yes):
        return Sure(float("nan"), float("nan"), float("nan"))
    files = int(near.song_of.max()) + 1
    bars, true = np.bincount(near.song_of, minlength=files), np.bincount(near.song_of, yes, files)
    drawn = np.random.default_rng(seed).multinomial(files, np.full(files, 1 / files), DRAWS)
    shares = (drawn @ true) / np.maximum(drawn @ bars, 1)
    low, high = np.percentile(shares, INTERVAL)
    return Sure(float(yes.mean()), float(low), float(high))


def _bars(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    return rows.reshape(-1, A_BAR * COUNT)


def _cut(places: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    return [places[n : n + CHUNK] for n in range(0, len(places), CHUNK)]
