"""A JACK server of our own: no sound hardware, a name that nobody else has, ended by its process id."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
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
        for flags, kind in ((REAL_TIME, "real time"), (PLAIN, "not real time")):
            server = _start(name, flags, frames)
            if server is None:
                continue
            try:
                yield kind
            finally:
                _end(server)
            return
        raise NoServerError("jackd -d dummy did not come up within 5 s")
    finally:
        for key, value in before.items():
            if value is None:
                os.environ.pop(key, None)
            else:
                os.environ[key] = value


def _start(name: str, flags: tuple[str, ...], frames: int) -> subprocess.Popen[bytes] | None:
    command = ("jackd", "-n", name, *flags, "-d", "dummy", "-r", str(RATE), "-p", str(frames))
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait = ("jack_wait", "-s", name, "-w", "-t", str(READY_S))
    done = subprocess.run(wait, capture_output=True, text=True, check=False)
    if server.poll() is None and "server is available" in done.stdout:
        return server
    _end(server)
    return None


def _end(server: subprocess.Popen[bytes]) -> None:
    server.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        server.wait(END_S)
        return
    server.kill()
    server.wait()
