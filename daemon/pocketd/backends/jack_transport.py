"""What JACK's transport says of the song, as reports for the engine.

Whether a cycle is worth a report is decided in JACK's process callback, so there is not much to it. Behind a
relocation there are a cycle or two of a transport that is about to roll, or whose bar and beat the timebase
master has yet to tell: nothing is said of these, and whoever hears nothing for long takes it to stand. The
fields are those of `jack_position_t` in jack/types.h.
"""

from __future__ import annotations

import math
from typing import Protocol

from pocket_core.report import FARTHEST, FASTEST, SLOWEST, Report
from pocket_core.tempo import Meter
from pocket_core.types import Beats, Seconds

STOPPED, ROLLING = 0, 1  # jack_transport_state_t; 3 is about to roll
BBT, BBT_OFFSET = 0x10, 0x40  # jack_position_bits_t

EVERY = 0.05  # seconds between two reports while nothing changes
BARE = 0.25  # seconds without bar and beat that mean that nobody will tell them

NO_TIME = Seconds(0.0)  # a report's time is that of the message that carries it


class Position(Protocol):
    """What is read of a `jack_position_t`."""

    frame: int
    frame_rate: int
    valid: int
    bar: int  # from 1
    beat: int  # from 1
    tick: int
    beats_per_bar: float
    beat_type: float
    ticks_per_beat: float
    beats_per_minute: float
    bbt_offset: int


class TransportWatch:
    """Looks at the transport once a cycle.

    Args:
        tempo: Of a transport that tells only frames; None: such a one says nothing.
    """

    def __init__(self, tempo: float | None = None) -> None:
        self._tempo = tempo
        self.begin()

    def begin(self) -> None:
        """Forget all: this is another server."""
        self._rolling = False  # as was last reported
        self._next = -1  # the frame of the next cycle, where the transport does not jump
        self._bpm = 0.0  # as it was told, not what it comes to
        self._since = 0  # frames since the last report
        self._bare = math.inf  # frames since bar and beat were last told
        self._beat = 0.0  # of the last report
        self._confirmed = False  # a second report in this run has been made

    def look(self, state: int, position: Position, frames: int) -> Report | None:
        """Return what there is to say of a cycle of so many frames, as of its first; None: nothing."""
        self._bare = 0 if position.valid & BBT else self._bare + frames
        if state == STOPPED and self._rolling:
            self._rolling = False
            return Report(NO_TIME, Beats(self._beat), SLOWEST, rolling=False)
        if state != ROLLING:
            return None
        goes_on = self._rolling and position.frame == self._next
        self._next = position.frame + frames
        self._since += frames
        told = position.beats_per_minute if position.valid & BBT else self._bpm
        often = self._since < EVERY * position.frame_rate
        if goes_on and told == self._bpm and often and self._confirmed:
            return None
        return self._report(position, goes_on=goes_on and told == self._bpm)

    def _report(self, position: Position, *, goes_on: bool) -> Report | None:
        found = self._read(position, goes_on=goes_on)
        if found is None or not (SLOWEST <= found.bpm <= FASTEST and abs(found.beat) <= FARTHEST):
            self._next = -1  # so that the next cycle says where it is
            return None
        self._confirmed = goes_on
        self._rolling, self._since, self._beat = True, 0, found.beat
        return found

    def _read(self, position: Position, *, goes_on: bool) -> Report | None:
        rate = position.frame_rate
        if position.valid & BBT:
            if position.ticks_per_beat <= 0:
                return None
            self._bpm = position.beats_per_minute
            meter = _meter(position)
            unit = 1.0 if meter is None else 4 / meter.denominator  # quarter notes to JACK's beat
            beats = (position.bar - 1) * position.beats_per_bar + position.beat - 1
            beat = (beats + position.tick / position.ticks_per_beat) * unit
            seconds = self._since / rate if goes_on else 0.0
            bpm = _quarters(self._bpm, unit, beat - self._beat, seconds)
            if position.valid & BBT_OFFSET:
                beat += position.bbt_offset / rate * bpm / 60
            return Report(NO_TIME, Beats(beat), bpm, rolling=True, meter=meter)
        if self._tempo is None or self._bare < BARE * rate:
            return None
        self._bpm = self._tempo
        return Report(NO_TIME, Beats(position.frame / rate * self._tempo / 60), self._tempo, rolling=True)


def _meter(position: Position) -> Meter | None:
    beats, unit = position.beats_per_bar, position.beat_type
    if not 1 <= beats <= 64 or beats % 1 or unit not in (1, 2, 4, 8, 16, 32, 64):
        return None
    return Meter(round(beats), round(unit))


def _quarters(bpm: float, unit: float, moved: float, seconds: float) -> float:
    """Return quarter notes a minute.

    JACK does not say whether its beats a minute are quarter notes or of the meter's unit, so what the
    position has moved by decides; before it has, the meter's unit, as in JACK's own examples.
    """
    counted = bpm * unit
    if unit == 1.0 or seconds <= 0:
        return counted
    goes = moved / seconds * 60
    return counted if abs(goes - counted) <= abs(goes - bpm) else bpm
