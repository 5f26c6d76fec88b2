"""What leaves as it came, past the engine: each message at its time, and at the end no note sounds on."""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from itertools import count

from pocket_core.types import Due, Port, Seconds
from pocket_core.wire import note_off
from pocketd.backends.hanging import RELEASE_VELOCITY, Key, follow

NOTES = (0x80, 0x90)


class Passing:
    """Messages that wait for their time."""

    def __init__(self) -> None:
        self._waiting: list[tuple[Seconds, int, Due]] = []  # a heap; the number keeps ties in order
        self._number = count()
        self._sounding: set[Key] = set()  # by what has left

    def add(self, messages: Iterable[Due]) -> None:
        """Let messages wait."""
        for message in messages:
            heapq.heappush(self._waiting, (message.at, next(self._number), message))

    def take(self, until: Seconds) -> list[Due]:
        """Return what is due before `until`, earliest first; it counts as sent."""
        taken = []
        while self._waiting and self._waiting[0][0] < until:
            message = heapq.heappop(self._waiting)[2]
            if message.data[0] & 0xF0 in NOTES:
                follow(self._sounding, message.data)
            taken.append(message)
        return taken

    def next_at(self) -> Seconds | None:
        """Return when the next message is due; None: nothing waits."""
        return self._waiting[0][0] if self._waiting else None

    def end(self, at: Seconds) -> None:
        """Let every note end that sounds, or is still to sound, behind all that waits."""
        sounding = set(self._sounding)
        for _, _, message in sorted(self._waiting):
            at = max(at, message.at)
            if message.data[0] & 0xF0 in NOTES:
                follow(sounding, message.data)
        self.add(Due(at, Port.OUT, note_off(*key, RELEASE_VELOCITY)) for key in sorted(sounding))
