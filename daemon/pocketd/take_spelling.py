"""Notes for a take that has none, such as one that was imported from a table: what its timesteps say."""

from __future__ import annotations

from collections.abc import Iterator

from pocket_core.records import TimestepRecord
from pocket_core.types import Port, Seconds
from pocket_core.voices import ROLAND
from pocket_core.wire import note_off, note_on
from pocketd.desk_records import Message
from pocketd.midiscore import DRUM_CHANNEL

LENGTH = Seconds(0.050)  # of every note
MUSICIAN = 60  # the note that stands for whatever the musician played
VELOCITY = 100


def spelled_out(timesteps: list[TimestepRecord]) -> list[Message]:
    """Return drums in at their nominal times, drums out where they were played, and the musician's onsets."""
    return sorted((m for step in timesteps for m in _messages(step)), key=lambda message: message.at)


def _messages(step: TimestepRecord) -> Iterator[Message]:
    for voice in step.voices:
        for note in ROLAND.get(voice, ())[:1]:
            yield from _note(Port.DRUMS, step.nominal_s, DRUM_CHANNEL, note)
            yield from _note(Port.OUT, step.committed_s, DRUM_CHANNEL, note)
    if step.human_s is not None:
        yield from _note(Port.HUMAN, step.human_s, 0, MUSICIAN)


def _note(port: Port, at: Seconds, channel: int, note: int) -> Iterator[Message]:
    yield Message(at=at, port=port, data=note_on(channel, note, VELOCITY))
    yield Message(at=Seconds(at + LENGTH), port=port, data=note_off(channel, note))
