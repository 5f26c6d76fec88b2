from __future__ import annotations

import logging
import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pocket_core.types import Seconds
from pocketd.notify import Notifier, notifier

pytestmark = pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="this system has no such sockets")

T = Seconds(1000.0)


class Manager:
    """The end that systemd has."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.channel = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.channel.bind(f"\0{address[1:]}" if address.startswith("@") else address)
        self.channel.setblocking(False)

    def heard(self) -> list[str]:
        """Return what was said since the last time."""
        found = []
        while True:
            try:
                found.append(self.channel.recv(4096).decode())
            except BlockingIOError:
                return found


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Manager]:
    it = Manager(str(tmp_path / "notify"))
    yield it
    it.channel.close()


def test_it_says_what_sd_notify_has_words_for(manager: Manager) -> None:
    told = Notifier(manager.address)

    told.status("model follower\n of  yesterday")
    told.ready()
    told.stopping()

    assert manager.heard() == ["STATUS=model follower of yesterday", "READY=1", "STOPPING=1"]
    told.close()


def test_the_same_status_is_not_said_twice(manager: Manager) -> None:
    told = Notifier(manager.address)

    for text in ("a", "a", "b", "a"):
        told.status(text)

    assert manager.heard() == ["STATUS=a", "STATUS=b", "STATUS=a"]
    told.close()


def test_a_reload_has_the_time_of_the_monotonic_clock(manager: Manager) -> None:
    told = Notifier(manager.address)

    told.reloading()

    (said,) = manager.heard()
    state, stamp = said.split("\n")
    assert state == "RELOADING=1"
    assert stamp.removeprefix("MONOTONIC_USEC=").isdecimal()
    told.close()


@pytest.mark.skipif(sys.platform != "linux", reason="abstract names are Linux's")
def test_an_abstract_name_is_found() -> None:
    manager = Manager(f"@pocketd-test-{os.getpid()}")
    told = Notifier(manager.address)

    told.ready()

    assert manager.heard() == ["READY=1"]
    told.close()
    manager.channel.close()


def test_signs_of_life_come_four_times_in_the_watchdogs_time(manager: Manager) -> None:
    told = notifier({"NOTIFY_SOCKET": manager.address, "WATCHDOG_USEC": "10000000"})

    for turn in range(10_000):  # of a millisecond
        told.alive(Seconds(T + turn / 1000))

    assert manager.heard() == ["WATCHDOG=1"] * 4
    told.close()


@pytest.mark.parametrize(
    "environment",
    [{}, {"WATCHDOG_USEC": "0"}, {"WATCHDOG_USEC": "soon"}, {"WATCHDOG_USEC": "9", "WATCHDOG_PID": "1"}],
)
def test_without_a_watchdog_of_its_own_there_are_no_signs_of_life(
    manager: Manager, environment: dict[str, str]
) -> None:
    told = notifier({"NOTIFY_SOCKET": manager.address, **environment})

    told.alive(T)

    assert manager.heard() == []
    told.close()


def test_children_do_not_inherit_whom_to_tell(manager: Manager) -> None:
    environment = {
        "NOTIFY_SOCKET": manager.address,
        "WATCHDOG_USEC": "1000000",
        "WATCHDOG_PID": str(os.getpid()),
        "HOME": "/home/me",
    }

    told = notifier(environment)
    told.alive(T)

    assert environment == {"HOME": "/home/me"}
    assert manager.heard() == ["WATCHDOG=1"]
    told.close()


def test_where_nobody_asked_nothing_is_said(caplog: pytest.LogCaptureFixture) -> None:
    told = notifier({})

    told.ready()
    told.alive(T)
    told.close()

    assert caplog.messages == []


def test_a_socket_that_is_not_there_is_one_line_in_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    told = Notifier(str(tmp_path / "gone"))

    with caplog.at_level(logging.WARNING):
        told.ready()
        told.status("all is well")

    assert len(caplog.messages) == 1
    assert "NOTIFY_SOCKET" in caplog.messages[0]


def test_a_manager_that_goes_is_one_line_and_one_that_does_not_listen_costs_no_wait(
    manager: Manager, caplog: pytest.LogCaptureFixture
) -> None:
    told = notifier({"NOTIFY_SOCKET": manager.address, "WATCHDOG_USEC": "4"})

    for turn in range(2000):  # far more than a socket holds
        told.alive(Seconds(T + turn))
    full = len(caplog.messages)
    manager.channel.close()
    told.ready()
    told.stopping()

    assert full == 1
    assert len(caplog.messages) == 1
    told.close()
