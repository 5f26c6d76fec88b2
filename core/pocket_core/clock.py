"""Two song clocks: one follows MIDI clock, one knows its tempo.

The rules of the transport are the MIDI 1.0 specification's: start and continue act at the first pulse after
them, song position says where continue plays. What it leaves open is decided in docs/decisions/0003-clock.md.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from pocket_core.loop_filter import PPQN, PulseLoop
from pocket_core.memory import ClockMemory
from pocket_core.tempo import TempoMap
from pocket_core.transport import SAME_PLACE, ClockEvent, Relocated, Started, Stopped, TransportChange
from pocket_core.types import Beats, Continue, Pulse, Seconds, SongPosition, Start, Stop

SILENCE = 0.250  # seconds without a pulse that mean stopped
SILENT_TICKS = 3.0  # ... or this many ticks, whichever is more
UNANNOUNCED = PPQN  # pulses out of silence that mean started, where the sender never says so


class PulseClock:
    """Follow MIDI clock, 24 pulses to the quarter note, through a delay-locked loop.

    Args:
        bpm: Tempo while no two pulses have said otherwise, 10 to 600.
    """

    meter = None  # MIDI clock has none

    def __init__(self, bpm: float = 120.0) -> None:
        self.running = False
        self._loop = PulseLoop(Seconds(60.0 / PPQN / bpm))
        self._newest: float | None = None  # arrival of the newest pulse
        self._listening: float | None = None  # since when
        self._out_of_silence = False  # whether the present run of pulses began while listening
        self._first_tick = 0  # of the present run of pulses
        self._spoken = False  # whether a start, continue or stop ever came
        self._assumed = False  # running without one
        self._lost = False  # fell silent while running, and nobody said stop
        self._entering: float | None = None  # beats; where the next pulse plays, after start or continue
        self._from_top = False  # by start
        self._position = 0.0  # beats; where continue plays
        self._cue: float | None = None  # song position heard while running
        self._base_tick, self._base_beat = 0, 0.0  # a tick of the loop and its place in the song
        self._anchor_at, self._anchor_beat = 0.0, 0.0  # seconds, beats
        self._pace = PPQN * self._loop.period  # seconds a beat

    @classmethod
    def of(cls, memory: ClockMemory, bpm: float = 120.0) -> PulseClock:
        """Return a clock that runs on from what another knew; without its loop, at a tempo."""
        clock = cls(bpm)
        if memory.loop is None:
            clock._loop.hear(memory.at)
        else:
            clock._loop = PulseLoop.of(memory.loop)
        clock.running, clock._spoken, clock._assumed = True, not memory.assumed, memory.assumed
        clock._newest, clock._listening = memory.at, memory.at
        clock._base_tick, clock._base_beat = clock._loop.tick, memory.beat
        clock._anchor()
        return clock

    def memory(self) -> ClockMemory:
        """Return what it knows, while it runs."""
        newest = Seconds(self._loop.at if self._newest is None else self._newest)
        return ClockMemory(newest, Beats(self._place_of_tick()), self._assumed, self._loop.memory())

    @property
    def bpm(self) -> float:
        """Quarter notes a minute now, of the loop; also while stopped, where the sender's clock goes on."""
        return 60.0 / (PPQN * self._loop.period)

    @property
    def jitter(self) -> Seconds:
        """Standard deviation of the pulses' arrival about the clock; 0 where there were none."""
        return self._loop.jitter

    def feed(self, event: ClockEvent) -> Sequence[TransportChange]:
        """Follow one clock message; `Started` and `Relocated` come with the pulse they act at."""
        changes = self.check(event.at)
        match event:
            case Pulse():
                return [*changes, *self._pulse(event.at)]
            case Start():
                self._announce(0.0, from_top=True)
            case Continue():
                if not self.running:
                    self._announce(self._position, from_top=False)
                elif self._cue is not None:
                    self._announce(self._cue, from_top=False)
            case Stop():
                return [*changes, *self._halt(event.at)]
            case SongPosition():
                if self.running:
                    self._cue = event.sixteenths / 4
                else:
                    self._position, self._lost = event.sixteenths / 4, False
        return changes

    def check(self, now: Seconds) -> Sequence[TransportChange]:
        """Notice silence: 250 ms or three ticks, whichever is more, without a pulse mean stopped by then."""
        if self._listening is None:
            self._listening = now
        if not (self.running and self._silent(now)):
            return ()
        self._lost = not self._assumed
        return self._stop(self._silent_from())

    def beat_at(self, at: Seconds) -> Beats:
        """Return the position at a time."""
        return Beats(self._anchor_beat + (at - self._anchor_at) / self._pace)

    def time_of(self, beat: Beats) -> Seconds:
        """Return the time of a position."""
        return Seconds(self._anchor_at + (beat - self._anchor_beat) * self._pace)

    def _silent(self, now: float) -> bool:
        return now > self._silent_from()

    def _silent_from(self) -> Seconds:
        """Return when the silence, if no pulse comes, will be one; before the first pulse never."""
        newest = math.inf if self._newest is None else self._newest
        return Seconds(newest + max(SILENCE, SILENT_TICKS * self._loop.period))

    def _announce(self, beat: float, *, from_top: bool) -> None:
        self._spoken, self._lost, self._cue = True, False, None
        self._entering, self._from_top = beat, from_top

    def _halt(self, at: Seconds) -> Sequence[TransportChange]:
        self._spoken, self._lost = True, False
        changes = self._stop(at)
        if self._entering is not None:  # stopped before the pulse that would have entered there
            self._position, self._entering = self._entering, None
        return changes

    def _stop(self, at: Seconds) -> Sequence[TransportChange]:
        if not self.running:
            return ()
        self.running, self._assumed, self._cue = False, False, None
        self._position = self._place_of_tick() + 1 / PPQN
        return [Stopped(at, self.beat_at(at))]

    def _pulse(self, at: Seconds) -> Sequence[TransportChange]:
        loop = self._loop
        self._gap(at)
        begins = not loop.locked
        left = None
        if self._entering is not None and loop.locked and not loop.expects(at):
            left = self.beat_at(at)
            loop.rephase(at)  # senders whose clock never rests shift its phase when they start
        else:
            loop.hear(at)
        if begins:
            self._first_tick = loop.tick
        self._newest = at if self._newest is None else max(self._newest, at)
        if self._entering is not None:
            return self._enter(at, self._entering, self._place_of_tick() if left is None else left)
        if self._lost:
            self._lost, self.running = False, True
            self._anchor()
            return [Started(at, Beats(self._anchor_beat), from_top=False)]
        if self.running:
            self._anchor()
        elif not self._spoken and self._out_of_silence and loop.tick - self._first_tick >= UNANNOUNCED:
            self.running = self._assumed = True
            self._base_tick, self._base_beat = self._first_tick, 0.0
            self._anchor()
            return [Started(at, Beats(self._anchor_beat), from_top=False)]
        return ()

    def _gap(self, at: float) -> None:
        """Where the pulse ends a silence, start the loop anew unless the pulse resumes what was lost."""
        if self._newest is None:
            self._out_of_silence = self._listening is not None and at - self._listening > SILENCE
        elif self._silent(at):
            self._out_of_silence = True
            if not (self._lost and self._loop.tells((at - self._newest) / self._loop.period)):
                self._lost = False
                self._loop.forget()

    def _enter(self, at: Seconds, beat: float, left: float) -> Sequence[TransportChange]:
        """Play from a position in the song at this pulse, which would have been at `left`."""
        self._entering = None
        was_running, was_assumed = self.running, self._assumed
        self.running, self._assumed = True, False
        if was_running and not was_assumed and abs(left - beat) < SAME_PLACE:
            self._anchor()
            return ()
        self._base_tick, self._base_beat = self._loop.tick, beat
        self._anchor()
        if was_running and not was_assumed:
            return [Relocated(at, Beats(left), Beats(beat))]
        started = Started(at, Beats(beat), self._from_top)
        return [Stopped(at, Beats(left)), started] if was_assumed else [started]

    def _place_of_tick(self) -> float:
        return self._base_beat + (self._loop.tick - self._base_tick) / PPQN

    def _anchor(self) -> None:
        self._anchor_at, self._anchor_beat = self._loop.at, self._place_of_tick()
        self._pace = PPQN * self._loop.period


