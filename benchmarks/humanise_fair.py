"""Puts a humaniser to the test: does it know only what BENCHMARKS' "Humanise" lets it know?

A file is played as it is, and again after what must not be known has been replaced. What is played may not
change by more than an arithmetic's rounding.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from benchmarks.windows import BAR, Floats, Humaniser, Played, Sheet, cut
from pocket_core.errors import ContractError

CLOSE_MS = 0.01
CLOSE_VELOCITY = 1e-4
CUTS = 4  # places in the file where what comes later is replaced


def check_fair(name: str, humaniser: Humaniser, sheet: Sheet, seed: int) -> None:
    """Find out whether a humaniser peeks, in one file; the longer, the more it shows.

    Raises:
        ContractError: A window depends on how it was played or on other windows, or a bar on how it or a
            later bar was played.
    """
    windows = cut(sheet)
    together = humaniser.windows(windows)
    if _differ(together, humaniser.windows(cut(_disguised(sheet, 0, seed)))):
        raise ContractError(f"{name} plays the windows of {sheet.name} by how they were really played")
    if _differ(together, [humaniser.windows([window])[0] for window in windows]):
        raise ContractError(f"{name} plays a window of {sheet.name} by the other windows; each stands alone")
    [known] = humaniser.history([sheet])
    for bar in np.unique(np.linspace(0, sheet.bars - 1, CUTS).astype(int)):
        [played] = humaniser.history([_disguised(sheet, int(bar), seed)])
        until = slice(0, int(np.searchsorted(sheet.steps, (bar + 1) * BAR)))
        if _differ([known.part(until)], [played.part(until)]):
            raise ContractError(
                f"{name} plays {sheet.name} up to bar {bar} by how that bar or a later one was really played"
            )


def _disguised(sheet: Sheet, bar: int, seed: int) -> Sheet:
    """Return the sheet as somebody else might have played it from a bar on."""
    draw = np.random.default_rng(seed)
    later = sheet.steps >= bar * BAR
    most = sheet.ms_per_16th / 2
    return replace(
        sheet,
        offsets_ms=np.where(later, draw.uniform(-most, most, later.size), sheet.offsets_ms),
        velocities=np.where(later, draw.uniform(0, 1, later.size), sheet.velocities),
    )


def _differ(first: Sequence[Played], second: Sequence[Played]) -> bool:
    return any(
        _apart(a.offsets_ms, b.offsets_ms, CLOSE_MS) or _apart(a.velocities, b.velocities, CLOSE_VELOCITY)
        for a, b in zip(first, second, strict=True)
    )


def _apart(first: Floats | None, second: Floats | None, close: float) -> bool:
    if first is None or second is None:
        return first is not second
    return bool((np.abs(first - second) > close).any())
