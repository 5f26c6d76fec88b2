"""What takes are called, `2026-11-20/193322`, and how one is found by a beginning of that."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path

from pocket_core.errors import TakeError
from pocketd.takes import take_folders

LAST = "last"  # the newest
FEW = 4  # names that an error lists
_NAME = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2}/[0-9]{6})(-[0-9]+)?")


def name_of(folder: Path) -> str:
    """Return a take's name."""
    return f"{folder.parent.name}/{folder.name}"


def own_name(name: str) -> str:
    """Return what a take is called on the machine that played it, without the machine in front."""
    return "/".join(name.split("/")[-2:])


def began(name: str) -> datetime | None:
    """Return when a take began, local time, by its name; None: the name is not of a take's form."""
    match = _NAME.fullmatch(name)
    try:
        return None if match is None else datetime.strptime(match[1], "%Y-%m-%d/%H%M%S")
    except ValueError:  # as the 31st of February
        return None


def find_takes(root: Path, asked: Iterable[str]) -> list[Path]:
    """Return the folders of takes, each once, in the order in which they were asked for.

    Args:
        root: The takes folder.
        asked: Names, unique beginnings of names, or `last`.

    Raises:
        TakeError: There is no such take, or more than one.
    """
    folders = take_folders(root)
    return list(dict.fromkeys(_find(root, folders, text) for text in asked))


def find_take(root: Path, asked: str) -> Path:
    """Return the folder of one take. Raises as `find_takes`."""
    return _find(root, take_folders(root), asked)


def _find(root: Path, folders: Sequence[Path], asked: str) -> Path:
    if not folders:
        raise TakeError(f"there are no takes in {root}; `pocketd run` makes one from each start to its stop")
    if asked == LAST:
        return folders[-1]
    found = [folder for folder in folders if name_of(folder).startswith(asked)]
    exact = [folder for folder in found if name_of(folder) == asked]
    if len(exact or found) == 1:
        return (exact or found)[0]
    if not found:
        raise TakeError(f"there is no take {asked} in {root}; `pocketd takes list` names them all")
    names = ", ".join(name_of(folder) for folder in found[:FEW])
    more = f" and {len(found) - FEW} more" if len(found) > FEW else ""
    raise TakeError(f"{asked} begins the names of {len(found)} takes, {names}{more}; write more of the name")
