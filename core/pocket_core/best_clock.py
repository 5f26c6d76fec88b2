"""Of two clocks that may both move, the better: reports of a transport, else MIDI clock."""

from __future__ import annotations

import math
from collections.abc import Sequence

from pocket_core.clock import PulseClock
from pocket_core.memory import ClockMemory
from pocket_core.report import Report
from pocket_core.report_clock import ReportClock
from pocket_core.tempo import Meter
from pocket_core.transport import SAME_PLACE, ClockEvent, Relocated, Started, TransportChange
from pocket_core.types import Beats, Seconds

TOGETHER = Seconds(0.5)  # two clocks that start or stop this near to each other are one DAW's


class BestClock:
    """Follow a clock from its start to its stop; then whichever starts first, or still moves a while later.

    Reports that begin to roll just behind the MIDI clock's start take over, as both are of one DAW.

    Args:
        bpm: Tempo while nobody has said another.
    """

    def __init__(self, bpm: float = 120.0) -> None:
        self._pulses = PulseClock(bpm)
        self._reports = ReportClock(bpm)
        self._leads: PulseClock | ReportClock = self._pulses
        self._since = Seconds(-math.inf)  # it leads in this run, or stands

    @classmethod
    def of(cls, memory: ClockMemory, bpm: float = 120.0) -> BestClock:
        """Return a clock that runs on from what another knew."""
        clock = cls(bpm)
        if memory.bpm is None:
            clock._leads = clock._pulses = PulseClock.of(memory, bpm)
        else:
            clock._leads = clock._reports = ReportClock.of(memory, bpm)
        clock._since = memory.at
        return clock

    def memory(self) -> ClockMemory:
        """Return what the clock that leads knows, while it runs."""
        return self._leads.memory()

    @property
    def running(self) -> bool:
        """Whether the transport runs."""
        return self._leads.running

    @property
    def bpm(self) -> float:
        """Quarter notes a minute now."""
        return self._leads.bpm

    @property
    def jitter(self) -> Seconds:
        """Return how far the pulses' arrival strays; 0 where a transport reports."""
        return self._leads.jitter

    @property
    def meter(self) -> Meter | None:
        """The meter that the transport tells; None: nobody does."""
        return self._leads.meter

    def feed(self, event: ClockEvent) -> Sequence[TransportChange]:
        """Follow one message of either clock."""
        changes = [*self.check(event.at)]
        clock = self._reports if isinstance(event, Report) else self._pulses
        led = clock is self._leads
        own = clock.feed(event)
        return changes + (self._led(own) if led else self._beside(clock, own))

    def check(self, now: Seconds) -> Sequence[TransportChange]:
        """Notice silence, and that one clock still moves though the other has stopped."""
        changes = self._led(self._leads.check(now))
        if not self.running:
            changes += self._take_over(Seconds(self._since + TOGETHER), now)
        self._other.check(now)
        return changes

    def beat_at(self, at: Seconds) -> Beats:
        """Return the position at a time."""
        return self._leads.beat_at(at)

    def time_of(self, beat: Beats) -> Seconds:
        """Return the time of a position."""
        return self._leads.time_of(beat)

    @property
    def _other(self) -> PulseClock | ReportClock:
        return self._pulses if self._leads is self._reports else self._reports

    def _take_over(self, at: Seconds, now: Seconds) -> list[TransportChange]:
        """Let the other clock lead from a time on, if that has come and it runs then."""
        other = self._other
        if not other.running or now <= at:
            return []
        other.check(at)
        if not other.running:
            return []
        self._leads, self._since = other, at
        return [Started(at, other.beat_at(at), from_top=False), *self._led(other.check(now))]

    def _led(self, changes: Sequence[TransportChange]) -> list[TransportChange]:
        """Take note of when the clock that leads started or stopped."""
        for change in changes:
            if not isinstance(change, Relocated):
                self._since = change.at
        return list(changes)

    def _beside(
        self, clock: PulseClock | ReportClock, changes: Sequence[TransportChange]
    ) -> list[TransportChange]:
        """Let a clock that starts lead, where none runs or it is the better of two that start together."""
        started = changes[-1] if changes else None
        if not isinstance(started, Started):
            return []
        if not self.running:
            self._leads, self._since = clock, started.at
            return [started]
        if clock is not self._reports or started.at > self._since + TOGETHER:
            return []
        left = self._leads.beat_at(started.at)
        self._leads = clock
        return [] if abs(left - started.beat) < SAME_PLACE else [Relocated(started.at, left, started.beat)]
