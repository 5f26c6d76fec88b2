from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from pocketd.config import Config
from pocketd.config_sections import Takes
from pocketd.desk import spawn_desk
from pocketd.desk_records import Dropped
from pocketd.journal import JOURNAL, read_journal
from pocketd.songs import SongBook
from pocketd.takes import REPORT, FinishedTake, read_report, recover, take_folders
from tests.daemon.desk_driver import PATIENCE
from tests.daemon.full_disk import files_no_larger_than
from tests.daemon.take_story import hello, take
from tests.daemon.takes_driver import a_take, journal

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.skipif(os.name != "posix", reason="sends POSIX signals")


def drive(folder: Path, what: str) -> tuple[int, Any]:
    """Run the driver to its end and that of its desk, which holds the same standard error."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.daemon.desk_driver", str(folder), what],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        timeout=60,
        check=False,
    )
    return done.returncode, json.loads(done.stderr)


def only(folder: Path) -> Path:
    (found,) = take_folders(folder)
    return found


def test_a_take_told_to_a_real_desk_is_on_disk_when_the_desk_has_ended(tmp_path: Path) -> None:
    code, said = drive(tmp_path, "end")

    assert (code, said) == (0, {"dropped": 0, "ended": True})
    assert read_report(only(tmp_path))["take"]["how"] == "stop"
    assert len(read_report(only(tmp_path))["timesteps"]) == 4
    song = SongBook(tmp_path / "songs").read("Blue")
    assert song is not None
    assert song.takes == 1


def test_the_nightly_job_can_tell_that_a_take_runs_from_its_start_to_its_stop(tmp_path: Path) -> None:
    _, said = drive(tmp_path, "playing")

    assert said == [True, False]


def test_a_daemon_that_is_killed_leaves_a_finished_take(tmp_path: Path) -> None:
    code, _ = drive(tmp_path, "daemon killed")

    assert code == -9
    assert read_report(only(tmp_path))["take"]["how"] == "vanished"
    assert len(read_report(only(tmp_path))["timesteps"]) == 4


def test_a_desk_that_is_killed_costs_the_rest_of_the_take_and_the_next_start_recovers_it(
    tmp_path: Path,
) -> None:
    code, said = drive(tmp_path, "desk killed")

    assert code == 0
    assert said == {"dropped": 2, "ended": True}  # stop and goodbye
    assert not (only(tmp_path) / REPORT).exists()
    (taken,) = recover(tmp_path)
    assert isinstance(taken, FinishedTake)
    assert (taken.how, taken.timesteps) == ("recovered", 4)


def test_what_a_terminal_or_systemd_sends_to_everybody_does_not_end_the_desk(tmp_path: Path) -> None:
    code, said = drive(tmp_path, "signals")

    assert (code, said) == (0, {"dropped": 0, "ended": True})
    assert read_report(only(tmp_path))["take"]["how"] == "stop"


def test_a_desk_that_stands_still_costs_records_and_the_journal_says_how_many(tmp_path: Path) -> None:
    code, said = drive(tmp_path, "desk stopped")

    records = list(read_journal(only(tmp_path) / JOURNAL))
    assert code == 0
    assert said["ended"]
    assert said["dropped"] > 0
    assert sum(r.records for r in records if isinstance(r, Dropped)) == said["dropped"]


def test_a_full_disk_ends_the_recording_and_nothing_else(tmp_path: Path) -> None:
    with files_no_larger_than(2500):
        helpers = spawn_desk(Config(takes=Takes(folder=str(tmp_path)), meter_display="off"))
        outbox, desk = helpers.outbox, helpers.desk
    for record in [hello(), *take()]:
        outbox.offer(record)
        outbox.pump()
    alive = outbox.alive
    helpers.hang_up(PATIENCE)

    assert desk is not None
    assert desk.wait(PATIENCE)
    assert (alive, outbox.dropped) == (True, 0)
    list(recover(tmp_path))  # what the desk, which recovers as it starts, has not come to yet
    report = read_report(only(tmp_path))
    assert report["take"]["how"] == "recovered"
    assert 0 < len(report["timesteps"]) < len(take())


@pytest.mark.parametrize(("limits", "left"), [(Takes(), 2), (Takes(keep_days=30), 1), (Takes(quota_mb=1), 1)])
def test_a_real_desk_keeps_what_the_configuration_says(tmp_path: Path, limits: Takes, left: int) -> None:
    big = journal(*(hello(config={"fill": "x" * 10_000}) for _ in range(110)))
    a_take(tmp_path, "2020-01-01/120000", big)
    a_take(tmp_path, f"{date.today():%Y-%m-%d}/000000")
    takes = limits.model_copy(update={"folder": str(tmp_path)})

    helpers = spawn_desk(Config(takes=takes, meter_display="off"))
    desk = helpers.desk
    helpers.hang_up(PATIENCE)

    assert desk is not None
    assert desk.wait(PATIENCE)
    assert len(take_folders(tmp_path)) == left
