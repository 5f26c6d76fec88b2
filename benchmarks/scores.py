"""From errors to figures: pooled, by file, by drummer, with bootstrap intervals over files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 2_000
LOW, HIGH = 2.5, 97.5  # percent: a 95 % interval

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Errors:
    """What one follower did in one file."""

    file: str
    drummer: int
    human_ms: Floats  # float64[N]: h - forecast, or h - committed; timesteps with both parts
    drummer_ms: Floats | None  # float64[M]: k - forecast, every drum timestep; None where it means nothing
    waits_ms: Floats  # float64[W]: committed - forecast where the musician does not play


@dataclass(frozen=True, slots=True)
class Pair:
    """Two followers over the same files; the difference is the first's MAE less the second's."""

    better_share: float  # 0..1, files where the first has the smaller MAE
    mean_ms: float  # over files, each counting once
    low_ms: float
    high_ms: float
    files: int


@dataclass(frozen=True, slots=True)
class Compared:
    """A row beside the one that it has to beat."""

    name: str
    against: str
    pair: Pair

    def as_json(self) -> dict[str, Any]:
        """Return it as the JSON files have it."""
        return {
            "name": self.name,
            "against": self.against,
            "better_share": self.pair.better_share,
            "mean_ms": self.pair.mean_ms,
            "mean_ms_low": self.pair.low_ms,
            "mean_ms_high": self.pair.high_ms,
            "files": self.pair.files,
        }


def figures(files: Sequence[Errors], seed: int) -> dict[str, float]:
    """Return a row's figures; the interval is of the pooled MAE when files are drawn again and again.

    Centred: with each file's mean error removed, which a constant bias of its drummer may have made.
    """
    errors = np.concatenate([f.human_ms for f in files])
    low, high = interval(
        np.array([np.abs(f.human_ms).sum() for f in files]), np.array([f.human_ms.size for f in files]), seed
    )
    row = {
        "mae_ms": float(np.abs(errors).mean()),
        "sd_ms": float(errors.std()),
        "mae_ms_low": low,
        "mae_ms_high": high,
        "centred_mae_ms": float(np.abs(np.concatenate([f.human_ms - _mean(f) for f in files])).mean()),
        "steps": int(errors.size),
    }
    drums = [f.drummer_ms for f in files if f.drummer_ms is not None]
    if drums:
        row["drummer_mae_ms"] = float(np.abs(np.concatenate(drums)).mean())
        waits = np.concatenate([f.waits_ms for f in files])
        row["wait_ms"] = float(waits.mean()) if waits.size else 0.0
    return row


def _mean(file: Errors) -> float:
    return float(file.human_ms.mean()) if file.human_ms.size else 0.0


def interval(sums: Floats, counts: NDArray[np.integer], seed: int) -> tuple[float, float]:
    """Return the 95 % bootstrap interval of sum(sums) / sum(counts) over files."""
    drawn = np.random.default_rng(seed).integers(0, len(sums), (RESAMPLES, len(sums)))
    held = counts[drawn].sum(axis=1)
    means = sums[drawn].sum(axis=1)[held > 0] / held[held > 0]
    low, high = np.percentile(means, (LOW, HIGH))
    return float(low), float(high)


def pair(first: Sequence[Errors], second: Sequence[Errors], seed: int) -> Pair:
    """Compare two followers file by file; files without a timestep of both parts say nothing."""
    difference = np.array(
        [
            np.abs(a.human_ms).mean() - np.abs(b.human_ms).mean()
            for a, b in zip(first, second, strict=True)
            if a.human_ms.size
        ]
    )
    low, high = interval(difference, np.ones(difference.size, np.int64), seed)
    return Pair(float((difference < 0).mean()), float(difference.mean()), low, high, int(difference.size))


def by_drummer(files: Sequence[Errors]) -> dict[int, float]:
    """Return each drummer's pooled MAE in ms, drummers rising."""
    return {
        number: float(np.abs(np.concatenate([f.human_ms for f in files if f.drummer == number])).mean())
        for number in sorted({f.drummer for f in files if f.human_ms.size})
    }
