"""Whoever is outside the effect: a recorder, a DAW with a musician, and others who keep the cores busy.

Each is a process of its own that reads the system's monotonic clock, which is python-rtmidi's back end's too.
"""

from __future__ import annotations

import multiprocessing
import os
import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

from pocket_core.types import Port, Seconds
from pocketd.backends.clock import SystemClock

CLIENT = "pocketd-bench"  # the effect's ports here; never those of a pocketd that somebody uses
SETTLE = 0.5  # seconds for ports to connect and queues to empty
PATIENCE = 20.0  # seconds for a process to come up

_context = multiprocessing.get_context("spawn")


@dataclass(frozen=True, slots=True)
class Cue:
    """A message to be sent."""

    at: float  # seconds from the start
    port: Port
    data: bytes


@dataclass(frozen=True, slots=True)
class Message:
    """A message that was sent or has arrived."""

    at: float  # seconds on the system's monotonic clock
    data: bytes


class Partner:
    """A process to talk with: what it sends is a word and a value."""

    def __init__(self, target: Callable[..., None], *arguments: object) -> None:
        self._pipe, theirs = _context.Pipe()
        self._process = _context.Process(target=target, args=(theirs, *arguments), daemon=True)
        self._process.start()
        theirs.close()

    def tell(self, word: object) -> None:
        """Let it go on, or do what is told."""
        self._pipe.send(word)

    def expect(self, word: str, seconds: float = PATIENCE) -> Any:
        """Return the value that comes with a word.

        Raises:
            RuntimeError: It does not come in time, or another one does.
        """
        try:
            said, value = self._pipe.recv() if self._pipe.poll(seconds) else ("nothing", None)
        except EOFError:
            said, value = "nothing more", None
        if said != word:
            raise RuntimeError(f"a process said {said!r} where {word!r} was due within {seconds:.0f} s")
        return value

    def __enter__(self) -> Partner:
        return self

    def __exit__(self, *_: object) -> None:
        self._pipe.close()
        self._process.join(5.0)
        if self._process.is_alive():
            self._process.terminate()
            self._process.join()


def record(pipe: Connection) -> None:
    """Stamp all that the effect sends over JACK until told to stop. Says `connected`, then `recorded`."""
    import rtmidi

    arrived: list[Message] = []

    def stamp(event: tuple[list[int], float], _: object) -> None:
        at = time.perf_counter()
        arrived.append(Message(at, bytes(event[0])))

    end = rtmidi.MidiIn(rtmidi.API_UNIX_JACK, f"{CLIENT}-recorder")
    end.set_callback(stamp)
    end.open_port(find(end, Port.OUT))
    pipe.send(("connected", None))
    pipe.recv()
    end.close_port()
    pipe.send(("recorded", arrived))


def perform(pipe: Connection, cues: Sequence[Cue]) -> None:
    """Send cues to the effect over JACK, in order of time. Says `connected`, waits, then `performed`."""
    import rtmidi

    clock = SystemClock()
    ends = {port: rtmidi.MidiOut(rtmidi.API_UNIX_JACK, f"{CLIENT}-{port}") for port in {c.port for c in cues}}
    for port, end in ends.items():
        end.open_port(find(end, port))
    pipe.send(("connected", None))
    pipe.recv()
    begin = clock.now() + SETTLE
    sent = []
    for cue in cues:
        clock.wait(Seconds(begin + cue.at))
        sent.append(Message(clock.now(), cue.data))
        ends[cue.port].send_message(cue.data)
    time.sleep(SETTLE)
    pipe.send(("performed", sent))


def find(end: Any, port: Port) -> int:
    """Return the number of one of the effect's ports; JACK puts numbers of its own into names.

    Raises:
        RuntimeError: It is not there.
    """
    wanted = re.compile(rf"{CLIENT}(-\d+)?[: ]{port}\b")
    number = next((i for i, name in enumerate(end.get_ports()) if wanted.match(name)), None)
    if number is None:
        raise RuntimeError(f"no port {CLIENT}:{port}; there are {end.get_ports()}")
    return number


@contextmanager
def busy(cores: int) -> Iterator[None]:
    """Keep as many cores busy while the block lasts."""
    processes = [_context.Process(target=_spin, args=(os.getpid(),), daemon=True) for _ in range(cores)]
    for process in processes:
        process.start()
    try:
        yield
    finally:
        for process in processes:
            process.terminate()
            process.join()


def _spin(parent: int) -> None:
    while os.getppid() == parent:
        sum(range(10_000))
