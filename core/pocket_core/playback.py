"""A drum part that pocketd plays by itself, locked to the song's clock: from a file, or a loop that it knows.

Its hits reach the engine as the drums of a DAW would that sends them early by the look-ahead: each with the
time at which such a DAW would have sent it, even where that has passed, as behind a start. So nothing has to
be sent early, and a take of it is like any other.

Where the song goes on is known beforehand only in a loop. What has been handed over for behind a jump that
nobody expected is withdrawn, by a message that stands in the journal like the rest.
"""

from __future__ import annotations

import heapq
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from typing import Protocol

from pocket_core.score_features import Repeat
from pocket_core.transport import Relocated, Started, TransportChange
from pocket_core.types import Beats, Seconds
from pocket_core.wire import note_off

NEAR = Beats(1 / 48)  # half a pulse of MIDI clock; so far may a message be from its place
PULSE = Beats(1 / 24)  # where a loop ends between two of them, one pass has one more than the next
LOOSE = Beats(PULSE + NEAR)  # a jump that is so near to the expected one is it
SAME = 1e-6  # beats; far less than a sample
TICKS = 960  # to a quarter note, in a withdrawal
_WITHDRAW = bytes((0xF0, 0x7D, 0x77))  # 7D: for use within one program (MIDI 1.0, manufacturer IDs)
_DIGITS = 5  # of 7 bits, the least first


@dataclass(frozen=True, slots=True)
class Cue:
    """A message at a place in the song."""

    beat: Beats
    data: bytes  # a note-on, or any other whole message but a note-off
    length: Beats = Beats(0.0)  # of a note, > 0


@dataclass(frozen=True, slots=True)
class Part:
    """What is played."""

    cues: tuple[Cue, ...]  # at rising beats; of a loop from its entry to before its end
    repeat: Repeat | None = None  # it goes round there


@dataclass(frozen=True, slots=True)
class Fed:
    """A message for the engine's port `drums`."""

    at: Seconds  # when a DAW would have sent it
    data: bytes


class Timeline(Protocol):
    """Times to positions and back: a song's clock, or one that counts otherwise."""

    @property
    def running(self) -> bool:
        """Whether it runs."""

    def beat_at(self, at: Seconds) -> Beats:
        """Return the position at a time."""

    def time_of(self, beat: Beats) -> Seconds:
        """Return the time of a position."""


