"""What the kill benchmark makes of takes; nothing is killed. tests/real/test_kill_takes.py does that."""

from __future__ import annotations

from pathlib import Path

import pytest
from benchmarks.kill_takes import broken, lost_ms
from benchmarks.recording import FIRST, REST, song

from pocket_core.types import Seconds
from pocketd.desk_records import FORMAT, Message, Record, TakeHeader, encode
from pocketd.takes import TABLE
from tests.daemon.take_story import hello, start
from tests.daemon.takes_driver import a_take, journal

SECOND = FIRST + REST


def recorded(root: Path, until: float, lost: float | None = None) -> None:
    """Write a take of the song, without the first message that comes after `lost`."""
    told: list[Record] = []
    for cue in song():
        if cue.at <= until and (lost is None or cue.at < lost):
            told.append(Message(at=cue.at, port=cue.port, data=cue.data))
        elif lost is not None and cue.at >= lost:
            lost = None
    zero = Seconds(0.0)
    header = TakeHeader(format=FORMAT, started="2026-11-20T12:00:00", origin=zero, source=None, hello=hello())
    a_take(root, data=b"".join(map(encode, [header, start(zero), *told])))


def test_takes_that_have_all_that_was_played_have_lost_nothing(tmp_path: Path) -> None:
    recorded(tmp_path, 0.7)

    assert lost_ms(tmp_path, 0.7) == 0.0


def test_what_is_missing_at_the_end_is_the_time_from_there_to_the_kill(tmp_path: Path) -> None:
    recorded(tmp_path, 0.6)

    assert lost_ms(tmp_path, 0.7) == pytest.approx(100.0, abs=11.0)  # a message comes every 10 ms


def test_a_gap_in_the_middle_is_lost_from_there_on(tmp_path: Path) -> None:
    recorded(tmp_path, 0.7, lost=0.3)

    assert lost_ms(tmp_path, 0.7) == pytest.approx(400.0, abs=11.0)


def test_where_there_is_no_take_all_is_lost(tmp_path: Path) -> None:
    assert lost_ms(tmp_path, 0.5) == pytest.approx(500.0)


def test_the_second_take_is_looked_for_too(tmp_path: Path) -> None:
    recorded(tmp_path, FIRST)

    assert lost_ms(tmp_path, SECOND + 0.2) == pytest.approx(200.0)


def test_a_sound_take_is_not_broken(tmp_path: Path) -> None:
    a_take(tmp_path, data=journal())

    assert broken(tmp_path) == []


def test_a_table_that_disagrees_and_what_was_left_behind_are_told(tmp_path: Path) -> None:
    folder = a_take(tmp_path, data=journal())
    (folder / TABLE).write_text("index\n0\n")
    (folder / ".take.mid.1.part").write_bytes(b"MThd")

    assert broken(tmp_path) == [
        "4 timesteps in the journal, 4 in take.json, 1 in timesteps.csv",
        ".take.mid.1.part was left behind",
    ]


def test_a_take_without_a_report_is_broken(tmp_path: Path) -> None:
    a_take(tmp_path, data=journal(), done=False)

    (said,) = broken(tmp_path)
    assert "take.json" in said
