"""Songs from end to end, in virtual time: named, learnt, begun with, recognised."""

from __future__ import annotations

from pathlib import Path

from pocket_core.predict import Predictor, ZeroPredictor
from pocket_core.types import Seconds
from pocket_core.wire import control_change
from pocketd.config import Config
from pocketd.config_sections import Control, Takes
from pocketd.desk_records import Hello, Remembered, TakeHeader
from pocketd.journal import JOURNAL, read_journal
from pocketd.model import load_predictor
from pocketd.songs import SongBook
from pocketd.take_content import gather
from pocketd.takes import read_report
from tests.daemon.onnx_models import Tiny
from tests.daemon.session import START, STOP, Session

EARLY = 2.0 - 91 / 48
SONGS = {0: "Blue", 5: "Stella", 127: None}


def session(
    folder: Path,
    config: Config | None = None,
    *,
    bars: int = 4,
    takes: int = 1,
    predictor: Predictor | None = None,
) -> Session:
    """A session whose takes begin at 2 s and every 14 s behind it."""
    it = Session(folder, predictor or ZeroPredictor(), config or Config(songs=SONGS, model="none"))
    it.clock(EARLY, 14.0 * takes + 20.0 * (bars > 4))
    for n in range(takes):
        it.transport(START, 1.99 + 14.0 * n)
        it.play(2.0 + 14.0 * n, bars)
        it.transport(STOP, 2.1 + 14.0 * n + 2.0 * bars)
    return it


def finish(it: Session, at: float = 14.0) -> Session:
    it.until(at)
    it.end()
    return it


def songs_of(it: Session) -> list[str | None]:
    return [gather(folder / JOURNAL).hello.song for folder in it.takes]


def begun_with(folder: Path) -> float:
    """How many onsets stand behind what the engine knew of the musician at a take's start."""
    memories = (r.memory for r in read_journal(folder / JOURNAL) if isinstance(r, Remembered))
    return next(m.likeness.everywhere.weight for m in memories if m.running)


def test_a_program_change_before_the_start_names_the_take(tmp_path: Path) -> None:
    it = session(tmp_path)
    it.control(b"\xc0\x05", 1.0)

    finish(it)

    assert songs_of(it) == ["Stella"]
    header = next(read_journal(it.takes[0] / JOURNAL))
    assert isinstance(header, TakeHeader)
    assert (header.hello.song, header.hello.recognised) == ("Stella", False)


def test_a_song_that_is_named_while_it_runs_counts_from_then_on(tmp_path: Path) -> None:
    it = session(tmp_path)
    it.control(b"\xc0\x00", 1.0)
    it.control(b"\xc0\x05", 4.0)

    finish(it)

    assert songs_of(it) == ["Stella"]
    assert [r.song for r in read_journal(it.takes[0] / JOURNAL) if isinstance(r, Hello)] == ["Stella"]


def test_a_song_that_is_named_behind_the_stop_is_the_next_takes(tmp_path: Path) -> None:
    it = session(tmp_path, takes=2)
    it.control(b"\xc0\x00", 1.0)
    it.control(b"\xc0\x05", 10.3)  # stopped at 10.1; the take settles at 11.22

    finish(it, 28.0)

    assert songs_of(it) == ["Blue", "Stella"]


def test_a_controller_names_a_song_where_it_is_told_to(tmp_path: Path) -> None:
    config = Config(songs=SONGS, control=Control(song_cc=30, song_program=False), model="none")
    it = session(tmp_path, config)
    it.control(control_change(3, 30, 0), 1.0)
    it.control(b"\xc0\x05", 1.1)  # a program change counts for nothing

    finish(it)

    assert songs_of(it) == ["Blue"]


def test_a_number_without_a_song_changes_nothing_and_null_is_no_song(tmp_path: Path) -> None:
    it = session(tmp_path, takes=2)
    it.control(b"\xc0\x05", 1.0)
    it.control(b"\xc0\x63", 1.1)
    it.control(b"\xc0\x7f", 12.0)

    finish(it, 28.0)

    assert songs_of(it) == ["Stella", None]


def test_the_next_days_first_take_begins_with_what_was_learnt(tmp_path: Path) -> None:
    config = Config(takes=Takes(song="Blue"), model="none")
    first = finish(session(tmp_path, config))
    learnt = SongBook(tmp_path / "songs").read("Blue")

    second = finish(session(tmp_path, config))

    assert learnt is not None
    assert learnt.likeness is not None
    assert begun_with(first.takes[0]) == 0.0
    assert begun_with(second.takes[1]) == learnt.likeness.everywhere.weight > 20.0
    assert read_report(second.takes[1])["take"]["song"] == "Blue"


