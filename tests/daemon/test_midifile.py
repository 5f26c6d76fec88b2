from __future__ import annotations

from pathlib import Path

import mido
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pocket_core.errors import MidiFileError
from pocket_core.tempo import Meter
from pocketd.midifile import LARGEST, parse_score, read_score, write_score
from pocketd.midiscore import MidiScore


def smf(*tracks: str, kind: int = 1, division: int = 96) -> bytes:
    """Put tracks, written in hex without their length, into a MIDI file."""
    header = b"MThd" + (6).to_bytes(4) + kind.to_bytes(2) + len(tracks).to_bytes(2) + division.to_bytes(2)
    bodies = (bytes.fromhex(track) for track in tracks)
    return header + b"".join(b"MTrk" + len(body).to_bytes(4) + body for body in bodies)


END = "00 FF 2F 00"
KICK = "00 99 24 64  60 89 24 40"  # a kick at once, for 96 ticks
CONDUCTOR = (
    "00 FF 51 03 07 A1 20"  # 120 BPM
    "00 FF 58 04 03 02 18 08"  # 3/4
    "82 20 FF 51 03 0F 42 40"  # after 288 ticks, three beats: 60 BPM
)
WALTZ = smf(CONDUCTOR + END, "82 20 99 26 50  60 99 24 64  60 89 24 40  00 89 26 40" + END)


def names(score: MidiScore) -> list[tuple[float, float, int]]:
    return [(note.at_s, note.length_s, note.note) for note in score.notes]


def test_notes_are_placed_by_the_tempo_in_force() -> None:
    score = parse_score(WALTZ, "waltz.mid")

    # three beats of 0.5 s, then beats of 1 s
    assert names(score) == [(1.5, 2.0, 0x26), (2.5, 1.0, 0x24)]
    assert [note.at_beat for note in score.notes] == [3.0, 4.0]
    assert score.meters.position(score.notes[0].at_beat).meter == Meter(3, 4)
    assert score.meters.position(score.notes[0].at_beat).bar == 2


def test_tracks_are_merged_in_order_of_time() -> None:
    score = parse_score(smf("60 90 40 64 60 80 40 00" + END, KICK + END), "two.mid")

    assert [note.note for note in score.notes] == [0x24, 0x40]


def test_a_note_on_with_velocity_0_ends_the_note() -> None:
    score = parse_score(smf("00 99 24 64  60 99 24 00" + END), "running.mid")

    assert names(score) == [(0.0, 0.5, 0x24)]


def test_a_repeat_ends_the_note_before() -> None:
    score = parse_score(smf("00 99 24 64  30 99 24 50  30 89 24 40  30 89 24 40" + END), "repeat.mid")

    assert names(score) == [(0.0, 0.25, 0x24), (0.25, 0.25, 0x24)]


def test_a_note_that_never_ends_ends_with_its_track() -> None:
    score = parse_score(smf("00 99 24 64  60 FF 2F 00", "81 40 FF 2F 00"), "hung.mid")

    assert names(score) == [(0.0, 0.5, 0x24)]


