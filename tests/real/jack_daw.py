"""A DAW on JACK in a few lines: master of the timebase, a kick on every beat, and perhaps MIDI clock."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pocket_core.tempo import Meter
from pocket_core.wire import note_off, note_on
from pocketd.backends.jack_client import jack_module

TICKS = 1920  # to a beat
ROLLING = 1
BBT = 0x10
KICK, KICK_OFF = note_on(9, 36, 100), note_off(9, 36, 64)
PATIENCE = 10.0  # seconds
SETTLE = 0.2  # seconds until everybody knows


class Daw:
    """The client; it plays wherever JACK's transport rolls.

    Args:
        bpm: Beats a minute.
        meter: Its beats are quarter notes.
        clock: Whether it sends MIDI clock too, which starts from the top each time it rolls.
        master: Whether it tells bar and beat.
    """

    def __init__(self, bpm: float, meter: Meter, *, clock: bool = False, master: bool = True) -> None:
        self.client: Any = jack_module().Client("daw", no_start_server=True)
        self._drums = self.client.midi_outports.register("drums")
        self._clock = self.client.midi_outports.register("clock")
        self._beats_a_frame = bpm / 60 / self.client.samplerate
        self._bpm, self._meter, self._sends_clock = bpm, meter, clock
        self._rolled = False
        self.client.set_process_callback(self._process)
        if master:
            self.client.set_timebase_callback(self._tell)
        self.client.activate()

    def roll(self, seconds: float) -> None:
        """Let the transport roll for a while."""
        self.client.transport_start()
        time.sleep(seconds)

    def locate(self, bar: int) -> None:
        """Go to the beginning of a bar, and wait until that is known."""
        beats = (bar - 1) * self._meter.numerator
        self.client.transport_frame = round(beats / self._beats_a_frame)
        time.sleep(SETTLE)

    def stop(self, seconds: float) -> None:
        """Stop the transport, and wait until what comes so much later has come."""
        self.client.transport_stop()
        time.sleep(seconds + 2 * SETTLE)

    def _tell(self, _state: int, _frames: int, position: Any, _new: bool) -> None:
        beats = position.frame * self._beats_a_frame
        bar, beat = int(beats // self._meter.numerator), int(beats % self._meter.numerator)
        position.valid = BBT
        position.bar, position.beat, position.tick = bar + 1, beat + 1, int(beats % 1 * TICKS)
        position.bar_start_tick = bar * self._meter.numerator * TICKS
        position.beats_per_bar, position.beat_type = self._meter.numerator, self._meter.denominator
        position.ticks_per_beat, position.beats_per_minute = TICKS, self._bpm

    def _process(self, frames: int) -> None:
        self._drums.clear_buffer()
        self._clock.clear_buffer()
        state, position = self.client.transport_query_struct()
        rolled, self._rolled = self._rolled, state == ROLLING
        if self._sends_clock and rolled != self._rolled:
            self._clock.write_midi_event(0, b"\xfa" if self._rolled else b"\xfc")
        if not self._rolled:
            return
        for offset, number in self._among(position.frame, frames, 12):
            if number % 12 == 0:
                self._drums.write_midi_event(offset, KICK)
            elif number % 12 == 1:
                self._drums.write_midi_event(offset, KICK_OFF)
        if self._sends_clock:
            for offset, _ in self._among(position.frame, frames, 24):
                self._clock.write_midi_event(offset, b"\xf8")

    def _among(self, first: int, frames: int, parts: int) -> Iterator[tuple[int, int]]:
        """Yield the frames of a cycle at which a part of a beat begins, and its number."""
        number = math.ceil((first - 0.5) * self._beats_a_frame * parts)
        while (frame := round(number / parts / self._beats_a_frame)) < first + frames:
            if frame >= first:
                yield frame - first, number
            number += 1


@contextmanager
def daw(
    bpm: float, meter: Meter, *, clock: bool = False, master: bool = True, connect: bool = True
) -> Iterator[Daw]:
    """Run it while the block lasts, connected with a pocketd that is there, or waiting for one to connect."""
    it = Daw(bpm, meter, clock=clock, master=master)
    try:
        if connect:
            it.client.connect("daw:drums", "pocketd:drums")
            it.client.connect("daw:clock", "pocketd:control")
        yield it
    finally:
        it.client.transport_stop()
        it.client.transport_frame = 0
        it.client.deactivate()
        it.client.close()
