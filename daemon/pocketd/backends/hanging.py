"""Notes that sound on in a device which was not there when their note-offs left.

For a system that plays messages at their times by itself: what has left is known only by the time it was for.
"""

from __future__ import annotations

import heapq
from itertools import count

from pocket_core.types import Seconds
from pocket_core.wire import note_off

Key = tuple[int, int]  # channel, note
RELEASE_VELOCITY = 64
HISTORY = Seconds(1.0)  # so much later, at most, one hears that a device has gone
UNSURE = Seconds(0.005)  # what was due so shortly before a device went may have left, or not


class Hanging:
    """What was sent lately, which notes sound, and who has missed the end of which."""

    def __init__(self) -> None:
        self._number = count()
        self._sent: list[tuple[Seconds, int, bytes]] = []  # a heap: younger than HISTORY, or due
        self._sounding: set[Key] = set()  # before all of those
        self._missed: frozenset[Key] = frozenset()

    def sent(self, at: Seconds, data: bytes, now: Seconds) -> None:
        """Take note of a message that was sent for a time."""
        while self._sent and self._sent[0][0] < now - HISTORY:
            follow(self._sounding, heapq.heappop(self._sent)[2])
        if data[0] & 0xE0 == 0x80:
            heapq.heappush(self._sent, (at, next(self._number), data))

    def lose(self, at: Seconds) -> None:
        """Take note that a device went then: it missed the ends of all notes that may have sounded there."""
        sounding = self._sounding_at(Seconds(at - UNSURE))
        since = [data for when, _, data in self._sent if at - UNSURE < when <= at]
        self._missed |= sounding | {_key(data) for data in since if _strikes(data)}

    def come_back(self, now: Seconds) -> list[bytes]:
        """Return the note-offs that a device which is there again has missed, but for notes struck again."""
        missed, self._missed = self._missed, frozenset()
        return [
            note_off(channel, note, RELEASE_VELOCITY)
            for channel, note in sorted(missed - self._sounding_at(now))
        ]

    def _sounding_at(self, at: Seconds) -> frozenset[Key]:
        sounding = set(self._sounding)
        for when, _, data in sorted(self._sent):
            if when <= at:
                follow(sounding, data)
        return frozenset(sounding)


def follow(sounding: set[Key], data: bytes) -> None:
    """Bring the notes that sound up to date with a note-on or a note-off."""
    if _strikes(data):
        sounding.add(_key(data))
    else:
        sounding.discard(_key(data))


def _strikes(data: bytes) -> bool:
    return data[0] & 0xF0 == 0x90 and data[2] > 0


def _key(data: bytes) -> Key:
    return data[0] & 0x0F, data[1]
