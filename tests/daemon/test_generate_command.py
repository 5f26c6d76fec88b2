from __future__ import annotations

import json
import sys
from pathlib import Path

import mido
import pytest
from typer.testing import CliRunner

from pocket_core.errors import ConfigError, MidiFileError, PocketError
from pocketd.commands.generate import command
from pocketd.midifile import file_bytes, read_score

VOICES_OF_GM = {36, 38, 42, 46, 43, 47, 50, 49, 51}


def run(*words: object) -> str:
    done = CliRunner().invoke(command, [str(word) for word in words])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.output


SOURCES = {
    "bars": ("bars", "--from", "rock", "--bars", 2),
    "continue": ("continue", "--primer", "rock", "--bars", 2),
    "pattern": ("pattern", "--from", "rock", "--bars", 2),
    "groove": ("groove", "--from", "rock", "--bars", 2),
}


@pytest.mark.parametrize("source", SOURCES)
def test_the_same_seed_writes_the_same_file_with_velocities(tmp_path: Path, source: str) -> None:
    one, two = tmp_path / "1.mid", tmp_path / "2.mid"

    said = run(*SOURCES[source], "--out", one, "--seed", 7, "--tempo", 90)
    run(*SOURCES[source], "--out", two, "--seed", 7, "--tempo", 90)

    notes = read_score(one).notes
    assert one.read_bytes() == two.read_bytes()
    assert len(notes) >= 8
    assert len({note.velocity for note in notes}) > 2
    assert {note.channel for note in notes} == {9}
    assert f"wrote {one}: 2 bars" in said.replace("\n", "")


def test_another_kit_s_notes_are_the_configuration_s(tmp_path: Path) -> None:
    config = tmp_path / "c.yaml"
    voices = {"kick": [60], "snare": [38], "closed hat": [42]}
    config.write_text(json.dumps({"voices": voices, "generate": {"notes": {"kick": 60}}}))

    run(*SOURCES["bars"], "--out", tmp_path / "a.mid", "--config", config)

    assert 60 in {note.note for note in read_score(tmp_path / "a.mid").notes}


def test_steps_from_one_bar_to_another_are_so_many_bars(tmp_path: Path) -> None:
    said = run("bars", "--from", "rock", "--to", "jazz", "--steps", 5, "--out", tmp_path / "a.mid")

    assert "5 bars" in said


def test_a_way_is_as_long_as_either_name_says_and_no_name_is_ignored(tmp_path: Path) -> None:
    out = ("--out", tmp_path / "a.mid")

    said = run("bars", "--from", "rock", "--to", "jazz", "--bars", 5, *out)

    assert "5 bars" in said
    with pytest.raises(ConfigError, match="--steps 5 and --bars 6 are both how long"):
        run("bars", "--from", "rock", "--to", "jazz", "--steps", 5, "--bars", 6, *out)
    with pytest.raises(ConfigError, match="say with --to where it goes"):
        run("bars", "--from", "rock", "--steps", 5, *out)


def test_a_way_has_nothing_left_to_chance(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="--seed is of what is left to chance"):
        run("bars", "--from", "rock", "--to", "jazz", "--seed", 2, "--out", tmp_path / "a.mid")


def test_a_style_may_be_written_with_capitals(tmp_path: Path) -> None:
    for name in ("Funk", "funk"):
        run("groove", "--style", name, "--bars", 2, "--out", tmp_path / f"{name}.mid")

    assert (tmp_path / "Funk.mid").read_bytes() == (tmp_path / "funk.mid").read_bytes()


def test_an_answer_changes_tempo_as_the_musician_does(tmp_path: Path) -> None:
    file = mido.MidiFile()
    paces = [
        mido.MetaMessage("set_tempo", tempo=tempo, time=at) for tempo, at in ((500_000, 0), (750_000, 1920))
    ]
    notes = [mido.Message("note_on", note=50, velocity=90, time=480) for _ in range(7)]
    file.tracks += [mido.MidiTrack(paces), mido.MidiTrack(notes)]
    file.save(tmp_path / "riff.mid")

    said = run("groove", "--human", tmp_path / "riff.mid", "--out", tmp_path / "a.mid")

    assert "at 80 to 120 BPM, as the musician's file" in said
    assert mido.MidiFile(tmp_path / "a.mid").length == pytest.approx(2.0 + 3.0)
    said = run("groove", "--human", tmp_path / "riff.mid", "--bars", 1, "--out", tmp_path / "a.mid")
    assert "at 120 BPM" in said  # the change lies behind the end


def test_who_follows_nobody_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="name with --human who plays"):
        run("groove", "--follow", 0.5, "--out", tmp_path / "a.mid")


def test_a_goal_that_the_musician_overrules_is_refused(tmp_path: Path) -> None:
    run("bars", "--from", "funk", "--bars", 2, "--out", tmp_path / "riff.mid")
    way = ("groove", "--human", tmp_path / "riff.mid", "--to", "jazz", "--out", tmp_path / "a.mid")

    with pytest.raises(ConfigError, match="choose --follow below 1"):
        run(*way)
    assert "2 bars" in run(*way, "--follow", 0.5)


