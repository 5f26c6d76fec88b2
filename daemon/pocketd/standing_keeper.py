"""Keeps the file that says how the daemon is, from what the real-time process tells the desk."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future
from dataclasses import replace
from pathlib import Path

from pydantic import ValidationError

from pocket_core.errors import PocketError
from pocket_core.memory import ClockMemory
from pocket_core.transport import ClockEvent, TransportChange
from pocket_core.types import Beats, Port, Seconds
from pocketd.at_once import AtOnce
from pocketd.backends.protocol import Incoming
from pocketd.config import Config
from pocketd.desk_records import (
    Dropped,
    Fault,
    Hello,
    Message,
    Now,
    Record,
    Tally,
    TransportJump,
    TransportStart,
    TransportStop,
    Vitals,
)
from pocketd.ears import Ears
from pocketd.standing import Standing, remove_standing, write_standing

EVERY = Seconds(1.0)  # between two writes


class ToldClock:
    """Where the song is as the real-time process says it, ten times a second and at every jump."""

    running = False
    bpm = 120.0
    jitter = Seconds(0.0)  # told otherwise
    meter = None

    def __init__(self) -> None:
        self._at, self._beat = 0.0, 0.0

    def tell(self, at: Seconds, beat: Beats, bpm: float, *, running: bool) -> None:
        """Take in where the song is at a time."""
        self._at, self._beat, self.bpm, self.running = at, beat, bpm, running

    def feed(self, event: ClockEvent) -> Sequence[TransportChange]:  # noqa: ARG002
        """Return nothing: it is told."""
        return ()

    def check(self, now: Seconds) -> Sequence[TransportChange]:  # noqa: ARG002
        """Return nothing: it is told."""
        return ()

    def beat_at(self, at: Seconds) -> Beats:
        """Return the position at a time."""
        return Beats(self._beat + (at - self._at) * self.bpm / 60.0)

    def time_of(self, beat: Beats) -> Seconds:
        """Return the time of a position."""
        return Seconds(self._at + (beat - self._beat) * 60.0 / self.bpm)

    def memory(self) -> ClockMemory:
        """Return where it is."""
        return ClockMemory(Seconds(self._at), Beats(self._beat))


class StandingKeeper:
    """Follows the records, and writes how the daemon is once a second.

    Args:
        path: Of the file.
        pid: The daemon's.
        say: Is told, once, that it cannot be written.
        worker: Where it is written; one write at a time.
    """

    def __init__(
        self, path: Path, pid: int, say: Callable[[str], None], worker: Executor | None = None
    ) -> None:
        self._path = path
        self._pid = pid
        self._say = say
        self._worker = worker or AtOnce()
        self._writing: Future[None] | None = None
        self._wrote = -EVERY  # on whatever clock `turn` is told
        self._serial = 0
        self._hello: Hello | None = None
        self._clock = ToldClock()
        self._ears = Ears(Config().settings(), self._clock)
        self._vitals: Vitals | None = None
        self._tally = Tally()
        self._dropped = 0
        self._faults: dict[str, str] = {}
        self._failed = False

    def read(self, record: Record) -> None:
        """Take in one record."""
        match record:
            case Message() if record.port is not Port.OUT:
                self._ears.hear(Incoming(record.at, record.port, record.data))
            case Vitals():
                self._vitals = record
            case Now():
                self._tally = record.tally
                self._clock.tell(record.at, record.position, record.bpm, running=record.running)
                self._ears.pass_time(record.at)
            case TransportStart():
                self._clock.tell(record.at, record.position, record.bpm, running=True)
                self._ears.begin()
            case TransportJump():
                self._clock.tell(record.at, record.entered, self._clock.bpm, running=True)
            case TransportStop():
                self._clock.tell(record.at, record.position, self._clock.bpm, running=False)
            case Hello():
                self._hello = record
                self._ears.configure(_config(record).settings(record.timing))
            case Fault(about=about, text=text):
                self._faults.pop(about, None)
                if text:
                    self._faults[about] = text
            case Dropped():
                self._dropped += record.records
            case _:
                pass

    def turn(self, now: Seconds) -> None:
        """Write where it is time to; `now` is on any steady clock."""
        if self._hello is None or self._vitals is None or now - self._wrote < EVERY:
            return
        if self._writing is not None and not self._writing.done():
            return
        self._wrote = now
        self._serial += 1
        standing = self._standing(self._hello, self._vitals)
        self._writing = self._worker.submit(self._write, standing)

    def close(self) -> None:
        """Remove the file: the daemon has ended."""
        if self._writing is not None:
            self._writing.result()
        remove_standing(self._path, self._pid)

    def _write(self, standing: Standing) -> None:
        try:
            write_standing(self._path, standing)
        except OSError as error:
            if not self._failed:
                self._failed = True
                self._say(f"{self._path}: {error.strerror or error}; `pocketd doctor` cannot see this daemon")

    def _standing(self, hello: Hello, vitals: Vitals) -> Standing:
        return Standing(
            serial=self._serial,
            pid=self._pid,
            version=hello.version,
            backend=hello.backend,
            model=hello.model,
            ports=vitals.ports,
            connected=vitals.connected,
            hurried=vitals.hurried,
            timing=hello.timing,
            config=hello.config,
            heard=replace(
                self._ears.heard,
                pulses=vitals.pulses,
                bpm=vitals.bpm,
                jitter_ms=vitals.jitter_ms,
            ),
            tally=self._tally,
            dropped=self._dropped,
            faults=tuple(f"{about}: {text}" for about, text in self._faults.items()),
        )


def _config(hello: Hello) -> Config:
    try:
        return Config.model_validate(hello.config)
    except (ValidationError, PocketError):  # the loop plays by it, so it is one; an old test's perhaps
        return Config()
