"""Standard MIDI Files in and out (MIDI 1.0, "Standard MIDI Files 1.0"); mido parses, this judges."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import mido

from pocket_core.errors import MidiFileError, one_line
from pocket_core.tempo import Meter, MeterChange, MeterMap, TempoChange, TempoMap
from pocket_core.types import Beats, Seconds
from pocketd.midiscore import FileNote, MidiScore, TimedMessage
from pocketd.wholefile import write_whole

LARGEST = 4 * 2**20  # bytes; an hour of dense drums is a tenth of it
LONGEST_BEATS = 1_000_000
LONGEST = Seconds(12 * 3600.0)
FASTEST_BPM = 1000.0
LARGEST_UNIT = 64  # the shortest note value a meter may count in
OUT_TICKS = 960  # a quarter note in what is written
#: A length in a MIDI file has four bytes; mido would read one of any size, in quadratic time.
ENDLESS_NUMBER = re.compile(rb"[\x80-\xff]{4096}")


def read_score(path: Path) -> MidiScore:
    """Read a MIDI file, all tracks merged.

    A note-on with velocity 0 ends a note; so does a repeat of the note, and the end of its track.

    Raises:
        MidiFileError: Not there, not a MIDI file, damaged, without notes, or without musical time.
    """
    return parse_score(_bytes_of(path), str(path))


def parse_score(data: bytes, name: str) -> MidiScore:
    """Read a MIDI file's bytes; `name` is for the messages. Raises as `read_score`."""
    file = _parse(data, name)
    ticks = int(file.ticks_per_beat)
    if file.type not in (0, 1):
        raise MidiFileError(f"{name} is a type {file.type} MIDI file; save the song as type 0 or 1")
    if ticks == 0:
        raise MidiFileError(f"{name} is damaged: a quarter note has 0 ticks; export it again")
    if ticks < 0:
        raise MidiFileError(
            f"{name} counts SMPTE frames, not beats (division {ticks}); save it with ticks per quarter note"
        )
    tracks = [list(_absolute(track, ticks, name)) for track in file.tracks]
    events = sorted((e for track in tracks for e in track), key=lambda e: e[0])
    tempo = TempoMap(_tempo_changes(events, ticks, name))
    meters = MeterMap(_meter_changes(events, ticks, name))

    def at(tick: int) -> tuple[Beats, Seconds]:
        beat = Beats(tick / ticks)
        return beat, tempo.seconds_at(beat)

    notes: list[FileNote] = []
    for track in tracks:
        for on, off, message, release in _notes(track):
            beat, start = at(on)
            length = Seconds(at(off)[1] - start)
            notes.append(
                FileNote(beat, start, length, message.channel, message.note, message.velocity, release)
            )
    if not notes:
        raise MidiFileError(f"{name} has no notes in any track; choose another file")
    messages = [TimedMessage(at(t)[1], bytes(m.bytes())) for t, m in events if _is_other(m)]
    score = MidiScore(name, tuple(sorted(notes, key=lambda n: n.at_s)), tuple(messages), tempo, meters, ticks)
    if score.length_s > LONGEST:
        raise MidiFileError(
            f"{name} lasts {score.length_s / 3600:.0f} hours; at most {LONGEST / 3600:.0f} are read"
        )
    return score


def write_score(path: Path, score: MidiScore, stream: Iterable[TimedMessage], title: str) -> None:
    """Write messages as a MIDI file, as `score_bytes` has it.

    Raises:
        PocketError: The place cannot be written to.
    """
    write_whole(path, score_bytes(score, stream, title))


def score_bytes(score: MidiScore, stream: Iterable[TimedMessage], title: str) -> bytes:
    """Return messages as a MIDI file, placed by their seconds on the score's tempo and meter.

    What lies before the file's start is put at its start. Type 1: a conductor track, then the part.
    """
    conductor = [(0, 0, track_name(title))]
    for change in score.tempo.changes:
        conductor.append((round(change.beat * OUT_TICKS), 2, set_tempo(change.bpm)))
    for place in score.meters.changes:
        meter = mido.MetaMessage(
            "time_signature", numerator=place.meter.numerator, denominator=place.meter.denominator
        )
        conductor.append((round(place.beat * OUT_TICKS), 1, meter))
    part = [
        (max(round(score.tempo.beat_at(m.at_s) * OUT_TICKS), 0), mido.Message.from_bytes(m.data))
        for m in stream
    ]
    ordered = [(tick, meta) for tick, _, meta in sorted(conductor, key=lambda e: e[:2])]
    return file_bytes([ordered, [(0, track_name(title)), *part]], OUT_TICKS)


def set_tempo(bpm: float) -> mido.MetaMessage:
    """Return what sets a tempo, in quarter notes a minute."""
    return mido.MetaMessage("set_tempo", tempo=round(60e6 / bpm))


