"""A MIDI file's contents, placed in beats and in seconds: notes, other messages, tempo and meter."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace

from pocket_core.tempo import MeterMap, TempoMap
from pocket_core.types import Beats, Seconds

DRUM_CHANNEL = 9  # General MIDI's channel 10, counted from 0
NOBODY = "nobody"  # instead of a file's name


@dataclass(frozen=True, slots=True)
class FileNote:
    """A note with its length."""

    at_beat: Beats  # quarter notes from the file's start
    at_s: Seconds  # from the file's start, by the file's own tempo map
    length_s: Seconds  # >= 0
    channel: int  # 0..15
    note: int  # 0..127
    velocity: int  # 1..127
    release_velocity: int = 64  # 0..127


@dataclass(frozen=True, slots=True)
class TimedMessage:
    """A whole channel message."""

    at_s: Seconds  # from the file's start
    data: bytes  # 2 or 3 bytes, status first


@dataclass(frozen=True, slots=True)
class MidiScore:
    """One part, or all parts of a file merged."""

    name: str  # the file's, or what a generated one is called
    notes: tuple[FileNote, ...]  # in order of time
    messages: tuple[TimedMessage, ...]  # channel messages that are not notes, in order of time
    tempo: TempoMap
    meters: MeterMap
    ticks_per_beat: int
    synthetic: bool = False  # made by pocketd, not played by anybody

    @property
    def length_s(self) -> Seconds:
        """Return when the last note ends or the last message is sent."""
        ends = [n.at_s + n.length_s for n in self.notes] + [m.at_s for m in self.messages]
        return Seconds(max(ends, default=0.0))

    @property
    def has_drum_channel(self) -> bool:
        """Say whether any note is on General MIDI's drum channel."""
        return any(note.channel == DRUM_CHANNEL for note in self.notes)

    def drum_part(self) -> MidiScore:
        """Return what is on the drum channel, or everything where no note is."""
        if not self.has_drum_channel:
            return self
        return replace(
            self,
            notes=tuple(n for n in self.notes if n.channel == DRUM_CHANNEL),
            messages=tuple(m for m in self.messages if m.data[0] & 0x0F == DRUM_CHANNEL),
        )

    def until(self, seconds: Seconds) -> MidiScore:
        """Return what begins before a time; notes that last beyond it end there."""
        notes = self.notes[: bisect_left(self.notes, seconds, key=lambda n: n.at_s)]
        return replace(
            self,
            notes=tuple(replace(n, length_s=Seconds(min(n.length_s, seconds - n.at_s))) for n in notes),
            messages=tuple(m for m in self.messages if m.at_s < seconds),
        )

    def stream(self) -> list[TimedMessage]:
        """Return every message as it would go over a wire, in order of time.

        At one time: what ends first, then what is neither, then what begins. A note that its own repeat
        overlaps ends at the repeat, so that every note-on has its own note-off.
        """
        ends = _ends(self.notes)
        ranked: list[tuple[float, int, TimedMessage]] = [(m.at_s, 1, m) for m in self.messages]
        for note, end in zip(self.notes, ends, strict=True):
            on = bytes((0x90 | note.channel, note.note, note.velocity))
            off = bytes((0x80 | note.channel, note.note, note.release_velocity))
            ranked.append((note.at_s, 2, TimedMessage(note.at_s, on)))
            ranked.append((end, 0 if end > note.at_s else 3, TimedMessage(end, off)))
        ranked.sort(key=lambda item: item[:2])
        return [message for _, _, message in ranked]


def _ends(notes: Sequence[FileNote]) -> list[Seconds]:
    """Return when each note ends, no later than its next repeat."""
    ends: list[Seconds] = []
    newest: dict[tuple[int, int], int] = {}
    for i, note in enumerate(notes):
        ends.append(Seconds(note.at_s + note.length_s))
        before = newest.get((note.channel, note.note))
        if before is not None:
            ends[before] = min(ends[before], note.at_s)
        newest[note.channel, note.note] = i
    return ends


def nobody(beside: MidiScore) -> MidiScore:
    """Return a part without notes beside another."""
    return MidiScore(NOBODY, (), (), beside.tempo, beside.meters, beside.ticks_per_beat)
