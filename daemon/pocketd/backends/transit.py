"""Messages on their way between the loop and a server's process callback, each with its frame.

The callback takes what is due within its cycle, and leaves the rest. Nothing here waits or locks: what the
two threads share are deques, whose ends are atomic.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

from pocket_core.types import Port
from pocket_core.wire import note_off
from pocketd.backends.hanging import RELEASE_VELOCITY, Key, follow


@dataclass(frozen=True, slots=True)
class Arrived:
    """A message that came in."""

    frame: int
    port: Port
    data: bytes


@dataclass(frozen=True, slots=True, order=True)
class _Leaving:
    frame: int
    number: int  # ties leave as they were handed over
    data: bytes


class Transit:
    """What has come and not been polled, and what was handed over and has not left."""

    def __init__(self) -> None:
        self._arrived: deque[Arrived] = deque()
        self._handed: deque[_Leaving] = deque()
        self._number = count()
        self._leaving: list[_Leaving] = []  # a heap; the callback's own
        self._sounding: set[Key] = set()  # the callback's own
        self._hanging: deque[frozenset[Key]] = deque()  # to be ended where they do not sound again

    # --- the loop's side -------------------------------------------------------------------------------

    def hand(self, frame: int, data: bytes) -> None:
        """Let a message leave at a frame, or at once where that has passed."""
        self._handed.append(_Leaving(frame, next(self._number), data))

    def take(self) -> list[Arrived]:
        """Return what has arrived since the last call."""
        arrived = []
        while self._arrived:
            arrived.append(self._arrived.popleft())
        return arrived

    @property
    def waits(self) -> bool:
        """Whether something has arrived that nobody has taken."""
        return bool(self._arrived)

    @property
    def empty(self) -> bool:
        """Whether all that was handed over has left."""
        return not self._handed and not self._leaving

    def release(self, notes: frozenset[Key]) -> None:
        """End notes that sound on in a device which was not there when their note-offs left.

        Those that are struck again by now are left alone.
        """
        if notes:
            self._hanging.append(notes)

    # --- the callback's side ---------------------------------------------------------------------------

    def arrive(self, frame: int, port: Port, data: bytes) -> None:
        """Take in a message."""
        self._arrived.append(Arrived(frame, port, data))

    def leave(self, start: int, end: int) -> Iterator[tuple[int, bytes]]:
        """Yield what leaves from frame `start` on and before `end`, in order, with its frame.

        What the receiver does not ask for any more stays for the next cycle.
        """
        while self._handed:
            heapq.heappush(self._leaving, self._handed.popleft())
        while self._hanging:
            first = min(start, self._leaving[0].frame) if self._leaving else start
            for channel, note in sorted(self._hanging.popleft() - self._sounding):
                off = note_off(channel, note, RELEASE_VELOCITY)
                heapq.heappush(self._leaving, _Leaving(first, -1, off))  # before all that is due
        while self._leaving and self._leaving[0].frame < end:
            message = self._leaving[0]
            yield max(message.frame, start), message.data
            heapq.heappop(self._leaving)
            if message.data[0] & 0xE0 == 0x80:
                follow(self._sounding, message.data)

    # --- either, while no callback runs ----------------------------------------------------------------

    @property
    def sounding(self) -> frozenset[Key]:
        """The notes that have left and have not ended; from a thread besides, a cycle old."""
        while True:
            try:
                return frozenset(self._sounding)
            except RuntimeError:  # it changed while it was read
                continue

    def cut(self) -> frozenset[Key]:
        """Forget what has not left, for no server carries it any more, and return the notes that sound on."""
        self._handed.clear()
        self._leaving.clear()
        sounding, self._sounding = frozenset(self._sounding), set()
        return sounding