def file_bytes(tracks: Iterable[Iterable[tuple[int, Any]]], ticks: int) -> bytes:
    """Return tracks of (tick, mido message) as a MIDI file of type 1; at one tick the order stays.

    Texts are UTF-8, which the standard does not know and today's DAWs read.
    """
    file = mido.MidiFile(type=1, ticks_per_beat=ticks, charset="utf-8")
    file.tracks = [_track(events) for events in tracks]
    buffer = io.BytesIO()
    file.save(file=buffer)
    return buffer.getvalue()


def track_name(name: str) -> Any:
    """Return a track's name as a message; what is no text in it, as in some file names, becomes a ?."""
    return mido.MetaMessage("track_name", name=name.encode("utf-8", "replace").decode("utf-8"))


def _bytes_of(path: Path) -> bytes:
    try:
        if path.is_dir():
            raise MidiFileError(f"{path} is a folder; name a MIDI file in it")
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
    except FileNotFoundError as error:
        raise MidiFileError(f"there is no file {path}; check the name") from error
    except OSError as error:
        raise MidiFileError(f"cannot read {path}: {error.strerror or error}") from error
    return data


def _parse(data: bytes, name: str) -> Any:
    if not data:
        raise MidiFileError(f"{name} is empty; export it again")
    if not data.startswith(b"MThd"):
        raise MidiFileError(f"{name} is not a MIDI file: it does not begin with MThd")
    if len(data) > LARGEST:
        raise MidiFileError(
            f"{name} is larger than {LARGEST // 2**20} MiB; no performance is, so it is not read"
        )
    if ENDLESS_NUMBER.search(data):
        raise MidiFileError(f"{name} is damaged: a number in it does not end; export it again")
    try:
        return mido.MidiFile(file=io.BytesIO(data), clip=True)
    except EOFError as error:
        raise MidiFileError(
            f"{name} is truncated after {len(data)} bytes; export or copy it again"
        ) from error
    except Exception as error:  # mido raises whatever its parser trips over; all of it means damage
        raise MidiFileError(f"{name} is damaged ({one_line(error, 80)}); export it again") from error


def _absolute(track: Any, ticks: int, name: str) -> Iterator[tuple[int, Any]]:
    tick = 0
    for message in track:
        tick += message.time
        if tick > ticks * LONGEST_BEATS:
            raise MidiFileError(
                f"{name} is longer than {LONGEST_BEATS} beats; it is damaged, export it again"
            )
        yield tick, message


def _tempo_changes(events: list[tuple[int, Any]], ticks: int, name: str) -> list[TempoChange]:
    bpm = {0: 120.0}  # the standard's, where the file does not say; the last of one tick rules
    for tick, message in events:
        if message.type != "set_tempo":
            continue
        if message.tempo == 0:
            raise MidiFileError(
                f"{name} has a zero tempo at beat {tick / ticks:g}; set it above 0 and save it"
            )
        bpm[tick] = 60e6 / message.tempo
        if bpm[tick] > FASTEST_BPM:
            raise MidiFileError(
                f"{name} has a tempo of {bpm[tick]:.0f} BPM at beat {tick / ticks:g}; "
                f"at most {FASTEST_BPM:.0f} is read"
            )
    return [TempoChange(Beats(tick / ticks), value) for tick, value in bpm.items()]


def _meter_changes(events: list[tuple[int, Any]], ticks: int, name: str) -> list[MeterChange]:
    meters = {0: Meter()}
    for tick, message in events:
        if message.type != "time_signature":
            continue
        if message.numerator == 0 or message.denominator > LARGEST_UNIT:
            raise MidiFileError(
                f"{name} has a meter of {message.numerator}/{message.denominator} at beat {tick / ticks:g}; "
                f"at least 1/1 and at most a denominator of {LARGEST_UNIT} is read"
            )
        meters[tick] = Meter(message.numerator, message.denominator)
    return [MeterChange(Beats(tick / ticks), value) for tick, value in meters.items()]


def _notes(track: list[tuple[int, Any]]) -> Iterator[tuple[int, int, Any, int]]:
    """Yield (tick on, tick off, note-on, release velocity) of each note of a track."""
    sounding: dict[tuple[int, int], tuple[int, Any]] = {}
    tick = 0
    for tick, message in track:
        if message.type not in ("note_on", "note_off"):
            continue
        key = (message.channel, message.note)
        begun = sounding.pop(key, None)
        strikes = message.type == "note_on" and message.velocity > 0
        if begun is not None:
            release = message.velocity if message.type == "note_off" else 64
            yield begun[0], tick, begun[1], release
        if strikes:
            sounding[key] = (tick, message)
    for begun_at, message in sounding.values():
        yield begun_at, tick, message, 64


def _is_other(message: Any) -> bool:
    return not message.is_meta and message.bytes()[0] >= 0xA0 and message.bytes()[0] < 0xF0


def _track(events: Iterable[tuple[int, Any]]) -> Any:
    track, now = mido.MidiTrack(), 0
    for tick, message in sorted(events, key=lambda e: e[0]):
        track.append(message.copy(time=tick - now))
        now = tick
    return track
