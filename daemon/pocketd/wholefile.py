"""Files that are never half written: beside the target, to the disk, then in its place."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path

from pocket_core.errors import PocketError

PRIVATE = 0o600


def write_whole(path: Path, data: bytes, *, private: bool = False) -> None:
    """Write a file at once: readers see the old one or the new one, never a part.

    It keeps the permissions of the file that it replaces; a new one has the usual.

    Args:
        path: Where.
        data: All of it.
        private: Nobody but its owner may read or write it, whatever was so before.

    Raises:
        PocketError: The place cannot be written to; what was there is untouched.
    """
    write_together({path: data}, private=private)


def try_place(path: Path) -> None:
    """See that a file can be written, before something is done for it that takes long; nothing stays of it.

    Raises:
        PocketError: The place cannot be written to.
    """
    target = Path(os.path.realpath(path))
    _refuse_others(path, target)
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        part.open("wb").close()
        part.unlink()
    except OSError as error:
        raise _cannot(path, error) from error


def write_together(files: Mapping[Path, bytes], *, private: bool = False) -> None:
    """Write files that belong together: none is put in its place before all are on the disk.

    Each keeps the permissions of the file that it replaces. A link is followed. What is no file, such as a
    folder, a pipe or a device, is refused, as another file would take its place.

    Raises:
        PocketError: One of them cannot be written; what was there is untouched.
    """
    staged: dict[Path, Path] = {}
    path = Path()
    try:
        try:
            for path, data in files.items():
                target = Path(os.path.realpath(path))
                _refuse_others(path, target)
                staged[target] = part = target.with_name(f".{target.name}.{os.getpid()}.part")
                with part.open("wb") as file:
                    if private:
                        part.chmod(PRIVATE)
                    else:
                        _permit_as(target, part)  # before anybody could read what is not for them
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
            for target, part in staged.items():
                path = target
                part.replace(target)
        finally:
            for part in staged.values():
                part.unlink(missing_ok=True)
    except OSError as error:
        raise _cannot(path, error) from error


def _cannot(path: Path, error: OSError) -> PocketError:
    if isinstance(error, FileNotFoundError) and not path.parent.exists():
        return PocketError(
            f"cannot write {path}: there is no folder {path.parent}; make it, or write elsewhere"
        )
    return PocketError(
        f"cannot write {path}: {error.strerror or error}; choose a folder that is yours and has room"
    )


def _permit_as(target: Path, part: Path) -> None:
    if not target.exists():
        return
    mode = stat.S_IMODE(target.stat().st_mode)
    if mode != stat.S_IMODE(part.stat().st_mode):  # not every file system lets it be set, even to what it is
        part.chmod(mode)


def _refuse_others(path: Path, target: Path) -> None:
    if target.is_dir():
        raise PocketError(f"cannot write {path}: it is a folder; name a file")
    if target.exists() and not target.is_file():
        raise PocketError(f"cannot write {path}: it is a device or a pipe; name a file")
