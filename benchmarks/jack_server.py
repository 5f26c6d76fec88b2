"""A JACK server of our own: no sound hardware, a name that nobody else has, ended by its process id."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

RATE = 48_000  # Hz
FRAMES = 256  # a period
PERIOD = FRAMES / RATE  # seconds
REAL_TIME = ("-R", "-P", "70", "-S")  # no event is lost with these; -R is not allowed everywhere
PLAIN = ("-r",)  # up to 0.6 % of the events may be lost
READY_S = 10
END_S = 3.0
POINTERS = ("JACK_DEFAULT_SERVER", "JACK_NO_START_SERVER")


class NoServerError(Exception):
    """No JACK server could be had; the text says why."""


@dataclass(slots=True)
class JackServer:
    """A server that runs, or did."""

    name: str  # JACK_DEFAULT_SERVER
    frames: int  # a period
    audio_ports: int
    process: subprocess.Popen[bytes]
    real_time: bool  # whether every event may be expected

    @property
    def period(self) -> float:
        """Seconds."""
        return self.frames / RATE

    def kill(self) -> None:
        """End it as a crash would."""
        self.process.kill()
        self.process.wait()

    def revive(self) -> None:
        """Start it anew, behind a kill."""
        self.process = _start(self.name, self.frames, self.audio_ports).process


@contextmanager
def jack_server(name: str, *, frames: int = FRAMES, audio_ports: int = 0) -> Iterator[JackServer]:
    """Run `jackd -d dummy` while the block lasts, and point this process and its children at it.

    Args:
        name: Part of the server's name.
        frames: A period.
        audio_ports: Inputs, and as many outputs, of the sound card that it pretends to have.

    Raises:
        NoServerError: jackd is not installed or does not come up.
    """
    if shutil.which("jackd") is None or shutil.which("jack_wait") is None:
        raise NoServerError("jackd is not installed (Debian: apt-get install jackd2)")
    name = f"pocketd-{name}-{os.getpid()}"
    before = {key: os.environ.get(key) for key in POINTERS}
    os.environ.update(dict(zip(POINTERS, (name, "1"), strict=True)))
    try:
        server = _start(name, frames, audio_ports)
        try:
            yield server
        finally:
            _end(server.process)
            if server.process.returncode != 0:  # it still holds one of the eight places for servers
                _tidy(name)
    finally:
        for key, value in before.items():
            os.environ.pop(key, None)
            if value is not None:
                os.environ[key] = value


def _start(name: str, frames: int, audio_ports: int) -> JackServer:
    real_time = True
    try:
        process = _launch(name, REAL_TIME, frames, audio_ports)
    except NoServerError:
        process, real_time = _launch(name, PLAIN, frames, audio_ports), False
    return JackServer(name, frames, audio_ports, process, real_time)


def _launch(name: str, flags: tuple[str, ...], frames: int, audio_ports: int) -> subprocess.Popen[bytes]:
    ports = ("-C", str(audio_ports), "-P", str(audio_ports))
    command = ("jackd", "-n", name, *flags, "-d", "dummy", "-r", str(RATE), "-p", str(frames), *ports)
    with tempfile.TemporaryFile() as said:
        # with SIGPIPE ignored, as Python itself does: a client that died would else take the server along
        server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=said, restore_signals=False)
        wait = ("jack_wait", "-s", name, "-w", "-t", str(READY_S))
        done = subprocess.run(wait, capture_output=True, text=True, check=False)
        if server.poll() is None and "server is available" in done.stdout:
            return server
        _end(server)
        said.seek(0)
        lines = said.read().decode("utf-8", "replace").splitlines()
    why = lines[0] if lines else f"nothing heard of it within {READY_S} s"
    raise NoServerError(f"jackd -d dummy does not come up: {why}")


def _tidy(name: str) -> None:
    """Take over the place of a server that was killed, and leave it in order."""
    with contextlib.suppress(NoServerError):
        _end(_launch(name, PLAIN, FRAMES, audio_ports=0))


def _end(server: subprocess.Popen[bytes]) -> None:
    server.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        server.wait(END_S)
        return
    server.kill()
    server.wait()