def test_controllers_and_the_like_are_kept_with_their_times() -> None:
    score = parse_score(smf("60 B9 04 5A  00 D9 10  00 F0 03 7E 00 F7" + KICK + END), "hat.mid")

    assert [(m.at_s, m.data.hex(" ")) for m in score.messages] == [(0.5, "b9 04 5a"), (0.5, "d9 10")]


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "is empty"),
        (b"RIFF....WAVE", "not a MIDI file"),
        (b"MThd\0\0", "truncated"),
        (WALTZ[:-6], "truncated"),
        (smf(END), "no notes"),
        (smf(), "no notes"),
        (smf(KICK + END, division=0xE728), "SMPTE"),  # 25 frames of 40 ticks
        (smf(KICK + END, division=0), "0 ticks"),
        (smf("00 FF 51 03 00 00 00" + KICK + END), "zero tempo"),
        (smf("00 FF 51 03 00 00 01" + KICK + END), "BPM"),
        (smf("00 FF 58 04 00 02 18 08" + KICK + END), "meter of 0/4"),
        (smf("00 FF 58 04 04 09 18 08" + KICK + END), "meter of 4/512"),
        (smf(KICK + END, kind=2), "type 2"),
        (smf(KICK + END, kind=7), "type 7"),
        (smf("FF FF FF 7F 99 24 64" * 9 + END, division=1), "beats"),
        (smf("FF FF FF 7F 99 24 64" + END, division=480), "hours"),
        (smf("00 99 24 64  00 FF 59 02 7F 7F" + END), "damaged"),  # 127 sharps
        (smf("FF" * 5000 + KICK + END), "does not end"),
        (b"MThd" + bytes(LARGEST), "larger than"),
    ],
)
def test_what_cannot_be_used_is_named_in_one_line(data: bytes, says: str) -> None:
    with pytest.raises(MidiFileError, match=says) as caught:
        parse_score(data, "song.mid")

    assert str(caught.value).startswith("song.mid ")
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(MidiFileError, match="there is no file"):
        read_score(tmp_path / "none.mid")


def test_a_name_too_long_for_a_file_is_one_line() -> None:
    with pytest.raises(MidiFileError, match=r"cannot read a.*: File name too long"):
        read_score(Path("a" * 300))


def test_a_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(MidiFileError, match="is a folder"):
        read_score(tmp_path)


def test_a_file_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.mid").write_bytes(WALTZ)

    with pytest.raises(MidiFileError, match="cannot read"):
        read_score(tmp_path / "a.mid" / "b.mid")


mutations = st.lists(st.tuples(st.integers(0, len(WALTZ) - 1), st.integers(0, 255)), min_size=1, max_size=8)


@given(mutations, st.integers(0, len(WALTZ)))
@settings(max_examples=400)
def test_a_mutated_file_is_read_or_refused(changes: list[tuple[int, int]], length: int) -> None:
    data = bytearray(WALTZ)
    for place, value in changes:
        data[place] = value

    for mutant in (bytes(data), bytes(data[:length]), bytes(data) + bytes(data[length:])):
        try:
            score = parse_score(mutant, "mutant.mid")
        except MidiFileError:
            continue

        assert all(note.length_s >= 0 for note in score.notes)


@given(st.binary(max_size=200))
def test_any_track_is_read_or_refused(body: bytes) -> None:
    data = b"MThd\0\0\0\6\0\0\0\1\0\x60MTrk" + len(body).to_bytes(4) + body

    try:
        score = parse_score(data, "noise.mid")
    except MidiFileError:
        return

    assert score.notes


def test_what_is_written_reads_back_with_tempo_and_meter(tmp_path: Path) -> None:
    score = parse_score(WALTZ, "waltz.mid")
    path = tmp_path / "out.mid"

    write_score(path, score, score.stream(), "Walzer")
    again = read_score(path)

    assert names(again) == names(score)
    assert again.tempo.changes == score.tempo.changes
    assert again.meters.changes == score.meters.changes
    assert list(tmp_path.iterdir()) == [path]


def test_the_same_score_is_written_as_the_same_bytes(tmp_path: Path) -> None:
    score = parse_score(WALTZ, "waltz.mid")

    write_score(tmp_path / "a.mid", score, score.stream(), "a")
    write_score(tmp_path / "b.mid", score, score.stream(), "a")

    assert (tmp_path / "a.mid").read_bytes() == (tmp_path / "b.mid").read_bytes()


@pytest.mark.parametrize(
    ("name", "written"), [("тест 🥁", "тест 🥁"), ("Käse", "Käse"), ("bad\udcff", "bad?")]
)
def test_a_title_of_any_letters_is_written(tmp_path: Path, name: str, written: str) -> None:
    score = parse_score(WALTZ, "waltz.mid")

    write_score(tmp_path / "out.mid", score, score.stream(), name)

    assert mido.MidiFile(tmp_path / "out.mid", charset="utf-8").tracks[0].name == written
