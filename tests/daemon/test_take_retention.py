from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from pocketd.at_once import AtOnce
from pocketd.chores import Chores
from pocketd.desk_main import Desk
from pocketd.desk_records import Record, encode
from pocketd.meter import MeterState
from pocketd.recorder import Recorder
from pocketd.take_keep import keep
from pocketd.take_names import name_of
from pocketd.take_retention import Kept, Retention
from pocketd.take_room import GOING, Limits
from pocketd.takes import take_folders
from tests.daemon.take_story import NOON, T, hello, story
from tests.daemon.takes_driver import a_take, journal

MONTH = timedelta(days=30)


class Screen:
    """A terminal that remembers."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.state = MeterState()

    def show(self, state: MeterState) -> None:
        self.state = state

    def say(self, line: str) -> None:
        self.said.append(line)

    def note(self, line: str) -> None:
        pass

    def close(self) -> None:
        pass


def retention(root: Path, limits: Limits) -> Retention:
    return Retention(root, limits, lambda: NOON)


def names(root: Path) -> list[str]:
    return [name_of(folder) for folder in take_folders(root)]


def desk(root: Path, limits: Limits, screen: Screen) -> Desk:
    chores = Chores(root, retention(root, limits), AtOnce())
    chores.begin()
    return Desk(Recorder(root, lambda: NOON), screen, chores)


def told(records: list[Record]) -> bytes:
    return b"".join(map(encode, records))


def test_old_takes_go_and_it_is_said_why(tmp_path: Path) -> None:
    a_take(tmp_path, "2026-10-01/120000")
    a_take(tmp_path, "2026-11-19/120000")

    kept = retention(tmp_path, Limits(MONTH)).apply()

    assert names(tmp_path) == ["2026-11-19/120000"]
    assert kept == Kept(("take 2026-10-01/120000 removed (older than 30 days): 0.0 MB",))


def test_without_limits_only_the_remains_of_a_removal_go(tmp_path: Path) -> None:
    a_take(tmp_path, "2020-01-01/120000")
    (tmp_path / f"{GOING}2019-12-31-120000").mkdir()

    assert retention(tmp_path, Limits()).apply() == Kept()
    assert [path.name for path in tmp_path.iterdir()] == ["2020-01-01"]


def test_a_takes_folder_that_does_not_exist_yet_is_no_error(tmp_path: Path) -> None:
    assert retention(tmp_path / "none", Limits(MONTH, 1)).apply() == Kept()


def test_the_desk_removes_old_takes_at_its_start_and_says_so(tmp_path: Path) -> None:
    a_take(tmp_path, "2026-10-01/120000")
    screen = Screen()

    desk(tmp_path, Limits(MONTH), screen).show()

    assert names(tmp_path) == []
    assert screen.said == ["take 2026-10-01/120000 removed (older than 30 days): 0.0 MB"]


def test_the_desk_makes_room_after_each_take_but_keeps_the_one_just_played(tmp_path: Path) -> None:
    screen = Screen()
    busy = desk(tmp_path, Limits(quota=1), screen)
    a_take(tmp_path, "2026-11-19/120000")

    busy.read(told(story()), T)

    assert names(tmp_path) == ["2026-11-20/120000"]
    assert screen.said[0].startswith("take saved ")
    assert screen.said[1].startswith("take 2026-11-19/120000 removed (takes have 0 MB)")


def test_kept_takes_that_fill_the_quota_are_a_warning_in_the_meter(tmp_path: Path) -> None:
    keep(a_take(tmp_path, "2026-10-01/120000"))
    screen = Screen()
    busy = desk(tmp_path, Limits(quota=1), screen)

    busy.read(told([hello()]), T)
    busy.show()

    assert names(tmp_path) == ["2026-10-01/120000"]
    (fault,) = screen.state.faults
    assert fault.startswith("takes: kept takes alone fill takes.quota_mb")
    assert screen.said == [fault.removeprefix("takes: ")]


def test_a_take_that_a_crash_left_is_recovered_before_it_may_go(tmp_path: Path) -> None:
    a_take(tmp_path, "2026-10-01/120000", journal()[:-20], done=False)
    screen = Screen()

    desk(tmp_path, Limits(MONTH), screen).show()

    assert screen.said[0].startswith("take recovered ")
    assert "2026-10-01/120000 removed" in screen.said[1]


def test_a_chore_that_fails_costs_no_recording(tmp_path: Path) -> None:
    class Broken(Retention):
        def apply(self) -> Kept:
            raise RuntimeError("no such luck")

    screen = Screen()
    chores = Chores(tmp_path, Broken(tmp_path, Limits(), lambda: NOON), AtOnce())
    chores.begin()
    busy = Desk(Recorder(tmp_path, lambda: NOON), screen, chores)

    busy.read(told(story()), T)

    assert names(tmp_path) == ["2026-11-20/120000"]
    assert "looking after takes: RuntimeError('no such luck')" in screen.said
