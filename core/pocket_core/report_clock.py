"""The song clock that is told where the song is: by JACK's transport, or by an Ableton Link session."""

from __future__ import annotations

import math
from collections.abc import Sequence

from pocket_core.memory import ClockMemory
from pocket_core.report import Report
from pocket_core.tempo import Meter
from pocket_core.transport import SAME_PLACE, ClockEvent, Relocated, Started, Stopped, TransportChange
from pocket_core.types import Beats, Seconds

UNHEARD = Seconds(0.5)  # without a report a transport that rolled is taken to stand


class ReportClock:
    """Follow reports: the newest says where the song is, and how fast it goes on from there.

    A start no later than beat 0, as behind a count-in, is one from the top.

    Args:
        bpm: Tempo while nobody has said another.
    """

    def __init__(self, bpm: float = 120.0) -> None:
        self.running = False
        self.bpm = bpm
        self.meter: Meter | None = None  # as it was last told
        self._at = Seconds(-math.inf)  # of the newest report
        self._anchor_at, self._anchor_beat = Seconds(0.0), Beats(0.0)

    @classmethod
    def of(cls, memory: ClockMemory, bpm: float = 120.0) -> ReportClock:
        """Return a clock that runs on from what another knew; `bpm` holds where that did not tell."""
        clock = cls(bpm if memory.bpm is None else memory.bpm)
        clock.running, clock.meter = True, memory.meter
        clock._at = clock._anchor_at = memory.at
        clock._anchor_beat = memory.beat
        return clock

    def memory(self) -> ClockMemory:
        """Return what it knows, while it runs."""
        return ClockMemory(self._anchor_at, self._anchor_beat, bpm=self.bpm, meter=self.meter)

    @property
    def jitter(self) -> Seconds:
        """Return 0: a report says exactly where the song is."""
        return Seconds(0.0)

    def feed(self, event: ClockEvent) -> Sequence[TransportChange]:
        """Follow a report; whatever else carries a clock means nothing here."""
        changes = self.check(event.at)
        if not isinstance(event, Report):
            return changes
        self._at = max(self._at, event.at)
        left = self.beat_at(event.at)
        if not event.rolling:
            return [*changes, *self._stop(event.at)]
        was_running, self.running = self.running, True
        self.bpm, self.meter = event.bpm, event.meter
        self._anchor_at, self._anchor_beat = event.at, event.beat
        if not was_running:
            return [*changes, Started(event.at, event.beat, from_top=event.beat < SAME_PLACE)]
        if abs(left - event.beat) < SAME_PLACE:
            return changes
        return [*changes, Relocated(event.at, left, event.beat)]

    def check(self, now: Seconds) -> Sequence[TransportChange]:
        """Notice silence: a transport that rolls is heard of several times a second."""
        silent = Seconds(self._at + UNHEARD)
        return self._stop(silent) if self.running and now > silent else ()

    def beat_at(self, at: Seconds) -> Beats:
        """Return the position at a time."""
        return Beats(self._anchor_beat + (at - self._anchor_at) * self.bpm / 60)

    def time_of(self, beat: Beats) -> Seconds:
        """Return the time of a position."""
        return Seconds(self._anchor_at + (beat - self._anchor_beat) * 60 / self.bpm)

    def _stop(self, at: Seconds) -> Sequence[TransportChange]:
        if not self.running:
            return ()
        self.running = False
        return [Stopped(at, self.beat_at(at))]
