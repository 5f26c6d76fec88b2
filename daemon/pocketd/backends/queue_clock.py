"""The clock of a queue that has to be asked, made one that never goes back and never stops.

ALSA reckons a queue's time from its timer's last tick. A tick that came late sets it back by as much, some
microseconds; and a stamp that was taken before may be ahead of what is read after it.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from pocket_core.types import Seconds


class QueueClock:
    """The time of a queue.

    Args:
        read: Asks the queue; None: it does not answer any more.
        machine: The machine's monotonic clock, which carries on where the queue does not answer.
    """

    def __init__(
        self, read: Callable[[], float | None], machine: Callable[[], float] = time.perf_counter
    ) -> None:
        self.dead = False  # the queue has not answered
        self._read = read
        self._machine = machine
        self._latest = 0.0
        self._stamped = 0.0
        self._read_at = machine()

    def now(self) -> Seconds:
        """Read the clock."""
        machine = self._machine()
        told = None if self.dead else self._read()
        if told is None:
            self.dead = True
            told = self._latest + machine - self._read_at
        self._latest = max(self._latest, told)
        self._read_at = machine
        return Seconds(self._latest)

    def stamped(self, at: float) -> Seconds:
        """Return when something arrived, told in order: not before what came ahead of it, nor after `now`."""
        self._stamped = max(self._stamped, at)
        self._latest = max(self._latest, self._stamped)
        return Seconds(self._stamped)
