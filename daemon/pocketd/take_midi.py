"""A take as a MIDI file: drums as they came, the musician, drums as they left, on the take's own tempo.

The tempo track is drawn through the moments at which the song's position was noted, so a bar of the song is
a bar of the file, and an event lies at its time to within a tick (52 us at 120 BPM) and the tempo's rounding.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

import mido

from pocket_core.tempo import Meter
from pocket_core.types import ControlChange, Event, Hit, Other, Port, Release, Seconds
from pocket_core.wire import Decoder
from pocketd.desk_records import Message
from pocketd.midifile import file_bytes, track_name
from pocketd.take_content import Knot, TakeContent
from pocketd.take_spelling import spelled_out

TICKS = 9600  # a quarter note; 960 would be half a millisecond at 120 BPM
TOLERANCE = 0.002  # beats: how far from a noted position a steady tempo may pass it
PACES = (60 / 999, 60 / 4)  # seconds a beat that a MIDI file can say and a clock can mean
TRACKS = ((Port.DRUMS, "drums in"), (Port.HUMAN, "human"), (Port.OUT, "drums out"))


class SongTime:
    """Where in the song a moment is, by straight lines between knots.

    Args:
        knots: At least one; those that go back or leap are passed over.
        bpm: The tempo where one knot alone says nothing.
    """

    def __init__(self, knots: Sequence[Knot], bpm: float) -> None:
        kept = straightened(_rising(knots))
        if len(kept) == 1:
            kept.append(Knot(Seconds(kept[0].at + 60 / bpm), type(kept[0].beat)(kept[0].beat + 1)))
        self.knots = kept
        self._times = [knot.at for knot in kept]

    def beat_at(self, at: Seconds) -> float:
        """Return a position in quarter notes; the outer tempos hold outside the knots."""
        i = min(max(bisect_right(self._times, at) - 1, 0), len(self.knots) - 2)
        a, b = self.knots[i], self.knots[i + 1]
        return a.beat + (at - a.at) * (b.beat - a.beat) / (b.at - a.at)


def straightened(knots: Sequence[Knot]) -> list[Knot]:
    """Leave out knots that a straight line passes within `TOLERANCE` of (the swinging door algorithm)."""
    kept = [knots[0]]
    low, high = -math.inf, math.inf  # beats a second that still pass every knot since the last kept
    for before, knot in pairwise(knots):
        span = knot.at - kept[-1].at
        slope = (knot.beat - kept[-1].beat) / span
        if not low <= slope <= high:
            kept.append(before)
            span = knot.at - before.at
            slope = (knot.beat - before.beat) / span
            low, high = -math.inf, math.inf
        low, high = max(low, slope - TOLERANCE / span), min(high, slope + TOLERANCE / span)
    if len(knots) > 1:
        kept.append(knots[-1])
    return kept


def midi_file(take: TakeContent) -> bytes:
    """Return a take as a type 1 MIDI file that begins on a bar line, at or before all that happened."""
    song = SongTime(take.knots, take.start.bpm)
    meter = Meter(take.start.numerator, take.start.denominator)
    messages = take.messages or spelled_out(take.timesteps)
    first = min([take.start.at, *(m.at for m in messages)])
    base = math.floor(song.beat_at(first) / meter.bar_beats + 1e-9) * meter.bar_beats

    def tick(beat: float) -> int:
        return max(round((beat - base) * TICKS), 0)

    name = take.hello.song or "pocketd take"
    conductor: list[tuple[int, Any]] = [
        (0, track_name(name)),
        (0, mido.MetaMessage("time_signature", numerator=meter.numerator, denominator=meter.denominator)),
    ]
    for i, (a, b) in enumerate(pairwise(song.knots)):
        pace = (b.at - a.at) * TICKS / (tick(b.beat) - tick(a.beat))
        conductor.append((tick(a.beat) if i else 0, mido.MetaMessage("set_tempo", tempo=round(pace * 1e6))))
    conductor.append((tick(song.beat_at(take.start.at)), mido.MetaMessage("marker", text="start")))
    conductor.append((tick(song.beat_at(take.end_at)), mido.MetaMessage("marker", text="stop")))
    for knot, jump in take.jumps:
        text = f"jump from beat {jump.left:.3f} to {jump.entered:.3f}"
        conductor.append((tick(knot.beat), mido.MetaMessage("marker", text=text)))
    parts: list[list[tuple[int, Any]]] = []
    for port, title in TRACKS:
        placed = [(tick(song.beat_at(at)), m) for at, m in _channel_messages(messages, port)]
        parts.append([(0, track_name(title)), *placed])
    return file_bytes([conductor, *parts], TICKS)


def _rising(knots: Sequence[Knot]) -> list[Knot]:
    kept = [knots[0]]
    for knot in knots[1:]:
        time, beats = knot.at - kept[-1].at, knot.beat - kept[-1].beat
        if time > 0.001 and beats > 0 and PACES[0] <= time / beats <= PACES[1]:
            kept.append(knot)
    return kept


def _channel_messages(messages: Iterable[Message], port: Port) -> Iterable[tuple[Seconds, Any]]:
    decoder = Decoder()
    for message in messages:
        if message.port is not port:
            continue
        for event in decoder.feed(message.data, message.at):
            as_written = _message(event)
            if as_written is not None:
                yield event.at, as_written


def _message(event: Event) -> Any:
    """Return what a MIDI file can hold of an event, or None."""
    match event:
        case Hit(_, channel, note, velocity):
            return mido.Message("note_on", channel=channel, note=note, velocity=velocity)
        case Release(_, channel, note, velocity):
            return mido.Message("note_off", channel=channel, note=note, velocity=velocity)
        case ControlChange(_, channel, number, value):
            return mido.Message("control_change", channel=channel, control=number, value=value)
        case Other(_, data) if data[0] <= 0xF0:
            return mido.Message.from_bytes(data)
        case _:
            return None
