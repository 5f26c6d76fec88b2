"""Which takes there are to learn from, read side by side."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from pocket_core.errors import TakeError
from pocket_export.night.take_duets import TakeDuet, read_take
from pocketd.takes import REPORT, take_folders

FEW = 4  # takes; so few are read in this process


@dataclass(frozen=True, slots=True)
class Unread:
    """A take that could not be read, and why."""

    take: str
    why: str


@dataclass(frozen=True, slots=True)
class Gathered:
    """What there is."""

    duets: Sequence[TakeDuet]  # in order of playing
    unread: Sequence[Unread] = ()


def finished_takes(root: Path) -> list[Path]:
    """Return the folders of all takes that are finished, oldest first."""
    return [folder for folder in take_folders(root) if (folder / REPORT).exists()]


def name_of(folder: Path) -> str:
    """Return what a take is called: 2026-11-20/193322."""
    return f"{folder.parent.name}/{folder.name}"


def gather(folders: Sequence[Path], advance: Callable[[int], None], *, processes: int = 0) -> Gathered:
    """Read takes.

    Args:
        folders: Of the takes.
        advance: Told how many more have been read; what it raises ends it.
        processes: How many read at once; 0: one a core.
    """
    made: dict[Path, list[TakeDuet] | Unread] = {}
    for folder, found in _read_all(folders, processes or os.cpu_count() or 1):
        made[folder] = found
        advance(1)
    parts = [made[folder] for folder in folders]
    return Gathered(
        [duet for part in parts if not isinstance(part, Unread) for duet in part],
        [part for part in parts if isinstance(part, Unread)],
    )


def newest(duets: Iterable[TakeDuet], hours: float) -> list[TakeDuet]:
    """Return the newest duets of so many hours together, in order of playing."""
    kept: list[TakeDuet] = []
    seconds = 0.0
    for duet in reversed(list(duets)):
        seconds += duet.seconds
        if kept and seconds > hours * 3600:
            break
        kept.append(duet)
    return kept[::-1]


def _read_all(folders: Sequence[Path], processes: int) -> Iterable[tuple[Path, list[TakeDuet] | Unread]]:
    if processes == 1 or len(folders) <= FEW:
        for folder in folders:
            yield folder, _read(folder)
        return
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        asked = {pool.submit(_read, folder): folder for folder in folders}
        try:
            for done in as_completed(asked):
                yield asked[done], done.result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _read(folder: Path) -> list[TakeDuet] | Unread:
    try:
        return read_take(folder)
    except TakeError as error:
        return Unread(name_of(folder), str(error))
