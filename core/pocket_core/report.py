"""Reports of a transport that knows where it is, as bytes: a journal has them, and a replay hears them.

A report is a system exclusive message on the port `control`, under the id 7D, which the MIDI 1.0
specification leaves to non-commercial use. Its numbers are 7 bits a byte, the highest first:

    F0 7D 70 6B 01   the id, "pk", and the version of what follows
    rolling          0 or 1
    beat             6 bytes: units of 2^-20 quarter note, 2^41 added
    bpm              5 bytes: units of 2^-20 quarter notes a minute
    meter            2 bytes: numerator, and which power of two the denominator is; numerator 0: untold
    F7
"""

from __future__ import annotations

from dataclasses import dataclass

from pocket_core.tempo import Meter
from pocket_core.types import Beats, Seconds

SLOWEST, FASTEST = 10.0, 600.0  # BPM; nothing else is a tempo
FARTHEST = Beats(1 << 20)  # quarter notes from the start of the song, either way: days

_HEAD = bytes.fromhex("F0 7D 70 6B 01")
_END = 0xF7
_UNIT = 1 << 20  # so many to a quarter note, or to a quarter note a minute
_ZERO = 1 << 41  # where beat 0 is
_BEAT_BYTES, _BPM_BYTES = 6, 5
_LENGTH = len(_HEAD) + 1 + _BEAT_BYTES + _BPM_BYTES + 2 + 1
_MOST_BEATS, _MOST_POWER = 64, 6  # of a meter: 64/64


@dataclass(frozen=True, slots=True)
class Report:
    """Where a transport says that it is."""

    at: Seconds
    beat: Beats  # quarter notes; bar lines are where the meter has them when it holds from beat 0 on
    bpm: float  # quarter notes a minute, 10 to 600
    rolling: bool
    meter: Meter | None = None  # None: it does not say


def encode_report(report: Report) -> bytes:
    """Return a report as a message; its time is that of the message.

    Raises:
        ValueError: A beat, tempo or meter out of range.
    """
    if not (abs(report.beat) <= FARTHEST and SLOWEST <= report.bpm <= FASTEST):
        raise ValueError(f"beat {report.beat} or tempo {report.bpm} is out of range")
    meter = report.meter
    numerator, power = (0, 0) if meter is None else (meter.numerator, meter.denominator.bit_length() - 1)
    if meter is not None and not _is_meter(meter):
        raise ValueError(f"meter {meter.numerator}/{meter.denominator} is out of range")
    beat = _sevens(round(report.beat * _UNIT) + _ZERO, _BEAT_BYTES)
    bpm = _sevens(round(report.bpm * _UNIT), _BPM_BYTES)
    return _HEAD + bytes((report.rolling, *beat, *bpm, numerator, power, _END))


def decode_report(data: bytes, at: Seconds) -> Report | None:
    """Return the report that a whole message is; None: it is another."""
    if len(data) != _LENGTH or not data.startswith(_HEAD) or data[-1] != _END:
        return None
    rolling, rest = data[len(_HEAD)], data[len(_HEAD) + 1 : -1]
    if max(data[1:-1]) > 0x7F:
        return None
    beat = (_number(rest[:_BEAT_BYTES]) - _ZERO) / _UNIT
    bpm = _number(rest[_BEAT_BYTES:-2]) / _UNIT
    numerator, power = rest[-2:]
    if rolling > 1 or abs(beat) > FARTHEST or not SLOWEST <= bpm <= FASTEST:
        return None
    if numerator > _MOST_BEATS or power > _MOST_POWER:
        return None
    return Report(at, Beats(beat), bpm, bool(rolling), Meter(numerator, 1 << power) if numerator else None)


def _is_meter(meter: Meter) -> bool:
    power = meter.denominator.bit_length() - 1
    return 1 <= meter.numerator <= _MOST_BEATS and meter.denominator == 1 << power <= 1 << _MOST_POWER


def _sevens(number: int, count: int) -> list[int]:
    return [number >> 7 * place & 0x7F for place in reversed(range(count))]


def _number(sevens: bytes) -> int:
    number = 0
    for seven in sevens:
        number = number << 7 | seven
    return number
