"""The words of the project as types: times, ports and the events that arrive on them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NewType

Seconds = NewType("Seconds", float)  # a time on the back end's clock, or a duration
Beats = NewType("Beats", float)  # quarter notes; a position counts from the start of the song


class Port(StrEnum):
    """The four ports of the effect."""

    DRUMS = "drums"  # in: the DAW's quantised drum track
    HUMAN = "human"  # in: the musician
    CONTROL = "control"  # in: controllers, and the clock where the DAW sends it here
    OUT = "out"  # out: the drums in the pocket


@dataclass(frozen=True, slots=True)
class Hit:
    """A struck note: on `drums` a drum, on `human` an onset of the musician."""

    at: Seconds  # arrival on the back end's clock
    channel: int  # 0..15
    note: int  # 0..127
    velocity: int  # 1..127; a note-on with velocity 0 is a release, never a hit


@dataclass(frozen=True, slots=True)
class Release:
    """The end of a note."""

    at: Seconds
    channel: int  # 0..15
    note: int  # 0..127
    velocity: int  # 0..127, release velocity


@dataclass(frozen=True, slots=True)
class ControlChange:
    """A controller moved."""

    at: Seconds
    channel: int  # 0..15
    number: int  # 0..127
    value: int  # 0..127


@dataclass(frozen=True, slots=True)
class Pulse:
    """A timing clock byte (F8), 24 to the quarter note."""

    at: Seconds


@dataclass(frozen=True, slots=True)
class Start:
    """FA: play from the start of the song at the next pulse."""

    at: Seconds


@dataclass(frozen=True, slots=True)
class Continue:
    """FB: play from the song position at the next pulse."""

    at: Seconds


@dataclass(frozen=True, slots=True)
class Stop:
    """FC: stop."""

    at: Seconds


@dataclass(frozen=True, slots=True)
class SongPosition:
    """F2: move to a position."""

    at: Seconds
    sixteenths: int  # 0..16383, sixteenth notes (MIDI beats) from the start of the song


@dataclass(frozen=True, slots=True)
class Sensing:
    """Active sensing (FE)."""

    at: Seconds


@dataclass(frozen=True, slots=True)
class Other:
    """A whole, legal message that the effect has no opinion on: pressure, program, bend, sysex, ..."""

    at: Seconds
    data: bytes


Event = Hit | Release | ControlChange | Pulse | Start | Continue | Stop | SongPosition | Sensing | Other


@dataclass(frozen=True, slots=True)
class Due:
    """A message to send."""

    at: Seconds  # when it shall sound, on the back end's clock
    port: Port  # always `Port.OUT` today
    data: bytes  # one whole MIDI message
