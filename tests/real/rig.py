"""What plugs into a running pocketd: the daemon itself as a process, a player, a recorder, and its takes."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pocketd.backends.rtmidi import python_rtmidi

rtmidi = python_rtmidi()  # with libjack kept quiet

PATIENCE = 20.0  # seconds for a process to do as it is told


class Daemon:
    """`pocketd run` in a process of its own."""

    def __init__(self, folder: Path, **config: object) -> None:
        self.takes = folder / "takes"
        self.config = folder / "config.yaml"
        self.write(takes={"folder": str(self.takes)}, meter_display="off", **config)
        command = [sys.executable, "-m", "pocketd", "run", "--config", str(self.config)]
        self.ready = ""  # the line that says so; empty: it never got there
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def write(self, **config: object) -> None:
        """Write the configuration; JSON is YAML."""
        self.config.write_text(json.dumps(config))

    def stdout(self) -> str:
        """Wait for the next line; empty where it has ended."""
        assert self.process.stdout is not None
        return self.process.stdout.readline()

    def end(self, by: int | None = signal.SIGTERM) -> tuple[int, str]:
        """Wait for the end, after a signal if one is given, and return exit code and what stderr said."""
        if by is not None:
            self.process.send_signal(by)
        _, said = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, said


@contextmanager
def daemon(folder: Path, **config: object) -> Iterator[Daemon]:
    """Run pocketd while the block lasts, from when it is ready or has failed."""
    it = Daemon(folder, **config)
    try:
        it.ready = it.stdout()
        yield it
    finally:
        if it.process.poll() is None:
            it.process.kill()
        it.process.communicate()


@dataclass(frozen=True, slots=True)
class Timed:
    """A message and when it was, or shall be."""

    at: float  # seconds
    data: bytes


class Player:
    """Sends to one port of pocketd."""

    def __init__(self, port: str) -> None:
        self._end = rtmidi.MidiOut(rtmidi.API_UNIX_JACK, f"play {port}")
        self._end.open_port(_index(self._end.get_ports(), "pocketd", port), port)

    def send(self, data: bytes) -> None:
        """Send now."""
        self._end.send_message(data)

    def close(self) -> None:
        """Take the port away."""
        self._end.delete()


def play(parts: Mapping[str, Iterable[Timed]], then: Callable[[], None] = lambda: None) -> bool:
    """Play messages into the ports of pocketd, each at its time from now on, and return after the last.

    Args:
        parts: By port.
        then: Called at once behind the last, before a busy machine may fall silent for a while.

    Returns:
        Whether JACK carried all drums to a witness beside pocketd. On a busy machine it loses some.
    """
    players = {port: Player(port) for port in parts}
    witness = Listener("drums", client="play drums")
    drums = list(parts["drums"])
    start = time.perf_counter() + 0.05
    due = [(m.at, port, m.data) for port, part in parts.items() for m in part]
    for at, port, data in sorted(due, key=lambda message: message[:2]):  # else as handed in
        wait = start + at - time.perf_counter()
        if wait > 0:
            time.sleep(wait)
        players[port].send(data)
    then()
    time.sleep(0.05)
    carried = Counter(m.data for m in witness.heard()) == Counter(m.data for m in drums)
    witness.close()
    for player in players.values():
        player.close()
    return carried


class Listener:
    """Records what a port of pocketd, or of another client, sends."""

    def __init__(self, port: str, client: str = "pocketd", patience: float = 0.0) -> None:
        self._end = rtmidi.MidiIn(rtmidi.API_UNIX_JACK, f"hear {port}", 8192)
        self._end.ignore_types(sysex=False, timing=False, active_sense=False)
        end = time.perf_counter() + patience
        while time.perf_counter() < end and not any(_is(name, client, port) for name in self._ports()):
            time.sleep(0.01)
        self._end.open_port(_index(self._ports(), client, port))
        self._at = 0.0

    def _ports(self) -> list[str]:
        return list(self._end.get_ports())

    def heard(self) -> list[Timed]:
        """Return everything since the last call; times from the first message on."""
        messages = []
        while (message := self._end.get_message()) is not None:
            self._at += message[1]
            messages.append(Timed(self._at, bytes(message[0])))
        return messages

    def close(self) -> None:
        """Take the port away."""
        self._end.delete()


def _index(names: list[str], client: str, port: str) -> int:
    (found,) = [i for i, name in enumerate(names) if _is(name, client, port)]
    return found


def _is(name: str, client: str, port: str) -> bool:
    return name.startswith(client) and name.endswith(f":{port}")


def journal(takes: Path) -> list[dict[str, Any]]:
    """Return the records of the only take."""
    (path,) = takes.rglob("journal.jsonl")
    return read(path)


def read(path: Path) -> list[dict[str, Any]]:
    """Return the records of a journal."""
    return [json.loads(line) for line in path.read_text().splitlines()]


def messages(records: list[dict[str, Any]], port: str) -> list[Timed]:
    """Return what a take says of one port."""
    return [
        Timed(r["at"], bytes.fromhex(r["data"]))
        for r in records
        if r["kind"] == "message" and r["port"] == port
    ]


def timesteps(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the timesteps of a take."""
    return [r["timestep"] for r in records if r["kind"] == "timestep"]


def hits(part: Iterable[Timed]) -> list[Timed]:
    """Return the note-ons."""
    return [m for m in part if m.data[0] & 0xF0 == 0x90 and m.data[2] > 0]


def unended(part: Iterable[Timed]) -> list[str]:
    """Return what is wrong with the notes of a part: each note-on wants one note-off after it."""
    sounding: dict[tuple[int, int], float] = {}
    wrong = []
    for m in part:
        kind, key = m.data[0] & 0xF0, (m.data[0] & 0x0F, m.data[1])
        if kind == 0x90 and m.data[2] > 0:
            if key in sounding:
                wrong.append(f"note {key} struck twice at {m.at:.3f}")
            sounding[key] = m.at
        elif kind in (0x80, 0x90) and sounding.pop(key, None) is None:
            wrong.append(f"note {key} ended before it was struck at {m.at:.3f}")
    return wrong + [f"note {key} never ended" for key in sounding]
