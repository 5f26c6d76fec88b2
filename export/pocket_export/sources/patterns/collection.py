"""The files of a collection, by folders, in an order that is the same on every machine."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pocket_core.errors import DataError

ENDINGS = (".mid", ".midi", ".smf", ".kar")


@dataclass(frozen=True, slots=True)
class Collection:
    """MIDI files."""

    paths: tuple[str, ...]
    names: tuple[str, ...]  # of each: its folder, as it was given, and the way from there, with slashes
    closed: tuple[tuple[str, str], ...] = ()  # folders that cannot be looked into, and why

    def __len__(self) -> int:
        """Return how many files there are."""
        return len(self.paths)


def collect(folders: Sequence[Path]) -> Collection:
    """Find the MIDI files in folders, and in folders within; links to folders are not followed.

    Args:
        folders: In this order; what is in two of them is read once.

    Raises:
        DataError: One is no folder, or there is no MIDI file.
    """
    paths, names, closed, seen = list[str](), list[str](), list[tuple[str, str]](), set[str]()
    for folder in folders:
        if not folder.is_dir():
            raise DataError(f"{folder} is no folder; name folders with MIDI files")
        root = folder.resolve()
        errors = list[OSError]()
        for path in sorted(_files(root, errors.append), key=lambda path: path.split(os.sep)):
            real = os.path.realpath(path) if os.path.islink(path) else path
            if real not in seen:
                seen.add(real)
                paths.append(path)
                names.append(_name(root, path))
        closed += sorted((_name(root, str(error.filename)), _why(error)) for error in errors)
    if not paths:
        where = ", ".join(map(str, folders))
        raise DataError(f"no MIDI file ({', '.join(ENDINGS)}) is in {where}; name other folders")
    return Collection(tuple(paths), tuple(names), tuple(closed))


def as_text(name: str) -> str:
    """Return a file's name as it stands in a table: on one line, in one cell, as UTF-8."""
    plain = name.encode("utf-8", "backslashreplace").decode("utf-8")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in plain)


def _files(root: Path, closed: Callable[[OSError], None]) -> list[str]:
    return [
        os.path.join(folder, name)
        for folder, _, names in os.walk(root, onerror=closed)
        for name in names
        if name.lower().endswith(ENDINGS) and not name.startswith("._")  # what macOS leaves beside files
    ]


def _name(root: Path, path: str) -> str:
    return root.name + path[len(str(root)) :].replace(os.sep, "/")


def _why(error: OSError) -> str:
    return error.strerror or type(error).__name__
