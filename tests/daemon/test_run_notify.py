"""What the daemon, as a process, says to whoever started it: a socket in the place of systemd's."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.daemon.test_run import running

pytestmark = pytest.mark.skipif(os.name != "posix", reason="systemd is Linux's")

PATIENCE_S = 30.0
WATCHDOG_S = 0.4


@pytest.fixture
def systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """Return the end that systemd has."""
    channel = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    channel.bind(str(tmp_path / "notify"))
    channel.settimeout(PATIENCE_S)
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    monkeypatch.setenv("WATCHDOG_USEC", str(round(WATCHDOG_S * 1e6)))
    yield channel
    channel.close()


def hear(systemd: socket.socket, *awaited: str) -> list[str]:
    """Return all that is said until these have been said, in order; signs of life are left out."""
    left, said = list(awaited), []
    while left:
        text = systemd.recv(4096).decode().splitlines()[0]
        if text == left[0]:
            left.pop(0)
        if text != "WATCHDOG=1":
            said.append(text)
    return said


def falls_silent(systemd: socket.socket) -> bool:
    """Say whether nothing comes for twice the watchdog's time, after what had been said already."""
    systemd.settimeout(2 * WATCHDOG_S)
    try:
        for _ in range(100):  # the socket holds fewer
            systemd.recv(4096)
    except TimeoutError:
        return True
    finally:
        systemd.settimeout(PATIENCE_S)
    return False


def test_it_is_ready_once_its_ports_are_open_and_says_what_plays(
    tmp_path: Path, systemd: socket.socket
) -> None:
    with running(tmp_path, model="none", takes={"record": False, "song": "Blues"}) as pocketd:
        said = hear(systemd, "READY=1")
        printed = pocketd.ready()
        pocketd.end(signal.SIGTERM)

    assert said == ["STATUS=model none, song Blues, loopback", "READY=1"]
    assert printed.startswith("ready: ports ")


def test_a_daemon_that_cannot_start_is_never_ready(tmp_path: Path, systemd: socket.socket) -> None:
    with running(tmp_path, "--require-model", model="nobody") as pocketd:
        code, _ = pocketd.end(by=None)

    systemd.setblocking(False)
    assert code == 4
    with pytest.raises(BlockingIOError):
        systemd.recv(4096)


def test_it_says_that_it_reloads_and_is_ready_again_and_that_it_ends(
    tmp_path: Path, systemd: socket.socket
) -> None:
    with running(tmp_path, model="none") as pocketd:
        hear(systemd, "READY=1")
        pocketd.write({"model": "none", "takes": {"record": False, "song": "Waltz"}})
        pocketd.process.send_signal(signal.SIGHUP)
        reloaded = hear(systemd, "RELOADING=1", "READY=1")
        pocketd.process.send_signal(signal.SIGTERM)
        ended = hear(systemd, "STOPPING=1")
        pocketd.end(by=None)

    assert reloaded == ["RELOADING=1", "STATUS=model none, song Waltz, loopback", "READY=1"]
    assert ended == ["STOPPING=1"]


def test_a_reload_that_fails_is_over_all_the_same(tmp_path: Path, systemd: socket.socket) -> None:
    with running(tmp_path, model="none") as pocketd:
        hear(systemd, "READY=1")
        pocketd.write({"tempo": 5000})
        pocketd.process.send_signal(signal.SIGHUP)
        said = hear(systemd, "RELOADING=1", "READY=1")
        pocketd.end(signal.SIGTERM)

    assert said == ["RELOADING=1", "READY=1"]


def test_signs_of_life_come_while_the_loop_turns_and_end_where_it_hangs(
    tmp_path: Path, systemd: socket.socket
) -> None:
    with running(tmp_path, model="none") as pocketd:
        hear(systemd, "READY=1", *["WATCHDOG=1"] * 10)
        pocketd.process.send_signal(signal.SIGSTOP)
        silent = falls_silent(systemd)
        pocketd.process.send_signal(signal.SIGCONT)
        hear(systemd, "WATCHDOG=1")
        code, _ = pocketd.end(signal.SIGTERM)

    assert silent
    assert code == 0
