"""What people and the recorder may see of a running engine."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Counts:
    """What went through, in hits; the engine counts on, and hands out copies."""

    events_in: int = 0  # hits that came on drums
    events_out: int = 0  # hits that left
    late: int = 0  # hits that came too late for their time
    orphans: int = 0  # releases of notes that nobody had struck, not passed on
    human: int = 0  # onsets of the musician that passed the filter while the transport ran

    @property
    def lost(self) -> int:
        """Hits that came and have not left; 0 once nothing waits."""
        return self.events_in - self.events_out


@dataclass(frozen=True, slots=True)
class Status:
    """Where the effect is, for people to look at."""

    running: bool
    bpm: float
    bar: int  # from 1
    beat: float  # from 1.0
    offset_ms: float  # of the newest hit that left
    amount: float
    bypass: bool