def test_a_goal_without_a_start_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="say with --from where to begin"):
        run("bars", "--to", "jazz", "--out", tmp_path / "a.mid")


def test_what_is_read_is_not_written_over(tmp_path: Path) -> None:
    run(*SOURCES["bars"], "--out", tmp_path / "a.mid")

    with pytest.raises(ConfigError, match="is named twice"):
        run("bars", "--from", tmp_path / "a.mid", "--out", tmp_path / "a.mid")


def test_an_answer_is_as_long_as_the_musician_plays_and_at_the_same_tempo(tmp_path: Path) -> None:
    run("bars", "--from", "funk", "--bars", 3, "--tempo", 97, "--out", tmp_path / "riff.mid")

    said = run("groove", "--human", tmp_path / "riff.mid", "--out", tmp_path / "drums.mid")

    assert "3 bars" in said
    assert "at 97 BPM" in said


def test_an_answer_begins_with_the_configuration_s_start_as_live(tmp_path: Path) -> None:
    config = tmp_path / "c.yaml"
    config.write_text(json.dumps({"generate": {"start": "jazz"}}))
    run("bars", "--from", "funk", "--bars", 2, "--out", tmp_path / "riff.mid")
    answer = ("groove", "--human", tmp_path / "riff.mid", "--out")

    run(*answer, tmp_path / "1.mid", "--config", config)
    run(*answer, tmp_path / "2.mid", "--from", "jazz")
    run(*answer, tmp_path / "3.mid")

    one, two, three = ((tmp_path / f"{n}.mid").read_bytes() for n in (1, 2, 3))
    assert one == two
    assert one != three


def test_an_answer_in_a_style_begins_with_its_preset(tmp_path: Path) -> None:
    run("bars", "--from", "funk", "--bars", 2, "--out", tmp_path / "riff.mid")
    answer = ("groove", "--human", tmp_path / "riff.mid", "--style", "jazz", "--out")

    run(*answer, tmp_path / "1.mid")
    run(*answer, tmp_path / "2.mid", "--from", "jazz")
    run(*answer, tmp_path / "3.mid", "--from", "rock")

    one, two, three = ((tmp_path / f"{n}.mid").read_bytes() for n in (1, 2, 3))
    assert one == two
    assert one != three


@pytest.mark.parametrize("source", SOURCES)
def test_a_picture_is_drawn_beside_the_file(tmp_path: Path, source: str) -> None:
    pytest.importorskip("matplotlib")
    picture = tmp_path / "a.png"

    said = run(*SOURCES[source], "--out", tmp_path / "a.mid", "--plot", picture)

    assert picture.read_bytes().startswith(b"\x89PNG")
    assert f"wrote {picture}: bars 1 to 2" in said.replace("\n", "")


def test_what_is_straight_is_drawn_straight(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    swung, straight = tmp_path / "a.png", tmp_path / "b.png"

    run(*SOURCES["groove"], "--out", tmp_path / "a.mid", "--plot", swung)
    run(*SOURCES["groove"], "--out", tmp_path / "a.mid", "--plot", straight, "--straight")

    assert swung.read_bytes() != straight.read_bytes()


@pytest.mark.parametrize(
    ("picture", "why"),
    [("a.pdf", "not named as a PNG"), ("a.mid", "not named as a PNG"), ("b.mid", "named twice")],
)
def test_a_picture_that_cannot_be_is_refused_before_anything_is_made(
    tmp_path: Path, picture: str, why: str
) -> None:
    out = tmp_path / "b.mid"

    with pytest.raises(ConfigError, match=why):
        run(*SOURCES["bars"], "--out", out, "--plot", tmp_path / picture)
    assert not out.exists()


@pytest.mark.parametrize("name", ["a.txt", "a.wav", "take.2"])
def test_drums_that_are_not_named_as_a_midi_file_are_refused_before_anything_is_made(
    tmp_path: Path, name: str
) -> None:
    with pytest.raises(ConfigError, match=rf"{name} is not named as a MIDI file.*; call it {name}\.mid"):
        run(*SOURCES["bars"], "--out", tmp_path / name)
    assert not (tmp_path / name).exists()


@pytest.mark.parametrize("name", ["a.MID", "a.midi", "a"])
def test_drums_may_be_named_as_midi_files_are(tmp_path: Path, name: str) -> None:
    run(*SOURCES["bars"], "--out", tmp_path / name)

    assert read_score(tmp_path / name).notes


def test_without_matplotlib_nothing_is_made_where_a_picture_is_wanted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)

    with pytest.raises(PocketError, match="pip install"):
        run(*SOURCES["bars"], "--out", tmp_path / "a.mid", "--plot", tmp_path / "a.png")
    assert not (tmp_path / "a.mid").exists()


