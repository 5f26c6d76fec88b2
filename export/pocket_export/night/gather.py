"""Which takes there are to learn from: the newest, read side by side."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from pocket_export.night.readers import Found, Unread, read, read_apart
from pocket_export.night.take_duets import TakeDuet
from pocketd.journal import JOURNAL
from pocketd.takes import REPORT, take_folders

FEW = 4  # takes; so few are read in this process, if they are
SMALL = 2_000_000  # bytes of a journal at most: a fifth of a second


@dataclass(frozen=True, slots=True)
class Gathered:
    """What there is."""

    duets: Sequence[TakeDuet]  # in order of playing
    unread: Sequence[Unread] = ()


def finished_takes(root: Path) -> list[Path]:
    """Return the folders of all takes that are finished, oldest first."""
    return [folder for folder in take_folders(root) if (folder / REPORT).exists()]


def gather(
    folders: Sequence[Path],
    watch: Callable[[float], None],
    *,
    hours: float = math.inf,
    processes: int = 0,
    known: dict[Path, Found] | None = None,
) -> Gathered:
    """Read the newest takes, and no more of them than it takes.

    Args:
        folders: Of the takes, in order of playing.
        watch: Told at least five times a second which share is done, 0..1; what it raises ends it.
        hours: So many are enough.
        processes: How many read at once; 0: one a core.
        known: What has been read before; what is read now is added, also where it is ended.
    """
    known = {} if known is None else known
    queue, enough = folders[::-1], hours * 3600
    count, seconds = 0, 0.0  # of the newest, without a gap

    def share() -> float:
        return max(count / len(queue), min(seconds / enough, 1.0) if enough else 1.0)

    unread = [folder for folder in queue if folder not in known]
    with closing(_read_all(unread, processes or os.cpu_count() or 1, lambda: watch(share()))) as found:
        while count < len(queue) and seconds <= enough:
            while queue[count] not in known:
                folder, known[folder] = next(found)
            seconds += _seconds(known[queue[count]])
            count += 1
            watch(share())
    parts = [known[folder] for folder in queue[:count][::-1]]
    duets = [duet for part in parts if not isinstance(part, Unread) for duet in part]
    return Gathered(newest(duets, hours), [part for part in parts if isinstance(part, Unread)])


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


def _seconds(found: Found) -> float:
    return 0.0 if isinstance(found, Unread) else sum(duet.seconds for duet in found)


def _read_all(
    folders: Sequence[Path], processes: int, look: Callable[[], None]
) -> Generator[tuple[Path, Found]]:
    if len(folders) <= FEW and all(_small(folder) for folder in folders):
        for folder in folders:
            yield folder, read(folder)
            look()
        return
    yield from read_apart(folders, processes, look)


def _small(folder: Path) -> bool:
    try:
        return (folder / JOURNAL).stat().st_size <= SMALL
    except OSError:
        return True  # reading it says what is wrong
