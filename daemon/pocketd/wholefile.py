"""Files that are never half written: beside the target, to the disk, then in its place."""

from __future__ import annotations

import os
from pathlib import Path

from pocket_core.errors import PocketError


def write_whole(path: Path, data: bytes) -> None:
    """Write a file at once: readers see the old one or the new one, never a part.

    Raises:
        PocketError: The place cannot be written to; what was there is untouched.
    """
    if path.is_dir():
        raise PocketError(f"cannot write {path}: it is a folder; name a file")
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        try:
            with part.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise PocketError(
            f"cannot write {path}: {error.strerror or error}; choose a folder that exists and is yours"
        ) from error
