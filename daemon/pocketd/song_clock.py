"""Which song clock a configuration asks for, at its beginning or from where another was."""

from __future__ import annotations

from pocket_core.best_clock import BestClock
from pocket_core.clock import MapClock, PulseClock
from pocket_core.memory import ClockMemory
from pocket_core.report_clock import ReportClock
from pocket_core.tempo import steady
from pocket_core.transport import SongClock
from pocketd.config import Config


def song_clock(config: Config) -> SongClock:
    """Return the clock that a configuration asks for: the DAW's, or one that counts by itself."""
    match config.clock:
        case "internal":
            return MapClock(steady(config.tempo))
        case "midi":
            return PulseClock(config.tempo)
        case "jack" | "link":
            return ReportClock(config.tempo)
        case "auto":
            return BestClock(config.tempo)


def heard_clock(config: Config) -> SongClock:
    """Return the clock to listen by: as `song_clock`, but the DAW's where the configuration has none."""
    return PulseClock(config.tempo) if config.clock == "internal" else song_clock(config)


def song_clock_of(memory: ClockMemory, config: Config, bpm: float) -> SongClock:
    """Return such a clock that runs on from what another knew; `bpm` holds where that did not tell."""
    match config.clock:
        case "internal":
            return MapClock.of(memory, steady(config.tempo))
        case "midi":
            return PulseClock.of(memory, bpm)
        case "jack" | "link":
            return ReportClock.of(memory, bpm)
        case "auto":
            return BestClock.of(memory, bpm)
