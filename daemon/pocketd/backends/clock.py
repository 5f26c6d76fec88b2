"""The one place that reads a clock or waits, and its twin for tests, which jumps."""

from __future__ import annotations

import time
from typing import Protocol

from pocket_core.types import Seconds

#: How long before its time a wait stops sleeping and spins: `time.sleep` is up to 0.24 ms late (p99, idle).
SPIN = Seconds(0.0003)


class Clock(Protocol):
    """What time it is, and how to let it pass."""

    def now(self) -> Seconds:
        """Read the clock, monotonic, from any origin."""

    def wait(self, until: Seconds) -> None:
        """Return at that time, or at once where it has passed."""

    def doze(self, until: Seconds) -> None:
        """Return at about that time, or at once where it has passed."""


class SystemClock:
    """The machine's monotonic clock."""

    def now(self) -> Seconds:
        """Read the clock."""
        return Seconds(time.perf_counter())

    def wait(self, until: Seconds) -> None:
        """Sleep until just before, then spin: a few microseconds late at most on an idle core."""
        self.doze(Seconds(until - SPIN))
        while time.perf_counter() < until:
            pass

    def doze(self, until: Seconds) -> None:
        """Sleep; late by what the system's timer is late."""
        left = until - time.perf_counter()
        if left > 0:
            time.sleep(left)


class VirtualClock:
    """Time that passes only when somebody waits: hours of music in a second, and the same each time."""

    def __init__(self, now: Seconds = Seconds(0.0)) -> None:
        self._now = now

    def now(self) -> Seconds:
        """Return the time that was last waited for."""
        return self._now

    def wait(self, until: Seconds) -> None:
        """Jump there; never back."""
        self._now = max(self._now, until)

    def doze(self, until: Seconds) -> None:
        """Jump there; never back."""
        self.wait(until)
