"""What the engine asks of a clock, and what a clock tells it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from pocket_core.memory import ClockMemory
from pocket_core.report import Report
from pocket_core.tempo import Meter
from pocket_core.types import Beats, Continue, Pulse, Seconds, SongPosition, Start, Stop

ClockEvent = Pulse | Start | Continue | Stop | SongPosition | Report

SAME_PLACE = Beats(0.5 / 24)  # half a tick of MIDI clock; a jump no longer than this is none


@dataclass(frozen=True, slots=True)
class Started:
    """The transport runs from here."""

    at: Seconds
    beat: Beats
    from_top: bool  # by Start; False by Continue, or by a clock that came without either


@dataclass(frozen=True, slots=True)
class Stopped:
    """The transport stands."""

    at: Seconds
    beat: Beats


@dataclass(frozen=True, slots=True)
class Relocated:
    """The transport jumped while running, as in a loop."""

    at: Seconds
    left: Beats  # the position it would have had; of a pulse its tick's, not what its arrival jitters
    entered: Beats  # the position it has


TransportChange = Started | Stopped | Relocated


class SongClock(Protocol):
    """Where in the song a time is, and the other way round. Times are on the back end's clock.

    Positions are defined whenever `running`, for times before and after what was heard so far
    (extrapolated at the present tempo, or by the tempo map); while stopped they are those of the last run.
    """

    @property
    def running(self) -> bool:
        """Whether the transport runs."""

    @property
    def bpm(self) -> float:
        """Quarter notes a minute now."""

    @property
    def jitter(self) -> Seconds:
        """Return the standard deviation of the pulses' arrival about the clock; 0 where there are none."""

    @property
    def meter(self) -> Meter | None:
        """The meter that the transport tells; None: it tells none."""

    def feed(self, event: ClockEvent) -> Sequence[TransportChange]:
        """Follow one clock message; times never go back by more than a poll."""

    def check(self, now: Seconds) -> Sequence[TransportChange]:
        """Notice silence, as of when it began to be one. Called before anything else happens at `now`."""

    def beat_at(self, at: Seconds) -> Beats:
        """Return the position at a time."""

    def time_of(self, beat: Beats) -> Seconds:
        """Return the time of a position."""

    def memory(self) -> ClockMemory:
        """Return what it knows, while it runs."""
