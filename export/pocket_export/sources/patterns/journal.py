"""What has been distilled so far, a line a batch, so that a distiller goes on after it was killed.

The first line says of which collection; each further one is an answer, as JSON. A line is on the disk before
the next batch counts; a last one without its end is cut off. Whoever is killed loses a batch at most.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from pydantic import TypeAdapter, ValidationError

from pocket_core.errors import DataError, PocketError
from pocket_export.sources.patterns.batches import Answer, Batch

FORMAT = 1

_ANSWER: TypeAdapter[Answer] = TypeAdapter(Answer)


class Journal:
    """A distiller's journal. One thread.

    Args:
        path: The file.
        names: Of the collection's files.
        size: Of a batch.
    """

    def __init__(self, path: Path, names: Sequence[str], size: int) -> None:
        self.path = path
        content = hashlib.sha256("\n".join(names).encode("utf-8", "surrogatepass"))
        said = {"format": FORMAT, "files": len(names), "batch": size, "names": content.hexdigest()}
        self._head = json.dumps(said).encode() + b"\n"
        self._file: BinaryIO | None = None

    def begin(self, *, resume: bool) -> set[str]:
        """Open it, and return the names of the batches that it has.

        Args:
            resume: Go on; else it begins anew.

        Raises:
            DataError: It is of another collection.
            PocketError: It cannot be written.
        """
        try:
            whole = self._whole_length() if resume and self.path.exists() else 0
            file: BinaryIO = self.path.open("r+b" if whole else "wb")
            self._file = file
            file.truncate(whole)
            file.seek(whole)
            if not whole:
                file.write(self._head)
                file.flush()
        except OSError as error:
            raise _unwritten(self.path, error) from error
        return {name for name, _ in self.answers()} if whole else set()

    def write(self, batch: Batch, answer: Answer) -> None:
        """Write an answer to the disk.

        Raises:
            PocketError: It cannot be written.
        """
        if self._file is None:
            raise PocketError(f"the journal {self.path} is closed; begin it first")
        try:
            self._file.write(json.dumps([batch.name, _ANSWER.dump_python(answer)]).encode() + b"\n")
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            raise _unwritten(self.path, error) from error

    def answers(self) -> Iterator[tuple[str, Answer]]:
        """Yield the batches that it has, one at a time.

        Raises:
            DataError: A line is damaged.
        """
        with self.path.open("rb") as file:
            file.readline()
            for number, line in enumerate(file, 2):
                try:
                    name, answer = json.loads(line)
                    yield str(name), _ANSWER.validate_python(answer)
                except (ValueError, TypeError, ValidationError) as error:
                    raise DataError(
                        f"line {number} of {self.path} is damaged; distil without --resume"
                    ) from error

    def end(self, *, remove: bool) -> None:
        """Close it, and remove it where all is done."""
        if self._file is not None:
            self._file.close()
            self._file = None
        if remove:
            self.path.unlink(missing_ok=True)

    def _whole_length(self) -> int:
        """Return how many bytes whole lines have; 0: there is no whole first one."""
        length = 0
        with self.path.open("rb") as file:
            for line in file:
                if not line.endswith(b"\n"):
                    break
                if not length and line != self._head:
                    raise DataError(
                        f"{self.path} is of another collection, or its files have changed; "
                        "distil without --resume, or to another file"
                    )
                length += len(line)
        return length


def _unwritten(path: Path, error: OSError) -> PocketError:
    return PocketError(f"cannot write {path}: {error.strerror or error}; choose a folder that is yours")
