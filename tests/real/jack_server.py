"""A JACK server of a test's own: no sound hardware, a name that nobody else has, ended by its process id."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

RATE = 48_000  # Hz
FRAMES = 256  # a period
PERIOD = FRAMES / RATE  # seconds
FLAWLESS = ("-R", "-P", "70", "-S")  # no event is lost with these
LENIENT = ("-r",)  # where real-time priority is not allowed: up to 0.6 % of the events may be lost


@dataclass(frozen=True, slots=True)
class JackServer:
    """A running server."""

    name: str  # JACK_DEFAULT_SERVER
    process: subprocess.Popen[bytes]
    flawless: bool  # whether every event may be expected

    def kill(self) -> None:
        """End it as a crash would."""
        self.process.kill()
        self.process.wait()


@contextmanager
def jack_server(name: str, audio_ports: int = 0) -> Iterator[JackServer]:
    """Run `jackd -d dummy` while the block lasts, and point this process and its children at it."""
    name = f"pocketd-{name}-{os.getpid()}"
    before = {key: os.environ.get(key) for key in ("JACK_DEFAULT_SERVER", "JACK_NO_START_SERVER")}
    os.environ.update(JACK_DEFAULT_SERVER=name, JACK_NO_START_SERVER="1")
    server = _start(name, FLAWLESS, audio_ports)
    flawless = server is not None
    server = server or _start(name, LENIENT, audio_ports)
    try:
        if server is None:
            raise RuntimeError("jackd -d dummy did not come up")
        yield JackServer(name, server, flawless)
    finally:
        if server is not None:
            _end(server)
            if server.returncode != 0:  # it still holds one of the eight places for servers
                _tidy(name)
        for key, value in before.items():
            os.environ.pop(key)
            if value is not None:
                os.environ[key] = value


def _start(name: str, flags: tuple[str, ...], audio_ports: int) -> subprocess.Popen[bytes] | None:
    ports = ("-C", str(audio_ports), "-P", str(audio_ports))
    command = ("jackd", "-n", name, *flags, "-d", "dummy", "-r", str(RATE), "-p", str(FRAMES), *ports)
    # with SIGPIPE ignored, as Python itself does: a client that died would else take the server along
    server = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, restore_signals=False
    )
    waited = subprocess.run(
        ("jack_wait", "-s", name, "-w", "-t", "10"), capture_output=True, text=True, check=False
    )
    if server.poll() is None and "server is available" in waited.stdout:
        return server
    _end(server)
    return None


def _tidy(name: str) -> None:
    """Take over the place of a server that was killed, and leave it in order."""
    successor = _start(name, LENIENT, audio_ports=0)
    if successor is not None:
        _end(successor)


def _end(server: subprocess.Popen[bytes]) -> None:
    server.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        server.wait(3.0)
        return
    server.kill()
    server.wait()
