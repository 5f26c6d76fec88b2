"""From what was played to the figures of BENCHMARKS' "Humanise".

A note counts once for each window it is in, whether it was played by windows or by history: so the two can be
compared. Gaussian KL and its groups are GrooVAE's (Gillick et al. 2019).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.scores import Errors, interval
from benchmarks.windows import SIXTEENTHS, Floats, Ints, Played, Sheet, cut
from pocket_core.errors import ContractError


@dataclass(frozen=True, slots=True)
class Hits:
    """What one humaniser did in one file, and the drummer; one window's notes after the other's."""

    file: str
    drummer: int
    ms_per_16th: float
    windows: int
    steps: Ints  # int64[N]: sixteenths from the start of the window
    voices: Ints  # int64[N], 0..8
    real_ms: Floats  # float64[N]: offset, positive is late
    real_velocities: Floats  # float64[N], 0..1
    played_ms: Floats  # float64[N]
    played_velocities: Floats | None  # float64[N]; None: nothing was said about them

    @property
    def errors_ms(self) -> Floats:
        """Return float64[N]: played - real."""
        return self.played_ms - self.real_ms


def by_windows(sheet: Sheet, played: Sequence[Played]) -> Hits:
    """Set a file's windows, as they were played each alone, beside the drummer.

    Raises:
        ContractError: There is not one finite offset, and no or one velocity, for each note.
    """
    windows = cut(sheet)
    for window, one in zip(windows, played, strict=True):
        _check(one, window.steps.size, f"bar {window.bar} of {sheet.name}")
    velocities = [one.velocities for one in played if one.velocities is not None]
    if len(velocities) not in (0, len(played)):
        raise ContractError(
            f"{len(velocities)} of {len(played)} windows of {sheet.name} have velocities; give all or none"
        )
    return Hits(
        sheet.name,
        sheet.drummer,
        sheet.ms_per_16th,
        len(windows),
        np.concatenate([window.steps for window in windows]),
        np.concatenate([window.voices for window in windows]),
        np.concatenate([window.offsets_ms for window in windows]),
        np.concatenate([window.velocities for window in windows]),
        np.concatenate([one.offsets_ms for one in played]),
        np.concatenate(velocities) if velocities else None,
    )


def by_history(sheet: Sheet, played: Played) -> Hits:
    """Set a whole file, as it was played bar by bar, beside the drummer, window by window.

    Raises:
        ContractError: There is not one finite offset, and no or one velocity, for each note.
    """
    _check(played, sheet.steps.size, sheet.name)
    return by_windows(sheet, [played.part(window.notes) for window in cut(sheet)])


def figures(files: Sequence[Hits], seed: int) -> dict[str, float]:
    """Return a row's figures; the interval is of the pooled MAE when files are drawn again and again.

    `centred_mae_ms` is the MAE after each file's mean error is taken out. A KL that is infinite, because what
    was played does not spread at all, is left out; so are the velocities' figures where there are none.
    """
    errors = np.concatenate([f.errors_ms for f in files])
    real = np.concatenate([f.real_ms for f in files])
    played = np.concatenate([f.played_ms for f in files])
    low, high = interval(
        np.array([np.abs(f.errors_ms).sum() for f in files]),
        np.array([f.errors_ms.size for f in files]),
        seed,
    )
    row = {
        "mae_ms": float(np.abs(errors).mean()),
        "mae_ms_low": low,
        "mae_ms_high": high,
        "centred_mae_ms": float(
            np.abs(np.concatenate([f.errors_ms - f.errors_ms.mean() for f in files])).mean()
        ),
        "mse_16ths": float(np.square(np.concatenate([f.errors_ms / f.ms_per_16th for f in files])).mean()),
        "timing_kl": kl_by_group(
            np.concatenate([f.real_ms / f.ms_per_16th for f in files]),
            np.concatenate([f.played_ms / f.ms_per_16th for f in files]),
            np.concatenate([f.steps % SIXTEENTHS for f in files]),
        ),
        "sd_ratio": float(played.std() / real.std()) if real.std() else math.inf,
        "files": len(files),
        "windows": sum(f.windows for f in files),
    }
    velocities = [f.played_velocities for f in files if f.played_velocities is not None]
    if len(velocities) == len(files):
        real_velocities = np.concatenate([f.real_velocities for f in files])
        played_velocities = np.concatenate(velocities)
        row["velocity_mse"] = float(np.square(played_velocities - real_velocities).mean())
        row["velocity_kl"] = kl_by_group(
            real_velocities, played_velocities, np.concatenate([f.voices for f in files])
        )
    return {key: value for key, value in row.items() if math.isfinite(value)}


def kl_by_group(real: Floats, played: Floats, group: Ints) -> float:
    """Return the Gaussian KL(real || played) averaged over the groups.

    A group whose real values do not spread says nothing. Infinite where a group was played without spread.
    """
    found = [
        gaussian_kl(real[group == g], played[group == g])
        for g in np.unique(group)
        if real[group == g].min() < real[group == g].max()
    ]
    return float(np.mean(found)) if found else math.inf


def gaussian_kl(real: Floats, played: Floats) -> float:
    """Return KL(real || played), nats, of the normal distributions with their means and SDs."""
    if played.min() == played.max():  # its SD may be a rounding error
        return math.inf
    spread, wanted = float(played.std()), float(real.std())
    distance = float(real.mean() - played.mean())
    return math.log(spread / wanted) + (wanted**2 + distance**2) / (2 * spread**2) - 0.5


def as_errors(files: Sequence[Hits]) -> list[Errors]:
    """Return the errors as `scores.pair` and `scores.by_drummer` take them."""
    return [Errors(f.file, f.drummer, f.errors_ms, None, np.zeros(0)) for f in files]


def _check(played: Played, notes: int, where: str) -> None:
    for word, values in (("offsets", played.offsets_ms), ("velocities", played.velocities)):
        if values is None:
            continue
        if values.shape != (notes,):
            raise ContractError(f"{word} of {where} have shape {values.shape}; return one a note, ({notes},)")
        if not np.isfinite(values).all():
            raise ContractError(f"{word} of {where} are not all finite; the model is broken")