def test_nothing_is_made_where_a_folder_is_missing(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    with pytest.raises(PocketError, match=r"cannot write .*a\.mid: there is no folder .*gone; make it"):
        run(*SOURCES["bars"], "--out", tmp_path / "gone" / "a.mid")
    with pytest.raises(PocketError, match=r"cannot write .*a\.png: there is no folder .*gone; make it"):
        run(*SOURCES["bars"], "--out", tmp_path / "a.mid", "--plot", tmp_path / "gone" / "a.png")
    assert not list(tmp_path.iterdir())


def test_an_unknown_style_is_refused_with_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no style is called 'polka'; there are afrobeat"):
        run("groove", "--style", "polka", "--out", tmp_path / "a.mid")


def test_presets_are_drawn() -> None:
    said = run("presets")

    assert "X loud, x usual, o soft" in said.splitlines()[0]
    assert said.splitlines()[1] == "0 rock"
    assert "kick |" in said


def test_a_file_without_a_suffix_is_not_written_over_either(tmp_path: Path) -> None:
    run("bars", "--from", "funk", "--bars", 1, "--out", tmp_path / "groove")

    with pytest.raises(ConfigError, match="is named twice"):
        run("bars", "--from", tmp_path / "groove", "--out", tmp_path / "groove")


@pytest.mark.parametrize("source", ["bars", "pattern", "groove"])
def test_a_goal_needs_a_start_whoever_goes_there(tmp_path: Path, source: str) -> None:
    with pytest.raises(ConfigError, match="say with --from where to begin"):
        run(source, "--to", "jazz", "--out", tmp_path / "a.mid")


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("tempo", ["nan", "19", "301"])
def test_a_tempo_that_cannot_be_is_refused_before_anything_is_made(
    tmp_path: Path, source: str, tempo: str
) -> None:
    with pytest.raises(ConfigError, match=rf"--tempo {tempo} is outside 20 to 300"):
        run(*SOURCES[source], "--tempo", tempo, "--out", tmp_path / "a.mid")


def test_a_way_is_as_dense_as_is_asked_and_has_no_temperature(tmp_path: Path) -> None:
    way = ("bars", "--from", "rock", "--to", "jazz", "--steps", 4)
    run(*way, "--out", tmp_path / "usual.mid")
    run(*way, "--density", 0.9, "--out", tmp_path / "dense.mid")

    with pytest.raises(ConfigError, match="leave out one"):
        run(*way, "--temperature", 0.5, "--out", tmp_path / "a.mid")

    usual, dense = (len(read_score(tmp_path / f"{name}.mid").notes) for name in ("usual", "dense"))
    assert dense > usual


def waltz(path: Path, *, after: int = 0) -> Path:
    """Write a kick on each beat in 3/4; `after`: so many beats of 4/4 before."""
    kicks = [(n * 480, mido.Message("note_on", channel=9, note=36, velocity=90)) for n in range(12)]
    meter = mido.MetaMessage("time_signature", numerator=3, denominator=4)
    path.write_bytes(file_bytes([[(after * 480, meter)], kicks], 480))
    return path


@pytest.mark.parametrize("words", [("bars", "--from"), ("continue", "--primer"), ("groove", "--human")])
@pytest.mark.parametrize(("after", "says"), [(0, "is in 3/4;"), (8, "is in 3/4 from beat 8 on;")])
def test_another_meter_is_refused_wherever_it_begins(
    tmp_path: Path, words: tuple[str, str], after: int, says: str
) -> None:
    with pytest.raises(MidiFileError, match=says):
        run(*words, waltz(tmp_path / "waltz.mid", after=after), "--out", tmp_path / "a.mid")


def test_a_file_whose_drums_begin_behind_what_is_read_is_refused(tmp_path: Path) -> None:
    late = [(17 * 4 * 480, mido.Message("note_on", channel=9, note=36, velocity=90))]
    (tmp_path / "late.mid").write_bytes(file_bytes([[], late], 480))

    with pytest.raises(MidiFileError, match="no drums in its first 16 bars"):
        run("pattern", "--from", tmp_path / "late.mid", "--out", tmp_path / "a.mid")


def test_a_musician_who_plays_for_hours_is_not_cut_in_silence(tmp_path: Path) -> None:
    notes = [(beat * 480, mido.Message("note_on", note=50, velocity=90)) for beat in (0, 4 * 1024)]
    (tmp_path / "long.mid").write_bytes(file_bytes([[], notes], 480))

    with pytest.raises(MidiFileError, match="lasts 1025 bars; at most 1024"):
        run("groove", "--human", tmp_path / "long.mid", "--out", tmp_path / "a.mid")


@pytest.mark.parametrize("name", ["nobody", "x" * 300, "-"])
def test_who_is_no_preset_is_told_which_there_are(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match="there are rock, latin, jazz"):
        run("bars", "--from", name, "--out", tmp_path / "a.mid")
