"""From what the real-time process tells to takes on disk; told the time, but for the date on a take."""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor, Future, wait
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pocket_core.errors import PocketError
from pocket_core.types import Seconds
from pocketd.at_once import AtOnce
from pocketd.desk_records import (
    FORMAT,
    Bye,
    Hello,
    How,
    Message,
    Now,
    Record,
    Remembered,
    TakeEnd,
    TakeHeader,
    Timestep,
    TransportJump,
    TransportStart,
    TransportStop,
    encode,
)
from pocketd.journal import LOCK, SYNC_EVERY, JournalWriter
from pocketd.takes import FinishedTake, finalise

PRE_ROLL = Seconds(1.0)  # messages this long before a start belong to its take: a lead, an early musician
TAIL = Seconds(1.0)  # beyond the look-ahead; what waited at the stop has left by then, and been heard
EARLY = Seconds(0.050)  # a timestep may lie this far before the start of its take


@dataclass(slots=True)
class _OpenTake:
    folder: Path
    writer: JournalWriter
    origin: Seconds
    settled: Seconds | None = None  # once stopped: when nothing more can belong to it
    how: How = "stop"
    syncing: Future[None] | None = None  # under way, or its outcome not looked at


class Recorder:
    """Writes a journal a take and finishes it. A full disk ends the recording; the next start tries again.

    Args:
        root: The takes folder; made when the first take begins.
        today: Local date and time, with its offset from UTC.
        source: What the takes are imported from; None: they are live.
        finish: Makes the other files of a journal.
        worker: Where that is done, so that the records of the next take are kept meanwhile.
        syncer: Where the disk is waited for, likewise.
    """

    def __init__(
        self,
        root: Path,
        today: Callable[[], datetime],
        *,
        source: str | None = None,
        finish: Callable[[Path], FinishedTake] = finalise,
        worker: Executor | None = None,
        syncer: Executor | None = None,
    ) -> None:
        self._root = root
        self._today = today
        self._source = source
        self._finisher = finish
        self._worker = worker or AtOnce()
        self._syncer = syncer or AtOnce()
        self._finishing: deque[Future[FinishedTake | str]] = deque()
        self._hello: Hello | None = None
        self._open: list[_OpenTake] = []  # two where a start comes before the last take has settled
        self._before: deque[tuple[Seconds, bytes]] = deque()
        self._synced = Seconds(0.0)
        self._dirty = False
        self.fault = ""  # why nothing is recorded; empty: all is well
        self.finished: deque[FinishedTake] = deque()  # for whoever tells of them

    @property
    def recording(self) -> Path | None:
        """The folder of the take that runs; None: the transport stands, or it cannot be written."""
        running = [take.folder for take in self._open if take.settled is None]
        return running[-1] if running else None

    def take(self, record: Record, line: bytes) -> None:
        """Keep a record where it belongs. `line` is its encoding."""
        if isinstance(record, Hello):
            self._hello = record
        at = _moment(record)
        if at is not None:
            for take in [t for t in self._open if t.settled is not None and t.settled < at]:
                self._finish(take)
        if isinstance(record, TransportStart):
            self._begin(record, line)
        else:
            self._write(record, line, at)
        if isinstance(record, TransportStop):
            self._stop(record.at, "stop")
        elif isinstance(record, Bye):
            self.end("exit")

    def sync(self, now: Seconds) -> None:
        """See to it that what was written reaches the disk; `now` is on any steady clock."""
        self._collect()
        for take in list(self._open):
            if take.syncing is not None and take.syncing.done():
                self._synced_or_not(take, take.syncing)
        if not self._dirty or now - self._synced < SYNC_EVERY:
            return
        self._synced, self._dirty = now, False
        for take in self._open:
            if take.syncing is None:
                take.syncing = self._syncer.submit(take.writer.sync)

    def end(self, how: How) -> None:
        """Finish whatever is open, and wait for it: nothing more will come."""
        for take in list(self._open):
            if take.settled is None:
                take.how = how
            self._finish(take)
        wait(self._finishing)
        self._collect()

    def _synced_or_not(self, take: _OpenTake, outcome: Future[None]) -> None:
        take.syncing = None
        error = outcome.exception()
        if error is not None:
            self._give_up(take, error)

    def _begin(self, start: TransportStart, line: bytes) -> None:
        self._stop(start.at, "stop")
        self.fault = ""
        if self._hello is None:
            self.fault = "not recording: nobody said who plays"
            return
        folder: Path | None = None
        try:
            folder = self._new_folder()
            header = TakeHeader(
                format=FORMAT,
                started=self._today().isoformat(timespec="seconds"),
                origin=start.at,
                source=self._source,
                hello=self._hello,
            )
            take = _OpenTake(folder, JournalWriter(folder, header), start.at)
        except (PocketError, OSError) as error:
            self.fault = f"not recording: {_why(error)}"
            if folder is not None:
                _discard(folder)
            return
        self._open.append(take)
        early = b"".join(kept for at, kept in self._before if at >= start.at - PRE_ROLL)
        self._before.clear()
        self._guard(take, lambda: take.writer.append(line + early))

    def _new_folder(self) -> Path:
        now = self._today()
        day = self._root / f"{now:%Y-%m-%d}"
        number = 1
        while True:
            day.mkdir(parents=True, exist_ok=True)
            folder = day / (f"{now:%H%M%S}" + (f"-{number}" if number > 1 else ""))
            try:
                folder.mkdir()
            except FileExistsError:
                number += 1
            except FileNotFoundError:  # the day's other takes were removed, and the day with them
                continue
            else:
                return folder

    def _write(self, record: Record, line: bytes, at: Seconds | None) -> None:
        take = self._whose(record, at)
        if isinstance(record, Hello) and take is not None and take.settled is not None:
            return  # it is of the next take, whose header will have it
        if take is not None:
            self._guard(take, lambda: take.writer.append(line))
        elif isinstance(record, Message):
            self._before.append((record.at, line))
            while self._before[0][0] < record.at - PRE_ROLL:
                self._before.popleft()

    def _whose(self, record: Record, at: Seconds | None) -> _OpenTake | None:
        """Return the take that a record belongs to: the newest that had begun by then."""
        early = EARLY if isinstance(record, Timestep) else 0.0
        for take in reversed(self._open):
            if at is None or take.origin <= at + early:
                return take
        return self._open[0] if self._open else None

    def _stop(self, at: Seconds, how: How) -> None:
        ahead = 0.0 if self._hello is None else self._hello.look_ahead_ms / 1000
        for take in self._open:
            if take.settled is None:
                take.settled, take.how = Seconds(at + ahead + TAIL), how

    def _guard(self, take: _OpenTake, write: Callable[[], None]) -> None:
        self._dirty = True
        try:
            write()
        except OSError as error:
            self._give_up(take, error)

    def _finish(self, take: _OpenTake) -> None:
        try:
            take.writer.append(encode(TakeEnd(how=take.how)))
        except OSError as error:
            self._give_up(take, error)
            return
        self._open.remove(take)
        self._finishing.append(self._worker.submit(_complete, take, self._finisher))
        self._collect()

    def _collect(self) -> None:
        """Take note of the takes that are finished by now."""
        while self._finishing and self._finishing[0].done():
            outcome = self._finishing.popleft()
            error = outcome.exception()
            said = f"a take is not finished: {error!r}" if error is not None else outcome.result()
            if isinstance(said, str):
                self.fault = said
            else:
                self.finished.append(said)

    def _give_up(self, take: _OpenTake, error: BaseException) -> None:
        """Leave a take as it is; the next start of pocketd recovers what it holds."""
        self.fault = _unfinished(take, error)
        self._open.remove(take)
        _close(take)


