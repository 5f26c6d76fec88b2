"""A take's journal: append-only, one JSON record a line, safe to cut off anywhere.

The format is described in docs/takes.md. A line counts once its line end is there; so whatever kills the
writer, at most the last line is lost.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Literal, Protocol

from pocket_core.errors import TakeError
from pocket_core.types import Seconds
from pocketd.desk_records import FORMAT, Record, TakeHeader, decode, encode
from pocketd.filelock import take_lock
from pocketd.journal_formats import OLDEST, format_of, upgraded

JOURNAL = "journal.jsonl"
LOCK = ".lock"
SYNC_EVERY = Seconds(0.5)  # what a power cut may cost; a killed process costs nothing that was appended


class JournalSource(Protocol):
    """Where a journal is read from: its path, or what stands for one that lies elsewhere.

    As a string it is what people call it.
    """

    def open(self, mode: Literal["rb"], /) -> BinaryIO:
        """Return it from its beginning, as often as it is asked for. Raises OSError: it is not there."""
        ...


class JournalWriter:
    """Writes one take's journal and holds its folder's lock, by which others see that the take is live.

    Args:
        folder: The take's own, empty.
        header: The first line.

    Raises:
        TakeError: Another process writes there.
        OSError: The folder cannot be written to; also from `append` and `sync`, where the disk is full.
    """

    def __init__(self, folder: Path, header: TakeHeader) -> None:
        self._lock = lock(folder)
        if self._lock is None:
            raise TakeError(f"{folder} is another pocketd's take")
        part = folder / f".{JOURNAL}.{os.getpid()}.part"
        try:
            self._file = part.open("ab", buffering=0)
            try:
                self.append(encode(header))
                part.replace(folder / JOURNAL)  # it always has its header; nobody waits for the disk here
            except BaseException:
                self._file.close()
                part.unlink(missing_ok=True)
                raise
        except BaseException:
            self._lock.close()
            raise

    def append(self, lines: bytes) -> None:
        """Write whole lines; they outlive this process from here on."""
        rest = memoryview(lines)
        while rest:
            rest = rest[self._file.write(rest) :]

    def sync(self) -> None:
        """Wait for the disk: what was appended outlives the machine from here on."""
        os.fsync(self._file.fileno())

    def close(self) -> None:
        """Let go of the file and its lock."""
        self._file.close()
        if self._lock is not None:
            self._lock.close()


def read_journal(path: JournalSource) -> Iterator[Record]:
    """Yield a journal's records, the header first; a last line that was cut off is left out.

    Raises:
        TakeError: Not there, of a format to come, or a line in it that is none; file and line named.
    """
    try:
        with path.open("rb") as file:
            yield from _records(file, path)
    except OSError as error:
        raise TakeError(f"cannot read {path}: {error.strerror or error}") from error


def _records(file: BinaryIO, path: JournalSource) -> Iterator[Record]:
    read, written = 0, FORMAT
    for number, line in enumerate(file, 1):
        if not line.endswith(b"\n"):
            break
        if number == 1:
            written = _readable(format_of(line), path)
        try:
            record = decode(upgraded(line, written))
        except TakeError as error:
            raise TakeError(f"{path}, line {number}: {error}") from None
        if isinstance(record, TakeHeader) != (number == 1):
            raise TakeError(f"{path}, line {number}: a journal has one header, its first line")
        read = number
        yield record
    if not read:
        raise TakeError(f"{path} is empty: no take's journal")


def _readable(written: int | None, path: JournalSource) -> int:
    """Return a journal's format if it can be read; where none is said, the first line is told to be wrong."""
    if written is None:
        return FORMAT
    if not OLDEST <= written <= FORMAT:
        raise TakeError(
            f"{path} has journal format {written}, this build reads {OLDEST} to {FORMAT}; "
            "use the pocketd that wrote it"
        )
    return written


def is_live(folder: Path) -> bool:
    """Say whether another process writes a take just now."""
    if not (folder / LOCK).exists():
        return False
    try:
        held = lock(folder)
    except OSError:
        return False
    if held is not None:
        held.close()
    return held is None


def lock(folder: Path) -> BinaryIO | None:
    """Take a take's lock, held until what is returned is closed; None where another process has it.

    Raises:
        OSError: The folder cannot be written to.
    """
    return take_lock(folder / LOCK)
