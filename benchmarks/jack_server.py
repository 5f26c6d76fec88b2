"""A JACK server of our own: no sound hardware, a name that nobody else has, ended by its process id."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

RATE = 48_000  # Hz
REAL_TIME = ("-R", "-P", "70", "-S")  # no event is lost with these; -R is not allowed everywhere
PLAIN = ("-r",)
READY_S = 5
END_S = 3.0


class NoServerError(Exception):
    """No JACK server could be had; the text says why."""


@contextmanager
def jack_server(frames: int) -> Iterator[str]:
    """Run `jackd -d dummy` while the block lasts, and point this process and its children at it.

    Yields:
        How it runs: "real time" or "not real time".

    Raises:
        NoServerError: jackd is not installed or does not come up.
    """
    if shutil.which("jackd") is None or shutil.which("jack_wait") is None:
        raise NoServerError("jackd is not installed (Debian: apt-get install jackd2)")
    name = f"pocketd-bench-{os.getpid()}"
    before = {key: os.environ.get(key) for key in ("JACK_DEFAULT_SERVER", "JACK_NO_START_SERVER")}
    os.environ.update(JACK_DEFAULT_SERVER=name, JACK_NO_START_SERVER="1")
    try:
        why = ""
        for flags, kind in ((REAL_TIME, "real time"), (PLAIN, "not real time")):
            server, why = _start(name, flags, frames)
            if server is None:
                continue
            try:
                yield kind
            finally:
                _end(server)
            return
        raise NoServerError(f"jackd -d dummy does not come up: {why}")
    finally:
        for key, value in before.items():
            if value is None:
                os.environ.pop(key, None)
            else:
                os.environ[key] = value


def _start(name: str, flags: tuple[str, ...], frames: int) -> tuple[subprocess.Popen[bytes] | None, str]:
    """Return the server, or None and what it said first."""
    command = ("jackd", "-n", name, *flags, "-d", "dummy", "-r", str(RATE), "-p", str(frames))
    with tempfile.TemporaryFile() as said:
        server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=said)
        wait = ("jack_wait", "-s", name, "-w", "-t", str(READY_S))
        done = subprocess.run(wait, capture_output=True, text=True, check=False)
        if server.poll() is None and "server is available" in done.stdout:
            return server, ""
        _end(server)
        said.seek(0)
        lines = said.read().decode("utf-8", "replace").splitlines()
    return None, lines[0] if lines else f"nothing heard of it within {READY_S} s"


def _end(server: subprocess.Popen[bytes]) -> None:
    server.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        server.wait(END_S)
        return
    server.kill()
    server.wait()
