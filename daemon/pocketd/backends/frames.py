"""The clock of a server that counts frames, as seconds: JACK's and PipeWire's.

`now` is the end of the cycle under way, plus what has passed since it was announced: all that a cycle carries
has come by then, and all that is due later can still leave at its exact frame. Between two announcements the
machine's clock carries on, for a cycle at most, so that a server which stumbles takes time along. Where no
server runs, or one has stood still for a while, the machine's clock carries on for good: time never ends, and
never goes back. On PipeWire the count is that of the device which drives the graph, and leaps where another
takes over: time goes on.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

from pocket_core.types import Seconds

STILL = 1.0  # seconds without a cycle: the server has stood still, and is as good as gone
#: Seconds that a count may gain on the machine's clock in a cycle; with more it is another's.
LEAP = 0.1
WRAP = 1 << 32  # JACK counts frames in 32 bits: at 48 kHz a little over a day


@dataclass(frozen=True, slots=True)
class _Count:
    """How frames and seconds go together on one server."""

    frame: int  # a frame ...
    at: float  # ... and its time
    rate: int  # Hz


@dataclass(frozen=True, slots=True)
class _Cycle:
    """What `now` is reckoned from: one tuple, so that no thread ever sees a half of it."""

    end: float  # seconds
    machine: float  # the machine's clock as it was announced
    period: float  # seconds; as long as the machine's clock may carry on


class FrameClock:
    """Frames and seconds; `begin` is called by the server's thread, all else by any.

    Args:
        machine: The machine's monotonic clock.
    """

    def __init__(self, machine: Callable[[], float] = time.perf_counter) -> None:
        self._machine = machine
        self._count = _Count(0, 0.0, 48_000)
        self._cycle = _Cycle(0.0, machine(), math.inf)
        self._told: int | None = None  # the server's newest count, 0..WRAP - 1; None: no server yet
        self._start = 0  # ... and what it is without the wrap
        self._latest = 0.0

    def begin(self, told: int, frames: int, rate: int) -> int:
        """Take note that a cycle begins.

        Args:
            told: What the server says is its first frame; counted from anywhere, in 32 bits, and perhaps
                from anywhere else than in the cycle before.
            frames: How long it is.
            rate: Frames a second.

        Returns:
            Its first frame, which never wraps and goes on where a new server takes over.
        """
        machine = self._machine()
        passed = machine - self._cycle.machine
        gained = 0 if self._told is None else (told - self._told) % WRAP  # a step back is a great one ahead
        leaps = gained / rate > passed + frames / rate + LEAP
        if self._told is None or rate != self._count.rate or leaps or self.still:
            now = self.now()
            self._count = _Count(round(now * rate) - frames, now - frames / rate, rate)
            self._start = self._count.frame
        else:
            self._start += gained
        self._told = told
        self._cycle = _Cycle(self.seconds(self._start + frames), machine, frames / rate)
        return self._start

    @property
    def still(self) -> bool:
        """Whether a server has announced no cycle for a while."""
        cycle = self._cycle
        return cycle.period < math.inf and self._machine() - cycle.machine > cycle.period + STILL

    def lose(self) -> None:
        """Take note that the server has gone: the machine's clock carries on until another begins."""
        self._cycle = _Cycle(self.now(), self._machine(), math.inf)
        self._told = None

    def now(self) -> Seconds:
        """Read the clock; it never goes back."""
        cycle = self._cycle
        passed = max(self._machine() - cycle.machine, 0.0)
        beyond = max(passed - cycle.period - STILL, 0.0)
        self._latest = max(self._latest, cycle.end + min(passed, cycle.period) + beyond)
        return Seconds(self._latest)

    def seconds(self, frame: int) -> Seconds:
        """Return the time of a frame."""
        count = self._count
        return Seconds(count.at + (frame - count.frame) / count.rate)

    def frame(self, at: Seconds) -> int:
        """Return the frame nearest to a time."""
        count = self._count
        return count.frame + round((at - count.at) * count.rate)
