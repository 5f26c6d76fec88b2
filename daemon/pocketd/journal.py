"""A take's journal: append-only, one JSON record a line, safe to cut off anywhere.

The format is described in docs/takes.md. A line counts once its line end is there; so whatever kills the
writer, at most the last line is lost.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from pocket_core.errors import TakeError
from pocket_core.types import Seconds
from pocketd.desk_records import READABLE, Record, TakeEnd, TakeHeader, decode, encode
from pocketd.filelock import take_lock
from pocketd.wholefile import write_whole

JOURNAL = "journal.jsonl"
LOCK = ".lock"
SYNC_EVERY = Seconds(0.5)  # what a power cut may cost; a killed process costs nothing that was appended


class JournalWriter:
    """Writes one take's journal and holds its folder's lock, by which others see that the take is live.

    Args:
        folder: The take's own, empty.
        header: The first line.

    Raises:
        PocketError: The folder cannot be written to.
        OSError: Likewise; also from `append`, `sync` and `end`, where the disk is full.
    """

    def __init__(self, folder: Path, header: TakeHeader) -> None:
        self._lock = lock(folder)
        if self._lock is None:
            raise TakeError(f"{folder} is another pocketd's take")
        try:
            write_whole(folder / JOURNAL, encode(header))  # a journal always has its header
            self._file = (folder / JOURNAL).open("ab", buffering=0)
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

    def end(self, end: TakeEnd) -> None:
        """Write the last line."""
        self.append(encode(end))
        self.sync()

    def close(self) -> None:
        """Let go of the file and its lock."""
        self._file.close()
        if self._lock is not None:
            self._lock.close()


def read_journal(path: Path) -> Iterator[Record]:
    """Yield a journal's records, the header first; a last line that was cut off is left out.

    Raises:
        TakeError: Not there, no journal of this format, or a line in it that is none; file and line named.
    """
    try:
        with path.open("rb") as file:
            yield from _records(file, path)
    except OSError as error:
        raise TakeError(f"cannot read {path}: {error.strerror or error}") from error


def _records(file: BinaryIO, path: Path) -> Iterator[Record]:
    read = 0
    for number, line in enumerate(file, 1):
        if not line.endswith(b"\n"):
            break
        try:
            record = decode(line)
        except TakeError as error:
            raise TakeError(f"{path}, line {number}: {error}") from None
        if isinstance(record, TakeHeader) != (number == 1):
            raise TakeError(f"{path}, line {number}: a journal has one header, its first line")
        if isinstance(record, TakeHeader) and record.format not in READABLE:
            readable = " and ".join(map(str, READABLE))
            raise TakeError(
                f"{path} has journal format {record.format}, this build reads {readable}; "
                "use the pocketd that wrote it"
            )
        read = number
        yield record
    if not read:
        raise TakeError(f"{path} is empty: no take's journal")


def lock(folder: Path) -> BinaryIO | None:
    """Take a take's lock, held until what is returned is closed; None where another process has it.

    Raises:
        OSError: The folder cannot be written to.
    """
    return take_lock(folder / LOCK)
