from __future__ import annotations

from dataclasses import replace

from pocket_core.tempo import MeterMap, TempoChange, TempoMap
from pocket_core.types import Beats, Seconds
from pocketd.midiscore import FileNote, MidiScore, TimedMessage

TEMPO = TempoMap([TempoChange(Beats(0.0), 60.0)])


def note(at: float, length: float = 0.5, channel: int = 9, number: int = 36, velocity: int = 100) -> FileNote:
    return FileNote(Beats(at), Seconds(at), Seconds(length), channel, number, velocity)


def score(*notes: FileNote, messages: tuple[TimedMessage, ...] = ()) -> MidiScore:
    return MidiScore("song.mid", notes, messages, TEMPO, MeterMap(), 480)


def test_the_drum_part_is_channel_10_where_it_has_notes() -> None:
    volume = TimedMessage(Seconds(0.0), bytes((0xB0, 7, 100)))
    pedal = TimedMessage(Seconds(0.0), bytes((0xB9, 4, 90)))

    part = score(note(0, channel=0), note(1), messages=(volume, pedal)).drum_part()

    assert part.notes == (note(1),)
    assert part.messages == (pedal,)


def test_without_channel_10_everything_is_the_drum_part() -> None:
    kit = score(note(0, channel=0))

    part = kit.drum_part()

    assert not kit.has_drum_channel
    assert part == kit


def test_a_cut_ends_what_lasts_beyond_it() -> None:
    song = score(note(0), note(1, length=3.0), note(2))

    part = song.until(Seconds(2.0))

    assert part.notes == (note(0), note(1, length=1.0))
    assert part.length_s == 2.0


def test_the_stream_ends_a_note_before_it_repeats_it() -> None:
    song = score(note(0, length=1.0), note(0.5, velocity=80))

    stream = [(m.at_s, m.data[0], m.data[2]) for m in song.stream()]

    assert stream == [(0.0, 0x99, 100), (0.5, 0x89, 64), (0.5, 0x99, 80), (1.0, 0x89, 64)]


def test_a_note_without_length_still_begins_before_it_ends() -> None:
    stream = score(note(0, length=0.0)).stream()

    assert [m.data[0] for m in stream] == [0x99, 0x89]


def test_a_controller_at_a_note_s_time_comes_before_it() -> None:
    pedal = TimedMessage(Seconds(1.0), bytes((0xB9, 4, 90)))

    stream = score(note(0, length=1.0), note(1), messages=(pedal,)).stream()

    assert [m.data[0] for m in stream] == [0x99, 0x89, 0xB9, 0x99, 0x89]


def test_an_empty_part_lasts_no_time() -> None:
    empty = replace(score(note(0)), notes=())

    assert empty.length_s == 0.0
    assert empty.stream() == []