def _complete(take: _OpenTake, finish: Callable[[Path], FinishedTake]) -> FinishedTake | str:
    """Finish a take that has its last line; return why that failed, as a line, where it did."""
    try:
        take.writer.sync()
        finished = finish(take.folder)
        (take.folder / LOCK).unlink(missing_ok=True)
    except (PocketError, OSError) as error:
        return _unfinished(take, error)
    finally:
        _close(take)
    return finished


def _close(take: _OpenTake) -> None:
    if take.syncing is not None:
        wait([take.syncing])  # it uses the file
    take.writer.close()


def _unfinished(take: _OpenTake, error: BaseException) -> str:
    return f"not recording: {_why(error)} ({take.folder})"


def _discard(folder: Path) -> None:
    """Remove a folder that no journal was written to."""
    with contextlib.suppress(OSError):  # an empty folder is no take, it may as well stay
        (folder / LOCK).unlink(missing_ok=True)
        folder.rmdir()


def _why(error: BaseException) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}: {error.filename}" if error.filename else error.strerror
    return str(error)


def _moment(record: Record) -> Seconds | None:
    """Return when a record's thing happened, on the back end's clock; None: at no time of its own."""
    match record:
        case Message() | Now() | TransportStart() | TransportStop() | TransportJump():
            return record.at
        case Timestep():
            return record.timestep.nominal_s
        case Remembered():
            return record.memory.at
        case _:
            return None
