"""Processes that read takes: they end at once, and with whoever asked, however that one ends."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import NoReturn

import psutil
import pytest

from pocket_export.night import readers
from pocket_export.night.readers import GONE, read_apart
from pocket_export.night.store import Folder
from pocket_export.night.task import Task, Unread
from pocket_export.night.tasks import Found, make_tasks
from tests.export.night.partners import song, take

pytestmark = pytest.mark.skipif(os.name != "posix", reason="has a named pipe that nobody writes to")


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("takes")


@pytest.fixture(scope="module")
def takes(root: Path) -> list[Task[Found]]:
    """Three takes, the first of which takes for ever to read."""
    for n in range(3):
        take(root, of=song(4), minutes=n, seed=n)
    store = Folder(root)
    endless, *others = store.takes()
    store.journal(endless).unlink()
    os.mkfifo(store.journal(endless))
    return make_tasks(store, [endless, *others])


class MakeWayError(Exception):
    """Somebody plays."""


def test_a_night_that_makes_way_ends_its_readers_at_once(takes: list[Task[Found]]) -> None:
    began: list[float] = []

    def look() -> None:
        began.append(time.monotonic())
        if len(began) == 20:
            raise MakeWayError

    with pytest.raises(MakeWayError):
        list(read_apart(takes[:1], 2, look))

    assert time.monotonic() - began[-1] < 1.0
    assert median(b - a for a, b in pairwise(began)) < 0.2
    assert multiprocessing.active_children() == []


def test_a_reader_that_dies_costs_its_take_and_no_other(takes: list[Task[Found]]) -> None:
    looks = 0

    def look() -> None:
        nonlocal looks
        looks += 1
        if looks == 5:
            (child,) = multiprocessing.active_children()
            child.kill()

    found = dict(read_apart(takes, 1, look))

    assert found[takes[0].take] == Unread(takes[0].take, GONE)
    assert all(isinstance(found[task.take], list) for task in takes[1:])
    assert multiprocessing.active_children() == []


def test_where_there_is_no_room_for_a_reader_takes_are_read_here(
    takes: list[Task[Found]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full() -> NoReturn:
        raise BlockingIOError("Resource temporarily unavailable")

    monkeypatch.setattr(readers, "_begin", full)

    found = dict(read_apart(takes[1:], 2, lambda: None))

    assert [isinstance(found[task.take], list) for task in takes[1:]] == [True, True]


def test_whoever_looks_no_further_leaves_no_reader(takes: list[Task[Found]]) -> None:
    reading = read_apart(takes[1:], 2, lambda: None)
    next(reading)

    reading.close()

    assert multiprocessing.active_children() == []


#: Reads takes side by side, tells who reads, and waits to be killed.
WAITING = """
import sys, psutil
from pathlib import Path
from pocket_export.night.readers import read_apart
from pocket_export.night.store import Folder
from pocket_export.night.tasks import make_tasks

if __name__ == "__main__":
    told = False

    def look():
        global told
        if not told:
            told = True
            print(*(child.pid for child in psutil.Process().children(recursive=True)), flush=True)

    list(read_apart(make_tasks(Folder(Path(sys.argv[1])), sys.argv[2:]), 2, look))
"""


def test_a_night_that_is_killed_leaves_nobody_who_reads(
    takes: list[Task[Found]], root: Path, tmp_path: Path
) -> None:
    script = tmp_path / "waiting.py"
    script.write_text(WAITING)
    command = [sys.executable, str(script), str(root), *[takes[0].take] * 2]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as asks:
        assert asks.stdout is not None
        left = [psutil.Process(int(pid)) for pid in asks.stdout.readline().split()]

        os.kill(asks.pid, signal.SIGKILL)

        assert len(left) >= 2  # the readers, and what tracks their resources
        _, alive = psutil.wait_procs(left, timeout=30)
        assert alive == []
