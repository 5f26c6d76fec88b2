from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest

from pocket_core.types import Port, Seconds
from pocketd.config import Config
from pocketd.desk_main import Desk
from pocketd.desk_records import Fault, Message, Record, Tally, Vitals, encode
from pocketd.recorder import Recorder
from pocketd.standing import find_stuck, read_standing, standing_path, write_standing
from pocketd.standing_keeper import StandingKeeper
from pocketd.terminal import Lines
from tests.daemon.full_disk import files_no_larger_than
from tests.daemon.take_story import KICK, NOON, T, hello, now, start, take

VITALS = Vitals(
    at=T,
    ports=("a:drums", "a:human", "a:control", "a:out"),
    connected={Port.DRUMS: ("daw:out",), Port.OUT: ()},
    hurried=True,
    pulses={Port.CONTROL: 480},
    bpm=121.5,
    jitter_ms=0.25,
)


class Kept:
    """A keeper that has been told, and its file."""

    def __init__(self, folder: Path, *records: Record, pid: int | None = None) -> None:
        self.path = folder / "pocketd" / "a.json"
        self.said: list[str] = []
        self.keeper = StandingKeeper(self.path, os.getpid() if pid is None else pid, self.said.append)
        for record in records:
            self.keeper.read(record)


def test_what_the_daemon_tells_is_in_the_file_and_comes_back_as_it_was_told(tmp_path: Path) -> None:
    kept = Kept(
        tmp_path,
        hello(config=Config().model_dump(mode="json")),
        VITALS,
        *take()[:-1],
        Fault(at=T, about="model", text="slow"),
    )

    kept.keeper.turn(Seconds(5.0))

    standing = read_standing(kept.path)
    assert standing is not None
    assert (standing.pid, standing.model, standing.backend) == (os.getpid(), "lstm", "loopback")
    assert standing.ports == VITALS.ports
    assert standing.connected == {Port.DRUMS: ("daw:out",), Port.OUT: ()}
    assert standing.heard.notes == {Port.DRUMS: 4, Port.HUMAN: 4}
    assert standing.heard.pulses == {Port.CONTROL: 480}
    assert (standing.heard.running, standing.heard.bpm, standing.heard.jitter_ms) == (True, 121.5, 0.25)
    assert standing.tally == Tally(events_in=4, events_out=4)
    assert standing.faults == ("model: slow",)
    assert standing.hurried


def test_a_drum_has_the_place_in_the_song_that_the_daemon_says(tmp_path: Path) -> None:
    pulses = [Message(at=Seconds(T + n / 48), port=Port.CONTROL, data=b"\xf8") for n in range(48)]
    struck = Message(at=Seconds(T + 1.38), port=Port.DRUMS, data=KICK)

    kept = Kept(tmp_path, hello(), VITALS, start(position=8.0), *pulses, now(T + 1.3, 10.6, 1), struck)
    kept.keeper.turn(Seconds(0.0))

    standing = read_standing(kept.path)
    assert standing is not None
    (strike,) = standing.heard.strikes
    assert strike.beat == pytest.approx(10.76)  # 0.08 s behind 10.6 at 120 BPM
    assert (strike.voice, strike.pace) == (0, 0.5)


def test_it_is_written_once_a_second_and_counts_on(tmp_path: Path) -> None:
    kept = Kept(tmp_path, hello(), VITALS)
    serials = []

    for tenth in range(25):
        kept.keeper.turn(Seconds(100 + tenth / 10))
        standing = read_standing(kept.path)
        assert standing is not None
        serials.append(standing.serial)

    assert serials == [1] * 10 + [2] * 10 + [3] * 5


def test_nothing_is_written_before_the_daemon_has_said_who_it_is_and_how(tmp_path: Path) -> None:
    kept = Kept(tmp_path, hello())

    kept.keeper.turn(Seconds(5.0))

    assert not kept.path.exists()


def test_the_end_of_the_daemon_is_the_end_of_the_file(tmp_path: Path) -> None:
    kept = Kept(tmp_path, hello(), VITALS)
    kept.keeper.turn(Seconds(5.0))

    kept.keeper.close()

    assert list(kept.path.parent.iterdir()) == []


def test_a_file_that_another_daemon_has_written_since_stays(tmp_path: Path) -> None:
    kept = Kept(tmp_path, hello(), VITALS, pid=1)
    Kept(tmp_path, hello(), VITALS).keeper.turn(Seconds(5.0))

    kept.keeper.close()

    assert kept.path.exists()


