"""Takes of a made-up partner, on disk and off it."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path

import numpy as np
from benchmarks.studio import BAR, Song, record
from numpy.typing import NDArray

from pocket_core.grid import TWELFTHS
from pocket_core.predict import Predictor, ZeroPredictor
from pocketd.config import Config

KICK, SNARE, HAT = 36, 38, 42
NOON = datetime(2026, 11, 20, 12, 0, 0, tzinfo=timezone(timedelta(hours=1)))
EIGHTHS: dict[int, tuple[int, ...]] = {
    n * 6: ((KICK, HAT), (HAT,), (SNARE, HAT), (HAT,))[n % 4] for n in range(8)
}


def song(bars: int = 24, *, name: str = "evening", bpm: float = 120.0) -> Song:
    """Return a beat in eighths."""
    return Song(name, bpm, bars, EIGHTHS)


def onsets(of: Song, *, late: float = 0.020, noise: float = 0.004, seed: int = 1) -> NDArray[np.float64]:
    """Return a partner who is late at every off-beat and plays all eighths; seconds from beat 0."""
    places = np.arange(0, of.bars * BAR, 6)
    chance = np.random.default_rng(seed)
    offsets = np.where(places % TWELFTHS, late, 0.0) + chance.normal(0.0, noise, len(places))
    return np.maximum(places / TWELFTHS * of.pace + offsets, 0.0)


def take(
    root: Path,
    *,
    of: Song | None = None,
    minutes: int = 0,
    predictor: Predictor | None = None,
    config: Config | None = None,
    late: float = 0.020,
    noise: float = 0.004,
    seed: int = 1,
) -> Path:
    """Keep a take of the partner's, begun so many minutes after noon."""
    of = of or song()
    played = onsets(of, late=late, noise=noise, seed=seed)
    at = NOON + timedelta(minutes=minutes)
    return record(root, of, played, config=config or Config(), predictor=predictor or ZeroPredictor(), at=at)
