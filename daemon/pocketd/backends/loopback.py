"""A MIDI system inside the process: for the demo and tests, and wherever the config asks for it."""

from __future__ import annotations

import heapq
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count

from pocket_core.settings import AT_ONCE, Timing
from pocket_core.types import Due, Port, Seconds
from pocketd.backends.clock import Clock, SystemClock
from pocketd.backends.protocol import INPUTS, Incoming


@dataclass(frozen=True, slots=True)
class Sent:
    """A message that left."""

    at: Seconds  # when it really left
    due: Due


class Loopback:
    """Plays what it was fed at the time it was fed for, and keeps what was sent.

    Args:
        clock: Whose time it is; the machine's unless told otherwise.
        timing: What it shall need of time, as a system that is handed messages ahead does.
    """

    name = "loopback"
    connected = None
    wakes = False
    priority = None
    port_names: Sequence[str] = tuple(f"loopback:{port}" for port in (*INPUTS, Port.OUT))

    def __init__(self, clock: Clock | None = None, timing: Timing = AT_ONCE) -> None:
        self.timing = timing
        self._clock = clock or SystemClock()
        self._coming: list[tuple[Seconds, int, Port, bytes]] = []  # a heap; the number keeps ties in order
        self._number = count()
        self._lock = threading.Lock()
        self.sent: list[Sent] = []

    def feed(self, port: Port, data: bytes, at: Seconds) -> None:
        """Let a message arrive at a time, which may lie ahead. From any thread."""
        with self._lock:
            heapq.heappush(self._coming, (at, next(self._number), port, data))

    @property
    def next_arrival(self) -> Seconds | None:
        """When the next message arrives; None: nothing was fed that is still to come."""
        with self._lock:
            return self._coming[0][0] if self._coming else None

    def now(self) -> Seconds:
        """Read the clock."""
        return self._clock.now()

    def poll(self) -> list[Incoming]:
        """Return what has arrived by now."""
        now = self._clock.now()
        arrived = []
        with self._lock:
            while self._coming and self._coming[0][0] <= now:
                at, _, port, data = heapq.heappop(self._coming)
                arrived.append(Incoming(at, port, data))
        return arrived

    def send(self, due: Due) -> None:
        """Note that it leaves: at its time where it was handed over ahead, else now."""
        now = self._clock.now()
        self.sent.append(Sent(max(now, due.at) if self.timing.notice else now, due))

    def wait(self, until: Seconds) -> None:
        """Wait for a time exactly."""
        self._clock.wait(until)

    def doze(self, until: Seconds) -> None:
        """Wait for about a time."""
        self._clock.doze(until)

    def declare(self, latency: Seconds) -> None:
        """Do nothing: nobody asks."""

    def check(self) -> str:
        """Return nothing: it lives as long as the process."""
        return ""

    def close(self) -> None:
        """Drop what was still to come."""
        with self._lock:
            self._coming.clear()
