from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pocket_core.errors import PocketError
from pocketd.service import config_option, find_service, reload_service

needs_proc = pytest.mark.skipif(
    not Path("/proc/self/cmdline").exists(), reason="this system has no /proc, and so no systemd"
)


def stand_in(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """Put a systemctl of our own first on the PATH."""
    program = folder / "bin" / "systemctl"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")


@contextmanager
def daemon(folder: Path, *words: str) -> Iterator[int]:
    """Run a process with the words of a daemon until it is let go."""
    command = [sys.executable, "-c", "print(flush=True); input()", "run", *words]
    with subprocess.Popen(command, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()  # now its words are its own
        yield process.pid
        process.kill()


@pytest.mark.parametrize(
    ("words", "named"),
    [
        ("pocketd run", None),
        ("pocketd run --no-record", None),
        ("pocketd run --config a.yaml --no-record", "a.yaml"),
        ("pocketd run --config=/b/c.yaml", "/b/c.yaml"),
        ("pocketd run --config a.yaml --config=b.yaml", "b.yaml"),
        ("pocketd run --config", None),
    ],
)
def test_a_command_line_tells_its_configuration(words: str, named: str | None) -> None:
    assert config_option(words.split()) == (None if named is None else Path(named))


@needs_proc
def test_the_running_daemon_is_found_with_its_configuration_in_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with daemon(tmp_path, "--config", "my.yaml") as pid:
        stand_in(tmp_path, monkeypatch, f"echo {pid}")

        found = find_service()

    assert found.pid == pid
    assert found.config == tmp_path / "my.yaml"


@needs_proc
def test_a_daemon_that_was_told_nothing_plays_by_what_ships(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with daemon(tmp_path) as pid:
        stand_in(tmp_path, monkeypatch, f"echo {pid}")

        assert find_service().config is None


def test_systemd_is_asked_for_the_users_own_service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(tmp_path, monkeypatch, f'echo "$@" >> {tmp_path}/asked; echo 0')

    with pytest.raises(PocketError, match=r"runs no pocketd\.service for this user; leave out --reload"):
        find_service()
    reload_service()

    assert (tmp_path / "asked").read_text().splitlines() == [
        "--user show --property=MainPID --value pocketd.service",
        "--user reload pocketd.service",
    ]


def test_what_systemd_says_against_it_is_told_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(tmp_path, monkeypatch, "echo 'Failed to connect to bus:\nNo medium found' >&2; exit 1")

    with pytest.raises(PocketError) as caught:
        reload_service()

    assert "`systemctl --user reload pocketd.service`: Failed to connect to bus: No medium found;" in str(
        caught.value
    )


def test_without_systemd_it_says_how_to_do_it_by_hand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(PocketError, match=r"no systemd here .* send SIGHUP to the daemon yourself"):
        find_service()