class Playback:
    """Hands a part over as the clock comes to it.

    Positions are the clock's own; those behind the end of a loop are not reached before it jumps.

    Args:
        whole: What is played where `use` says nothing else; None: nothing.
    """

    def __init__(self, whole: Part | None = None) -> None:
        self._whole = whole
        self._part = whole
        self._next: Beats | None = None  # all before has been handed over; None: the clock stands
        self._offs: list[tuple[float, int, bytes]] = []  # a heap of beats
        self._number = count()

    @property
    def part(self) -> Part | None:
        """What is played."""
        return self._part

    def use(self, part: Part | None, begin: Beats | None = None) -> None:
        """Play another part, None: what is played else.

        Args:
            part: It.
            begin: From where on; None: from where the one before has been handed over.
        """
        self._part = self._whole if part is None else part
        if begin is not None and self._next is not None:
            self._next = begin

    def follow(self, change: TransportChange) -> list[Fed]:
        """Follow the transport, and return what the engine has to hear of it."""
        if isinstance(change, Started):
            self._next = Beats(change.beat - NEAR)
            self._offs.clear()
        elif isinstance(change, Relocated):
            return self._jump(change)
        else:
            self._next = None
            self._offs.clear()  # the engine ends every note where the transport stops
        return []

    def turn(self, clock: Timeline, lead: Seconds, now: Seconds) -> list[Fed]:
        """Return what is to be handed over by now, in order.

        Args:
            clock: The engine's, or another that counts where it goes.
            lead: How much earlier than its place each message is handed over.
            now: On the clock of the MIDI system.
        """
        if self._next is None or not clock.running:
            return []
        fed = self._go_straight_on(clock, now)
        until = Beats(clock.beat_at(Seconds(now + lead)) + SAME)  # what `next_at` said included
        for beat, cue in self._cues(self._next, until):
            fed += self._end_before(beat, clock, lead)
            fed.append(Fed(Seconds(clock.time_of(beat) - lead), cue.data))
            if cue.data[0] & 0xF0 == 0x90:
                off = note_off(cue.data[0] & 0x0F, cue.data[1], 64)
                heapq.heappush(self._offs, (beat + cue.length, next(self._number), off))
        self._next = max(self._next, until)
        return fed + self._end_before(until, clock, lead)

    def next_at(self, clock: Timeline, lead: Seconds) -> Seconds | None:
        """Return when there is something to hand over next; None: nothing, as things are."""
        if self._next is None or not clock.running:
            return None
        beats = [beat for beat, *_ in self._offs[:1]]
        beats += [beat for beat, _ in self._cues(self._next, None)]
        return Seconds(clock.time_of(Beats(min(beats))) - lead) if beats else None

    def _jump(self, change: Relocated) -> list[Fed]:
        repeat = self._part.repeat if self._part else None
        if self._next is not None and repeat is not None and closes(change, repeat):
            back = change.left - change.entered
            self._next = Beats(self._next - back)
            self._offs = [(beat - back, number, off) for beat, number, off in self._offs]
            return []
        self._next = Beats(change.entered - NEAR)
        self._offs.clear()  # the engine ends what began before the jump
        return [Fed(change.at, withdrawal(change.entered))] if self._part else []

    def _go_straight_on(self, clock: Timeline, now: Seconds) -> list[Fed]:
        """Notice that a loop has not gone round: what was handed over for behind it was wrong."""
        repeat = self._part.repeat if self._part else None
        here = clock.beat_at(now)
        if repeat is None or self._next is None or not repeat.left + LOOSE < here < repeat.left + 1.0:
            return []
        if self._next <= repeat.left:
            return []
        self._next = here if self._whole is None else Beats(repeat.left - NEAR)
        self._offs.clear()
        self._part = self._whole
        return [Fed(now, withdrawal(repeat.left))]

    def _cues(self, begin: Beats, end: Beats | None) -> list[tuple[Beats, Cue]]:
        """Return what is from one position to before another, through the ends of a loop.

        Args:
            begin: The first position.
            end: The last one; None: only the next cue is asked for.
        """
        part = self._part
        if part is None or not part.cues:
            return []
        if part.repeat is None:
            return _between(part.cues, begin, end)
        length = part.repeat.left - part.repeat.entered
        found: list[tuple[Beats, Cue]] = []
        first, lap = min(part.repeat.entered, part.cues[0].beat), 0  # one may be a hair before the entry
        while end is None or first + lap * length < end:
            shift = lap * length
            last = None if end is None else Beats(end - shift)
            found += [(Beats(beat + shift), cue) for beat, cue in _between(part.cues, begin - shift, last)]
            if end is None and found:
                return found
            lap += 1
        return found

    def _end_before(self, beat: Beats, clock: Timeline, lead: Seconds) -> list[Fed]:
        fed = []
        while self._offs and self._offs[0][0] <= beat:
            at, _, data = heapq.heappop(self._offs)
            fed.append(Fed(Seconds(clock.time_of(Beats(at)) - lead), data))
        return fed


def _between(cues: Sequence[Cue], begin: float, end: Beats | None) -> list[tuple[Beats, Cue]]:
    first = bisect_left(cues, begin, key=lambda cue: cue.beat)
    if end is None:
        return [(cue.beat, cue) for cue in cues[first : first + 1]]
    return [(cue.beat, cue) for cue in cues[first : bisect_left(cues, end, key=lambda cue: cue.beat)]]


def closes(change: Relocated, repeat: Repeat) -> bool:
    """Return whether a jump is from the end of a loop to its beginning."""
    return abs(change.left - repeat.left) < LOOSE and abs(change.entered - repeat.entered) < NEAR


def withdrawal(beat: Beats) -> bytes:
    """Return the message that takes back what waits at a position and behind it.

    What has left there already cannot be taken back; the same drum there does not sound a second time.
    """
    ticks = max(round((beat - NEAR) * TICKS), 0)
    digits = bytes(ticks >> 7 * n & 0x7F for n in range(_DIGITS))
    return _WITHDRAW + digits + b"\xf7"


def withdrawn(data: bytes) -> Beats | None:
    """Return the position from which on a message takes back what waits; None: it is no such message."""
    if len(data) != len(_WITHDRAW) + _DIGITS + 1 or not data.startswith(_WITHDRAW):
        return None
    return Beats(sum(digit << 7 * n for n, digit in enumerate(data[len(_WITHDRAW) : -1])) / TICKS)
