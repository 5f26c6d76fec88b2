from __future__ import annotations

import json
from pathlib import Path

import pytest

from pocket_core.errors import ConfigError, DataError, MidiFileError, ModelError, PocketError, TakeError
from pocket_core.predict import ZeroPredictor
from pocket_core.types import Port, Seconds
from pocketd.backends.clock import VirtualClock
from pocketd.config import Config
from pocketd.demo import Plan, plan
from pocketd.demo_loopback import play_in_process
from pocketd.desk_records import Message, Now, Record, Timestep, TransportStart, TransportStop
from pocketd.journal import JOURNAL, read_journal
from pocketd.midifile import read_score, score_bytes
from pocketd.midiscore import MidiScore
from pocketd.performance import perform
from pocketd.take_content import gather
from pocketd.take_import import as_if_live, import_take, performed
from pocketd.takes import MIDI, read_report, take_folders
from tests.daemon.full_disk import files_no_larger_than
from tests.daemon.take_story import NOON, hello, story
from tests.daemon.takes_driver import Takes

TABLE = Path(__file__).with_name("rolypoly_take.csv")
LOOK_AHEAD = Seconds(0.120)


@pytest.fixture
def takes(tmp_path: Path) -> Takes:
    return Takes(tmp_path)


@pytest.fixture(scope="module")
def duet() -> Plan:
    """Four made-up bars."""
    made_up = perform(Seconds(8.0))
    return plan(made_up.drums, made_up.human, LOOK_AHEAD)


def written(path: Path, score: MidiScore) -> Path:
    path.write_bytes(score_bytes(score, score.stream(), "a part"))
    return path


def pair(folder: Path) -> list[str | Path]:
    """Write two MIDI files and return the words that import them."""
    made_up = perform(Seconds(8.0))
    drums, human = written(folder / "beat.mid", made_up.drums), written(folder / "hands.mid", made_up.human)
    return ["--drums", drums, "--human", human]


def of_kind(records: list[Record], kind: type[Record]) -> list[Record]:
    return [record for record in records if isinstance(record, kind)]


def test_two_files_become_a_take_as_the_daemon_records_it(duet: Plan, tmp_path: Path) -> None:
    config = as_if_live(duet, Config(model="none"))
    told = performed(duet, config, ZeroPredictor())

    live = config.model_copy(update={"backend": "loopback", "meter_display": "off"})
    live = live.model_copy(update={"takes": live.takes.model_copy(update={"folder": str(tmp_path)})})
    play_in_process(duet, live, VirtualClock())

    (folder,) = take_folders(tmp_path)
    recorded = gather(folder / JOURNAL)
    imported = gather(import_take(tmp_path / "other", "a duet", told, lambda: NOON).folder / JOURNAL)
    shift = recorded.start.at - imported.start.at
    assert len(imported.timesteps) == len(recorded.timesteps) > 0
    for ours, theirs in zip(imported.timesteps, recorded.timesteps, strict=True):
        assert (ours.bar, ours.voices) == (theirs.bar, theirs.voices)
        assert ours.beat == pytest.approx(theirs.beat)
        assert ours.nominal_s + shift == pytest.approx(theirs.nominal_s, abs=1e-6)
        assert (ours.human_s is None) == (theirs.human_s is None)
    for port in (Port.DRUMS, Port.HUMAN, Port.OUT):
        ours_sent, theirs_sent = (
            [m.data for m in t.messages if m.port is port] for t in (imported, recorded)
        )
        assert ours_sent == theirs_sent


def test_an_imported_journal_has_every_kind_of_line_that_a_live_one_has(duet: Plan) -> None:
    told = performed(duet, as_if_live(duet, Config(model="none")), ZeroPredictor())

    drums = [m for m in told if isinstance(m, Message) and m.port is Port.DRUMS]
    assert [m.data for m in drums][:2] == [b"\xfa", b"\xf8"]  # MIDI clock is in it
    assert len(of_kind(told, TransportStart)) == len(of_kind(told, TransportStop)) == 1
    assert len(of_kind(told, Now)) > 10 * 8
    assert of_kind(told, Timestep)
    assert {m.port for m in told if isinstance(m, Message)} == {Port.DRUMS, Port.HUMAN, Port.OUT}


def test_the_same_files_make_the_same_take(duet: Plan) -> None:
    config = as_if_live(duet, Config(model="none"))

    assert performed(duet, config, ZeroPredictor()) == performed(duet, config, ZeroPredictor())