def test_a_file_of_a_process_that_is_no_more_is_nobodys(tmp_path: Path) -> None:
    kept = Kept(tmp_path, hello(), VITALS, pid=2**22 + 1)  # beyond what Linux gives out

    kept.keeper.turn(Seconds(5.0))

    assert kept.path.exists()
    assert read_standing(kept.path) is None


def test_a_file_that_is_old_damaged_or_of_another_format_is_nobodys(tmp_path: Path) -> None:
    kept = Kept(tmp_path, hello(), VITALS)
    kept.keeper.turn(Seconds(5.0))
    data = kept.path.read_bytes()

    kept.path.write_bytes(data[:-9])
    damaged = read_standing(kept.path)
    kept.path.write_bytes(data.replace(b'"format":1', b'"format":2'))
    newer = read_standing(kept.path)
    kept.path.write_bytes(data)
    os.utime(kept.path, (1e9, 1e9))
    old = read_standing(kept.path)

    assert (damaged, newer, old) == (None, None, None)
    assert read_standing(tmp_path / "none.json") is None


def test_a_disk_that_is_full_is_told_once_and_leaves_no_half_of_a_file(tmp_path: Path) -> None:
    kept = Kept(tmp_path, hello(), VITALS)

    with files_no_larger_than(100):
        for second in range(3):
            kept.keeper.turn(Seconds(second))

    assert len(kept.said) == 1
    assert kept.said[0].endswith("; `pocketd doctor` cannot see this daemon")
    assert list(kept.path.parent.iterdir()) == []


def test_the_file_lies_where_nobody_else_can_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own, open_to_all = tmp_path / "own", tmp_path / "open"
    for folder, mode in ((own, 0o700), (open_to_all, 0o777)):
        folder.mkdir()
        folder.chmod(mode)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))

    monkeypatch.setenv("XDG_RUNTIME_DIR", str(own))
    first = standing_path("pocketd")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(open_to_all))
    second = standing_path("pocketd")

    assert first == own / "pocketd" / "pocketd.json"
    assert second != open_to_all / "pocketd" / "pocketd.json"


def test_what_is_written_over_is_never_half_there(tmp_path: Path) -> None:
    kept = Kept(tmp_path, hello(), VITALS)
    kept.keeper.turn(Seconds(0.0))
    first = read_standing(kept.path)
    assert first is not None

    write_standing(kept.path, replace(first, serial=7))

    again = read_standing(kept.path)
    assert again is not None
    assert again.serial == 7
    assert [path.name for path in kept.path.parent.iterdir()] == ["a.json"]


def test_a_daemon_that_runs_is_told_of_and_no_take_has_what_only_this_file_wants(tmp_path: Path) -> None:
    path, lines = tmp_path / "pocketd" / "a.json", Lines(StringIO())
    keeper = StandingKeeper(path, os.getpid(), lines.say)
    desk = Desk(Recorder(tmp_path / "takes", lambda: NOON), lines, standing=keeper)

    told = [hello(), *take()[:3], VITALS, *take()[3:]]
    desk.read(b"".join(map(encode, told)), Seconds(5.0))

    assert read_standing(path) is not None
    desk.close()
    (journal,) = (tmp_path / "takes").rglob("journal.jsonl")
    assert b"vitals" not in journal.read_bytes()
    assert not path.exists()


def test_a_daemon_that_lives_and_tells_nothing_is_found_and_another_process_of_its_number_is_not(
    tmp_path: Path,
) -> None:
    waits = "import sys; print(flush=True); sys.stdin.read()"
    for name, is_stuck in (("pocketd", True), ("another", False)):
        with subprocess.Popen(
            [sys.executable, "-c", waits, name], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as process:
            assert process.stdout is not None
            process.stdout.readline()
            kept = Kept(
                tmp_path / name, hello(config=Config().model_dump(mode="json")), VITALS, pid=process.pid
            )
            kept.keeper.turn(Seconds(5.0))
            fresh = find_stuck(kept.path)
            os.utime(kept.path, (1.0, 1.0))
            found = find_stuck(kept.path)
            process.kill()

        assert fresh is None
        assert (found is not None) is is_stuck
        assert read_standing(kept.path) is None
        assert find_stuck(kept.path) is None
