"""Whoever plays comes first: what a night is at stops at once and is done again."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from pocket_export.night.make_way import MakeWay, MakeWayError
from pocketd.champion import Nights


@pytest.fixture
def nights(tmp_path: Path) -> Nights:
    return Nights(tmp_path / "nights")


class Take:
    """A take that runs for a while."""

    def __init__(self, nights: Nights, seconds: float) -> None:
        held = nights.hold_playing()
        assert held is not None
        self.began = time.monotonic()
        threading.Timer(seconds, held.close).start()


def test_what_never_looks_is_stopped_within_a_second_and_done_again(nights: Nights) -> None:
    way, begun, stopped = MakeWay(nights), list[float](), list[float]()
    takes: list[Take] = []

    def work() -> str:
        begun.append(time.monotonic())
        try:
            while len(begun) == 1:
                if not takes:
                    takes.append(Take(nights, 1.5))
        except MakeWayError:
            stopped.append(time.monotonic())
            raise
        return "done"

    assert way.patiently(work) == "done"
    assert stopped[0] - takes[0].began < 1.0
    assert begun[1] - takes[0].began >= 1.5
    assert way.waited > 0.5


def test_what_others_take_part_in_is_held_up_within_a_second_and_goes_on_where_it_was(nights: Nights) -> None:
    way, takes = MakeWay(nights), list[Take]()
    gaps = [0.0]

    def work() -> str:
        takes.append(Take(nights, 2.5))  # longer than it takes to look again
        last = time.monotonic()
        while gaps[-1] < 1.0:
            now = time.monotonic()
            gaps.append(now - last)
            last = now
        return "done"

    assert way.steadily(work) == "done"
    assert len(takes) == 1
    assert 1.5 < gaps[-1] < 3.5
    assert 1.0 < way.waited < 3.5


def test_what_is_held_up_and_waits_by_itself_waits_once(nights: Nights) -> None:
    way = MakeWay(nights)

    def work() -> None:
        Take(nights, 1.5)
        way.wait()

    way.steadily(work)

    assert 1.0 < way.waited < 2.5


def test_nothing_begins_while_somebody_plays(nights: Nights) -> None:
    take, told = Take(nights, 0.8), list[float]()

    MakeWay(nights, lambda: told.append(time.monotonic())).patiently(lambda: None)

    assert time.monotonic() - take.began >= 0.8
    assert told


def test_an_error_of_what_is_done_is_its_own(nights: Nights) -> None:
    def work() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        MakeWay(nights).patiently(work)


def test_in_another_thread_what_looks_is_stopped(nights: Nights) -> None:
    way, done = MakeWay(nights), list[str]()
    tries: list[int] = []

    def work() -> str:
        tries.append(1)
        if len(tries) == 1:
            Take(nights, 0.6)
            while True:
                way.look()
        return "done"

    thread = threading.Thread(target=lambda: done.append(way.patiently(work)))
    thread.start()
    thread.join(20.0)

    assert done == ["done"]
