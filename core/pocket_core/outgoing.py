"""What waits to leave: every note with its release, and whatever passes through.

A note is struck, may wait, leaves, and is released; whatever happens in between, its note-on and its note-off
leave exactly once, in this order, the same distance apart as they came.
"""

from __future__ import annotations

import heapq
import math
from dataclasses import dataclass

from pocket_core.types import Due, Hit, Port, Release, Seconds
from pocket_core.wire import note_off, note_on

Key = tuple[int, int]  # channel, note

SHORTEST = Seconds(0.010)  # a note that nobody released sounds at least this long
FOREVER = Seconds(math.inf)
RELEASE_VELOCITY = 64  # what MIDI asks for where it is not known


@dataclass(frozen=True, slots=True)
class _Release:
    at: Seconds
    velocity: int
    order: int  # of arrival


@dataclass(slots=True, eq=False)
class Note:
    """A struck note on its way."""

    hit: Hit
    order: int  # of arrival
    voice: int = -1  # index into VOICES; negative: outside the map
    velocity: int | None = None  # 1..127 with which it leaves; None: as it came
    leaves: Seconds | None = None  # None while its timestep is pending
    sounds: Seconds = Seconds(0.0)  # when its note-on leaves, once that is handed over
    release: _Release | None = None
    ended: bool = False

    @property
    def key(self) -> Key:
        """Channel and note."""
        return self.hit.channel, self.hit.note


class Outgoing:
    """Notes from arrival to release, and the queue of messages that leave."""

    def __init__(self) -> None:
        self._queue: list[tuple[Seconds, int, Note | None, bytes]] = []  # bytes: of a message that passes
        self._order = 0  # ties leave in order of arrival
        self._open: dict[Key, Note] = {}  # struck, not released by whoever struck it
        self._sounding: dict[Key, Note] = {}  # left, not ended
        self._silent: dict[Key, Seconds] = {}  # when the newest note-off leaves, once that is handed over

    def strike(self, hit: Hit) -> Note:
        """Take in a note; it leaves when `send` says."""
        note = Note(hit, self._arrival())
        before = self._open.get(note.key)
        if before is not None:  # a repeated note ends the one before
            self._release(before, hit.at, RELEASE_VELOCITY)
        self._open[note.key] = note
        return note

    def release(self, release: Release) -> bool:
        """Take in a release; False: nothing was struck that it could end."""
        note = self._open.pop((release.channel, release.note), None)
        if note is None:
            return False
        self._release(note, release.at, release.velocity)
        return True

    def release_channel(self, channel: int, at: Seconds) -> None:
        """End all notes of a channel, as "all notes off" asks."""
        for key in [key for key in self._open if key[0] == channel]:
            self._release(self._open.pop(key), at, RELEASE_VELOCITY)

    def release_all(self, at: Seconds, struck_before: Seconds = FOREVER) -> None:
        """End every note that nobody has released, or the older of them; what waits ends after it has left.

        Args:
            at: From when on they are released; each sounds for `SHORTEST` at least.
            struck_before: Later notes go on.
        """
        for key, note in list(self._open.items()):
            if note.hit.at < struck_before:
                del self._open[key]
                self._release(note, Seconds(max(at, note.hit.at + SHORTEST)), RELEASE_VELOCITY)

    def send(self, note: Note, at: Seconds) -> None:
        """Let a note leave at this time; its release follows as far behind as it came."""
        note.leaves = at
        self._push(at, note.order, note)
        if note.release is not None:
            self._push_release(note, at, note.release)

    def pass_on(self, data: bytes, at: Seconds) -> None:
        """Let any other message leave at this time."""
        self._push(at, self._arrival(), None, data)

    def next_at(self) -> Seconds | None:
        """Return when the next message leaves."""
        return self._queue[0][0] if self._queue else None

    def pop(self, at: Seconds) -> list[Due]:
        """Let the next message leave at this time; none if it turns out to be a release of an ended note.

        Where messages are handed over ahead of their time, one that is pulled may be for an earlier time than
        one before it; of one key they still leave in their order.
        """
        _, _, note, data = heapq.heappop(self._queue)
        if note is None:
            return [Due(at, Port.OUT, data)]
        if self._sounding.get(note.key) is note or note.ended:
            return self._end(note, at)
        before = self._sounding.get(note.key)
        ends = self._end(before, at) if before is not None else []
        at = max(at, self._silent.get(note.key, at))
        self._sounding[note.key] = note
        note.sounds = at
        velocity = note.hit.velocity if note.velocity is None else note.velocity
        return [*ends, Due(at, Port.OUT, note_on(note.hit.channel, note.hit.note, velocity))]

    @property
    def idle(self) -> bool:
        """Whether nothing waits and nothing sounds."""
        return not self._queue and not self._sounding

    def _end(self, note: Note, at: Seconds) -> list[Due]:
        if note.ended:
            return []
        note.ended = True
        del self._sounding[note.key]
        self._silent[note.key] = at = max(at, note.sounds)
        velocity = RELEASE_VELOCITY if note.release is None else note.release.velocity
        return [Due(at, Port.OUT, note_off(note.hit.channel, note.hit.note, velocity))]

    def _release(self, note: Note, at: Seconds, velocity: int) -> None:
        note.release = _Release(at, velocity, self._arrival())
        if note.leaves is not None:
            self._push_release(note, note.leaves, note.release)

    def _push_release(self, note: Note, leaves: Seconds, release: _Release) -> None:
        self._push(Seconds(leaves + max(release.at - note.hit.at, 0.0)), release.order, note)

    def _arrival(self) -> int:
        self._order += 1
        return self._order

    def _push(self, at: Seconds, order: int, note: Note | None, data: bytes = b"") -> None:
        heapq.heappush(self._queue, (at, order, note, data))