def test_a_pair_of_files_is_imported_by_command(takes: Takes, tmp_path: Path) -> None:
    said = takes.run("import", *pair(tmp_path), "--song", "Green")

    (folder,) = take_folders(takes.root)
    about = read_report(folder)["take"]
    assert (about["song"], about["source"], about["how"]) == ("Green", "hands.mid over beat.mid", "stop")
    assert said.splitlines()[-1].startswith(f"{folder.parent.name}/{folder.name}: ")
    assert read_report(folder)["summary"]["pocketd"]["mae_ms"] is not None
    (header, *_) = read_journal(folder / JOURNAL)
    assert Config.model_validate(header.hello.config).model == "none"  # type: ignore[union-attr]


def test_a_table_is_imported_by_command(takes: Takes) -> None:
    said = takes.run("import", TABLE, TABLE)

    first, second = take_folders(takes.root)
    assert len(said.splitlines()) == 2
    assert read_report(first)["take"]["source"] == "rolypoly_take.csv of rolypoly~"
    assert read_report(first)["model"] == "rolypoly~"
    assert read_report(first)["take"]["seconds"] == 4.75
    assert read_report(second)["timesteps"] == read_report(first)["timesteps"]


def test_the_midi_file_of_a_table_spells_its_timesteps_out(takes: Takes) -> None:
    takes.run("import", TABLE)

    (folder,) = take_folders(takes.root)
    drums = read_score(folder / MIDI).notes
    assert len([note for note in drums if note.channel == 9]) == 2 * 10  # in and out
    # the first hit was early, so the file begins a bar of 4 s before it
    assert [round(note.at_s, 3) for note in drums if note.channel == 0] == [4.537, 4.987, 8.28]


def test_imported_takes_are_listed_shown_and_drawn_as_others(takes: Takes, tmp_path: Path) -> None:
    takes.run("import", TABLE)

    assert "imported" in takes.run("list")
    assert "rolypoly_take.csv of rolypoly~, imported" in takes.run("show", "last")
    assert takes.run("export", "last", "--to", tmp_path / "a.csv")
    pytest.importorskip("matplotlib")
    assert "bars 1 to 2" in takes.run("plot", "last", "--out", tmp_path / "a.png")


@pytest.mark.parametrize("which", ["beat.mid", "hands.mid"])
def test_a_file_of_a_pair_that_is_no_midi_is_named(takes: Takes, tmp_path: Path, which: str) -> None:
    words = pair(tmp_path)
    (tmp_path / which).write_text("a shopping list")

    with pytest.raises(MidiFileError, match=rf"{which} is not a MIDI file"):
        takes.run("import", *words)
    assert take_folders(takes.root) == []


def test_a_table_of_another_layout_imports_none_of_them(takes: Takes, tmp_path: Path) -> None:
    other = tmp_path / "other.csv"
    other.write_text("time,note\n1,2\n")

    with pytest.raises(DataError, match=r"other\.csv, line 1, column 1 is 'time', not 'seq no\.'"):
        takes.run("import", TABLE, other)
    assert take_folders(takes.root) == []


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ((), "say what to import: --drums and --human, or tables of rolypoly~"),
        (("--drums", "beat.mid"), "an import of MIDI needs both --drums and --human"),
    ],
)
def test_an_import_of_nothing_or_of_half_a_pair_is_refused(
    takes: Takes, words: tuple[str, ...], why: str
) -> None:
    with pytest.raises(ConfigError, match=why):
        takes.run("import", *words)


def test_a_model_that_cannot_be_loaded_imports_nothing(takes: Takes, tmp_path: Path) -> None:
    takes.config.write_text(json.dumps({"model": "none.onnx", "takes": {"folder": str(takes.root)}}))

    with pytest.raises(ModelError, match="nothing was imported"):
        takes.run("import", *pair(tmp_path))


def test_a_takes_folder_that_cannot_be_written_to_is_said(takes: Takes) -> None:
    takes.root.write_text("in the way")

    with pytest.raises(TakeError, match=r"rolypoly_take\.csv of rolypoly~ is not imported: Not a directory"):
        takes.run("import", TABLE)


def test_a_disk_that_is_full_leaves_no_half_of_a_take(tmp_path: Path) -> None:
    with files_no_larger_than(2500), pytest.raises(PocketError, match="is not imported: File too large"):
        import_take(tmp_path, "a table", story(), lambda: NOON)

    assert list(tmp_path.glob("*/*")) == []


def test_what_never_runs_is_no_take(tmp_path: Path) -> None:
    with pytest.raises(TakeError, match="its transport never runs"):
        import_take(tmp_path, "nothing", [hello()], lambda: NOON)