def test_another_song_begins_with_what_was_learnt_of_it_and_not_of_the_last(tmp_path: Path) -> None:
    finish(session(tmp_path, Config(takes=Takes(song="Blue"), model="none")))
    blue = SongBook(tmp_path / "songs").read("Blue")
    it = session(tmp_path, takes=2)
    it.control(b"\xc0\x05", 1.0)
    it.control(b"\xc0\x00", 12.0)

    finish(it, 28.0)

    assert blue is not None
    assert blue.likeness is not None
    assert songs_of(it) == ["Blue", "Stella", "Blue"]
    assert [begun_with(take) for take in it.takes] == [0.0, 0.0, blue.likeness.everywhere.weight]


def test_takes_without_a_name_begin_with_the_last_of_them(tmp_path: Path) -> None:
    it = session(tmp_path, takes=3)
    it.control(b"\xc0\x05", 12.0)
    it.control(b"\xc0\x7f", 26.0)

    finish(it, 42.0)

    weights = [begun_with(take) for take in it.takes]
    assert songs_of(it) == [None, "Stella", None]
    assert weights[:2] == [0.0, 0.0]
    assert weights[2] > 20.0


def test_a_take_without_a_name_is_recognised_by_its_drums_and_says_so(tmp_path: Path) -> None:
    finish(session(tmp_path, Config(takes=Takes(song="Blue"), model="none"), bars=12), 30.0)

    it = finish(session(tmp_path, bars=12), 30.0)

    (_, unnamed) = it.takes
    about = read_report(unnamed)["take"]
    header = next(read_journal(unnamed / JOURNAL))
    assert isinstance(header, TakeHeader)
    assert header.hello.song is None
    assert (about["song"], about["recognised"]) == ("Blue", True)


def late_of_blue(folder: Path) -> Predictor:
    """A model that has learnt "Blue", whose musician is 12 ms late besides."""
    return load_predictor(Tiny(card={"bias_ms": {"Blue": 12.0}}).write(folder), Seconds(1.0))


def test_a_song_that_is_named_is_played_as_late_as_its_musician_is(tmp_path: Path) -> None:
    it = session(tmp_path / "takes", takes=2, predictor=late_of_blue(tmp_path))
    it.control(b"\xc0\x00", 1.0)
    it.control(b"\xc0\x05", 12.0)

    it.until(3.0)
    blue = it.loop.engine.settings.song_late
    it.until(16.5)
    stella = it.loop.engine.settings.song_late
    finish(it, 28.0)

    assert (blue, stella) == (0.012, 0.0)


def test_a_song_that_is_recognised_does_not_move_the_drums_in_mid_take(tmp_path: Path) -> None:
    root = tmp_path / "takes"
    finish(session(root, Config(takes=Takes(song="Blue"), model="none"), bars=12), 30.0)
    it = session(root, bars=12, predictor=late_of_blue(tmp_path))

    it.until(25.0)
    recognised, late = it.loop._song, it.loop.engine.settings.song_late
    finish(it, 30.0)

    assert recognised == ("Blue", True)
    assert late == 0.0


def test_what_was_recognised_is_over_with_its_take(tmp_path: Path) -> None:
    finish(session(tmp_path, Config(takes=Takes(song="Blue"), model="none"), bars=12), 30.0)
    it = session(tmp_path, bars=12)
    it.transport(START, 33.99)
    it.play(34.0, 2)
    it.transport(STOP, 38.1)
    it.clock(34.0 - 1 / 48, 40.0)

    finish(it, 40.0)

    assert songs_of(it) == ["Blue", "Blue", None]


def test_a_damaged_song_is_told_and_made_anew(tmp_path: Path) -> None:
    (tmp_path / "songs").mkdir()
    (tmp_path / "songs" / "Blue.json").write_bytes(b'{"format": 1, "na')

    it = finish(session(tmp_path, Config(takes=Takes(song="Blue"), model="none")))

    assert "Blue.json is damaged" in it.said.getvalue()
    assert SongBook(tmp_path / "songs").read("Blue") is not None
    assert songs_of(it) == ["Blue"]