class MapClock:
    """Follow a known tempo; pulses and silence mean nothing to it.

    Args:
        tempo: Of the song, from its beat 0.
        origin: Time of beat 0; the clock then always runs, and heeds no message. None: it stands until
            start or continue, which act at once.
    """

    meter = None

    def __init__(self, tempo: TempoMap, origin: Seconds | None = None) -> None:
        self.running = origin is not None
        self._absolute = origin is not None
        self._tempo = tempo
        self._origin = 0.0 if origin is None else float(origin)  # time of beat 0
        self._now = self._origin
        self._position = 0.0  # beats; where continue plays
        self._cue: float | None = None  # song position heard while running

    @classmethod
    def of(cls, memory: ClockMemory, tempo: TempoMap) -> MapClock:
        """Return a clock that runs on from a position at a time, and heeds messages."""
        clock = cls(tempo, None)
        clock._enter(memory.at, memory.beat, from_top=False)
        clock._now = memory.at
        return clock

    def memory(self) -> ClockMemory:
        """Return where it is, while it runs."""
        return ClockMemory(Seconds(self._now), self.beat_at(Seconds(self._now)))

    @property
    def bpm(self) -> float:
        """Quarter notes a minute at the newest time that the clock was told."""
        beat = self.beat_at(Seconds(self._now)) if self.running else Beats(self._position)
        return self._tempo.bpm_at(beat)

    @property
    def jitter(self) -> Seconds:
        """Return 0: there is nothing that could jitter."""
        return Seconds(0.0)

    def feed(self, event: ClockEvent) -> Sequence[TransportChange]:
        """Follow start, continue, stop and song position, each at its own time."""
        self.check(event.at)
        if self._absolute:
            return ()
        match event:
            case Start():
                return self._enter(event.at, 0.0, from_top=True)
            case Continue():
                if not self.running:
                    return self._enter(event.at, self._position, from_top=False)
                if self._cue is not None:
                    return self._enter(event.at, self._cue, from_top=False)
            case Stop():
                return self._stop(event.at)
            case SongPosition():
                if self.running:
                    self._cue = event.sixteenths / 4
                else:
                    self._position = event.sixteenths / 4
        return ()

    def check(self, now: Seconds) -> Sequence[TransportChange]:
        """Keep the time; silence is none of this clock's business."""
        self._now = now
        return ()

    def beat_at(self, at: Seconds) -> Beats:
        """Return the position at a time."""
        return self._tempo.beat_at(Seconds(at - self._origin))

    def time_of(self, beat: Beats) -> Seconds:
        """Return the time of a position."""
        return Seconds(self._origin + self._tempo.seconds_at(beat))

    def _enter(self, at: Seconds, beat: float, *, from_top: bool) -> Sequence[TransportChange]:
        left, was_running = self.beat_at(at), self.running
        self.running, self._cue = True, None
        self._origin = at - self._tempo.seconds_at(Beats(beat))
        if was_running:
            return [Relocated(at, left, Beats(beat))]
        return [Started(at, Beats(beat), from_top)]

    def _stop(self, at: Seconds) -> Sequence[TransportChange]:
        if not self.running:
            return ()
        self.running, self._cue = False, None
        self._position = self.beat_at(at)
        return [Stopped(at, Beats(self._position))]
