from __future__ import annotations

import io
from pathlib import Path

import mido
import pytest

from pocket_core.errors import ConfigError, MidiFileError
from pocket_core.phrases.kit import Kit
from pocket_core.phrases.phrase import Phrase, Stroke
from pocket_core.tempo import TempoChange, TempoMap, steady
from pocket_core.types import Beats
from pocketd.generators.phrase_file import drawn, phrase_bytes
from pocketd.generators.presets import find_phrase, numbered, preset_names, read_phrase
from pocketd.midifile import parse_score

KIT = Kit()


def phrase(*struck: tuple[float, int, int, float]) -> Phrase:
    strokes = (Stroke(Beats(beat), note, velocity, Beats(off)) for beat, note, velocity, off in struck)
    return Phrase(tuple(strokes), Beats(4.0))


def test_presets_are_counted_round_and_round() -> None:
    names = preset_names()

    assert numbered(len(names), KIT) == find_phrase(names[0], KIT)
    assert "rock" in names


def test_a_phrase_that_is_written_is_read_again_as_it_was(tmp_path: Path) -> None:
    made = phrase((0.0, 36, 100, 0.0), (1.0, 38, 90, 0.03125), (1.5, 42, 60, -0.0625))
    (tmp_path / "a.mid").write_bytes(phrase_bytes(made, steady(97.0), "a"))

    read = find_phrase(str(tmp_path / "a.mid"), KIT)

    assert [(s.beat, s.note, s.velocity) for s in read.strokes] == [
        (s.beat, s.note, s.velocity) for s in made.strokes
    ]
    assert [s.offset for s in read.strokes] == pytest.approx([s.offset for s in made.strokes], abs=1 / 960)
    assert read.length == 4.0


def test_straight_leaves_the_offsets_out() -> None:
    data = phrase_bytes(phrase((1.0, 38, 90, 0.1)), steady(120.0), "a", straight=True)

    assert [note.at_beat for note in parse_score(data, "a").notes] == [1.0]


def test_a_stroke_before_the_beginning_is_at_the_beginning() -> None:
    data = phrase_bytes(phrase((0.0, 36, 90, -0.1)), steady(120.0), "a")

    assert [note.at_beat for note in parse_score(data, "a").notes] == [0.0]


def test_a_note_that_is_struck_again_soon_has_its_own_end() -> None:
    data = phrase_bytes(phrase((0.0, 36, 90, 0.1), (0.25, 36, 90, -0.1)), steady(120.0), "a")

    first, second = parse_score(data, "a").notes
    assert first.at_beat < second.at_beat
    assert len(parse_score(data, "a").notes) == 2


def test_a_drawing_has_a_line_a_voice_and_a_sign_a_sixteenth() -> None:
    lines = list(drawn(phrase((0.0, 36, 127, 0.0), (1.0, 38, 50, 0.0), (1.25, 38, 20, 0.0)), KIT, 4))

    assert lines == ["     snare |....xo..........|", "      kick |X...............|"]


def test_a_name_that_nobody_has_is_refused_with_those_there_are() -> None:
    with pytest.raises(ConfigError, match=r"no preset is called 'polka'; there are rock, "):
        find_phrase("polka", KIT)


def test_a_style_without_a_preset_is_said_to_be_one() -> None:
    with pytest.raises(
        ConfigError, match=r"'Reggae'; there are rock, .*: `--style reggae`, or generate.style"
    ):
        find_phrase("Reggae", KIT)


def test_a_preset_may_be_written_with_capitals() -> None:
    assert find_phrase("Funk", KIT) == find_phrase("funk", KIT)


def test_a_file_in_another_meter_is_refused(tmp_path: Path) -> None:
    data = phrase_bytes(phrase((0.0, 36, 90, 0.0)), steady(120.0), "a")
    (tmp_path / "a.mid").write_bytes(data.replace(b"\xff\x58\x04\x04", b"\xff\x58\x04\x03"))

    with pytest.raises(MidiFileError, match="is in 3/4"):
        read_phrase(tmp_path / "a.mid", KIT)


def test_a_file_without_drums_that_the_kit_knows_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.mid").write_bytes(phrase_bytes(phrase((0.0, 75, 90, 0.0)), steady(120.0), "a"))

    with pytest.raises(MidiFileError, match="no drums of the nine voices"):
        read_phrase(tmp_path / "a.mid", KIT)


def test_a_melody_is_no_drums(tmp_path: Path) -> None:
    file = mido.MidiFile()
    notes = (43, 62, 64, 71, 47, 69)  # two of them are of drums, too
    file.tracks.append(mido.MidiTrack(mido.Message("note_on", note=n, velocity=90, time=99) for n in notes))
    file.save(tmp_path / "riff.mid")

    with pytest.raises(MidiFileError, match="nothing on channel 10, and only 2 of its 6 notes are drums"):
        read_phrase(tmp_path / "riff.mid", KIT)


def test_no_note_ends_behind_the_end() -> None:
    data = phrase_bytes(phrase((3.96875, 36, 90, 0.03)), steady(120.0), "a")

    assert mido.MidiFile(file=io.BytesIO(data)).length == pytest.approx(2.0)


def test_a_file_has_every_change_of_tempo_within_it() -> None:
    tempo = TempoMap([TempoChange(Beats(n), bpm) for n, bpm in ((0.0, 120.0), (2.0, 60.0), (9.0, 90.0))])

    data = phrase_bytes(phrase((0.0, 36, 90, 0.0)), tempo, "a")

    assert mido.MidiFile(file=io.BytesIO(data)).length == pytest.approx(3.0)
