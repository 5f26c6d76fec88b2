"""Messages that were handed over a little ahead, for a system that sends at once: each leaves at its time.

What is decided ahead costs no time when it has to leave: then it is only sent.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable
from itertools import count

from pocket_core.types import Due, Seconds
from pocketd.backends.clock import Clock


class Punctual:
    """Holds messages until their time; one thread has it.

    Args:
        clock: To wait by.
        out: Sends a message now.
    """

    def __init__(self, clock: Clock, out: Callable[[bytes], None]) -> None:
        self._clock = clock
        self._out = out
        self._held: list[tuple[Seconds, int, bytes]] = []  # a heap; the number keeps ties in order
        self._number = count()

    def hand(self, due: Due) -> None:
        """Hold a message until its time; where that has passed it leaves now, behind what was due before."""
        heapq.heappush(self._held, (due.at, next(self._number), due.data))
        self.keep(self._clock.now())

    def next_at(self) -> Seconds:
        """Return when the next message leaves; infinity: none is held."""
        return self._held[0][0] if self._held else Seconds(math.inf)

    def keep(self, until: Seconds) -> None:
        """Let out each message that is due by then, and wait for its time; return behind the last."""
        while self._held and self._held[0][0] <= until:
            self._clock.wait(self._held[0][0])
            self._out(heapq.heappop(self._held)[2])
