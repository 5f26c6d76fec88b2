"""What happened at each timestep, and how close it came: the report of a render and the journal of a take."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from pocket_core.types import Seconds


@dataclass(frozen=True, slots=True)
class TimestepRecord:
    """One timestep as it was played, in milliseconds because people read it; positive is late."""

    index: int  # from 0, in order of playing
    nominal_s: Seconds  # where the score puts it, on the clock that the listener hears
    bar: int  # from 1
    beat: float  # from 1.0
    voices: tuple[str, ...]
    forecast_ms: float
    refined_ms: float
    played_ms: float  # committed - nominal
    committed_s: Seconds
    human_s: Seconds | None  # the musician's first onset of this timestep, both latencies taken out
    diff_ms: float | None  # human - committed


@dataclass(frozen=True, slots=True)
class Asynchrony:
    """How far drums and musician are apart over many timesteps."""

    mae_ms: float
    sd_ms: float  # about the mean
    count: int


@dataclass(frozen=True, slots=True)
class Summary:
    """The same timesteps, on the grid and as pocketd played them. None where the musician met no drum."""

    quantised: Asynchrony | None
    pocketd: Asynchrony | None


def asynchrony(differences_ms: Iterable[float]) -> Asynchrony | None:
    """Return mean absolute value and standard deviation, or None of nothing."""
    d = np.fromiter(differences_ms, np.float64)
    if d.size == 0:
        return None
    return Asynchrony(float(np.abs(d).mean()), float(d.std()), int(d.size))


def summarise(records: Iterable[TimestepRecord]) -> Summary:
    """Compare musician - nominal with musician - committed over the timesteps that have both."""
    met = [(r, r.human_s) for r in records if r.human_s is not None]
    return Summary(
        asynchrony((human - r.nominal_s) * 1000 for r, human in met),
        asynchrony((human - r.committed_s) * 1000 for r, human in met),
    )
