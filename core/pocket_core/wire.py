"""Bytes on the wire to events and back: MIDI 1.0 as a stream that may be cut, interleaved or broken anywhere.

The rules are those of the MIDI 1.0 detailed specification (4.2, "Data format"), and where a stream breaks
them: drop what is unfinished, count it, and go on with the next status byte.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pocket_core.types import (
    Continue,
    ControlChange,
    Event,
    Hit,
    Other,
    Pulse,
    Release,
    Seconds,
    Sensing,
    SongPosition,
    Start,
    Stop,
)

PULSE = b"\xf8"
START = b"\xfa"
CONTINUE = b"\xfb"
STOP = b"\xfc"

MAX_SYSEX = 65_536  # bytes, with F0 and F7

_SYSEX, _SONG_POSITION, _END = 0xF0, 0xF2, 0xF7
_REAL_TIME = 0xF8  # this and above
_CHANNEL_LENGTH = (2, 2, 2, 2, 1, 1, 2)  # data bytes of 8n, 9n, An, Bn, Cn, Dn, En
_COMMON_LENGTH = {0xF1: 1, _SONG_POSITION: 2, 0xF3: 1, 0xF6: 0}  # F4 and F5 are undefined
_REAL_TIME_EVENT: dict[int, Callable[[Seconds], Event]] = {
    0xF8: Pulse,
    0xFA: Start,
    0xFB: Continue,
    0xFC: Stop,
    0xFE: Sensing,
}
_RESET = 0xFF


@dataclass(slots=True)
class Faults:
    """What was wrong with a stream so far. Nothing counted here became an event."""

    truncated: int = 0  # messages, sysex too, that a new status byte cut off
    stray: int = 0  # data bytes that belong to no message, and F7 that ends none
    undefined: int = 0  # F4, F5, F9 and FD
    oversized: int = 0  # sysex longer than the cap


class Decoder:
    """One port's byte stream, decoded as it comes.

    Keeps running status. Real-time bytes may fall anywhere and change nothing around them; that goes for
    system reset (FF) too, which comes out as `Other`: a stray FF must not cost a note.

    Args:
        max_sysex: Longest sysex kept, in bytes with F0 and F7; a longer one is swallowed up to its end.
    """

    def __init__(self, max_sysex: int = MAX_SYSEX) -> None:
        self.faults = Faults()
        self._max_sysex = max_sysex
        self._status = 0  # of the message under way, or running; 0: none
        self._wanted = 0  # data bytes of a message with this status
        self._fresh = False  # the status byte came, its first message has not ended
        self._data = bytearray()
        self._sysex: bytearray | None = None
        self._swallowing = False  # inside a sysex beyond the cap

    def feed(self, data: bytes, at: Seconds) -> list[Event]:
        """Decode the next bytes of the stream; never raises.

        Args:
            data: Any bytes: a part of a message, one, or many.
            at: Arrival of these bytes; each event gets the time of the bytes that completed it.
        """
        events: list[Event] = []
        for byte in data:
            if byte < 0x80:
                self._data_byte(byte, at, events)
            elif byte >= _REAL_TIME:
                self._real_time(byte, at, events)
            else:
                self._status_byte(byte, at, events)
        return events

    @property
    def held(self) -> int:
        """Bytes kept of the message under way; never more than `max_sysex`."""
        return len(self._data) + len(self._sysex or b"")

    def _data_byte(self, byte: int, at: Seconds, events: list[Event]) -> None:
        if self._status:
            self._data.append(byte)
            if len(self._data) == self._wanted:
                self._complete(at, events)
        elif self._sysex is not None:
            if len(self._sysex) < self._max_sysex - 1:  # F7 is still to come
                self._sysex.append(byte)
            else:
                self.faults.oversized += 1
                self._sysex, self._swallowing = None, True
        elif not self._swallowing:
            self.faults.stray += 1

    def _real_time(self, byte: int, at: Seconds, events: list[Event]) -> None:
        kind = _REAL_TIME_EVENT.get(byte)
        if kind is not None:
            events.append(kind(at))
        elif byte == _RESET:
            events.append(Other(at, b"\xff"))
        else:
            self.faults.undefined += 1

    def _status_byte(self, byte: int, at: Seconds, events: list[Event]) -> None:
        if byte == _END:
            self._end_of_sysex(at, events)
            return
        self._drop_unfinished()
        if byte < _SYSEX:
            self._status, self._wanted, self._fresh = byte, _CHANNEL_LENGTH[(byte >> 4) - 8], True
        elif byte == _SYSEX:
            self._sysex = bytearray((_SYSEX,))
        elif byte in _COMMON_LENGTH:
            self._status, self._wanted, self._fresh = byte, _COMMON_LENGTH[byte], True
            if self._wanted == 0:
                self._complete(at, events)
        else:
            self.faults.undefined += 1

    def _end_of_sysex(self, at: Seconds, events: list[Event]) -> None:
        whole = self._sysex
        if whole is not None:
            whole.append(_END)
            events.append(Other(at, bytes(whole)))
            self._sysex = None
        elif not self._swallowing:
            self.faults.stray += 1
        self._drop_unfinished()

    def _drop_unfinished(self) -> None:
        """End whatever is under way, and running status with it."""
        if self._fresh or self._data or self._sysex is not None:
            self.faults.truncated += 1
        self._data.clear()
        self._status, self._fresh, self._sysex, self._swallowing = 0, False, None, False

    def _complete(self, at: Seconds, events: list[Event]) -> None:
        events.append(_event(self._status, self._data, at))
        self._data.clear()
        self._fresh = False
        if self._status >= _SYSEX:  # system common cancels running status
            self._status = 0


def _event(status: int, data: bytearray, at: Seconds) -> Event:
    kind, channel = status & 0xF0, status & 0x0F
    if kind == 0x90 and data[1]:
        return Hit(at, channel, data[0], data[1])
    if kind in (0x80, 0x90):
        return Release(at, channel, data[0], data[1])
    if kind == 0xB0:
        return ControlChange(at, channel, data[0], data[1])
    if status == _SONG_POSITION:
        return SongPosition(at, data[0] | data[1] << 7)
    return Other(at, bytes((status, *data)))


def note_on(channel: int, note: int, velocity: int) -> bytes:
    """Return a note-on: channel 0..15, note 0..127, velocity 0..127, where 0 is read as a release.

    Raises:
        ValueError: A value out of range.
    """
    return _message(0x90, channel, note, velocity)


def note_off(channel: int, note: int, velocity: int = 0) -> bytes:
    """Return a note-off: channel 0..15, note and release velocity 0..127.

    Raises:
        ValueError: A value out of range.
    """
    return _message(0x80, channel, note, velocity)


def control_change(channel: int, number: int, value: int) -> bytes:
    """Return a controller's move: channel 0..15, number and value 0..127.

    Raises:
        ValueError: A value out of range.
    """
    return _message(0xB0, channel, number, value)


def song_position(sixteenths: int) -> bytes:
    """Return a song position pointer, 0..16383 sixteenth notes from the start of the song.

    Raises:
        ValueError: A position out of range.
    """
    if not 0 <= sixteenths < 1 << 14:
        raise ValueError(f"song position {sixteenths} is not in 0..16383 sixteenths")
    return bytes((_SONG_POSITION, sixteenths & 0x7F, sixteenths >> 7))


def _message(kind: int, channel: int, first: int, second: int) -> bytes:
    if not (0 <= channel <= 15 and 0 <= first <= 127 and 0 <= second <= 127):
        raise ValueError(f"channel {channel} is not in 0..15, or {first} or {second} not in 0..127")
    return bytes((kind | channel, first, second))
