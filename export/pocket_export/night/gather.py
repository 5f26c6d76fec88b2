"""Which takes there are to learn from: the newest, read side by side."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass

from pocket_export.night.readers import read_apart
from pocket_export.night.store import Store
from pocket_export.night.take_duets import TakeDuet
from pocket_export.night.task import Unread
from pocket_export.night.tasks import Found, make_tasks
from pocketd.take_names import own_name

FEW = 4  # takes; so few are read in this process, if they are
SMALL = 2_000_000  # bytes of a journal at most: a fifth of a second


@dataclass(frozen=True, slots=True)
class Gathered:
    """What there is."""

    duets: Sequence[TakeDuet]  # in order of playing
    unread: Sequence[Unread] = ()


def gather(
    store: Store,
    takes: Sequence[str],
    watch: Callable[[float], None],
    *,
    hours: float = math.inf,
    processes: int = 0,
    scheduler: str | None = None,
    known: dict[str, Found] | None = None,
) -> Gathered:
    """Read the newest takes, and no more of them than it takes.

    Args:
        store: Where they lie.
        takes: Their names, in order of playing.
        watch: Told at least five times a second which share is done, 0..1; what it raises ends it.
        hours: So many are enough.
        processes: How many read at once; 0: one a core.
        scheduler: Of a Dask cluster, whose workers read instead; None: this machine does.
        known: What has been read before; what is read now is added, also where it is ended.

    Raises:
        ClusterError: The cluster cannot be reached, or is none that reads takes as this pocketd does.
    """
    known = {} if known is None else known
    queue, enough = takes[::-1], hours * 3600
    count, seconds = 0, 0.0  # of the newest, without a gap

    def share() -> float:
        return max(count / len(queue), min(seconds / enough, 1.0) if enough else 1.0)

    def look() -> None:
        watch(share())

    unread = [take for take in queue if take not in known]
    with closing(_read_all(store, unread, processes or os.cpu_count() or 1, scheduler, look)) as found:
        while count < len(queue) and seconds <= enough:
            while queue[count] not in known:
                take, known[take] = next(found)
            seconds += _seconds(known[queue[count]])
            count += 1
            look()
    parts = _once({take: known[take] for take in queue[:count][::-1]})
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


def _once(found: Mapping[str, Found]) -> list[Found]:
    """Return what was found in each take; a copy of another is named, and neither learnt nor judged by."""
    parts: list[Found] = []
    first: dict[tuple[str, bytes], str] = {}
    for take, part in found.items():
        if part and not isinstance(part, Unread):
            played = b"".join(duet.forecast.tobytes() + duet.duet.onsets.tobytes() for duet in part)
            other = first.setdefault((own_name(take), played), take)
            if other != take:
                parts.append(Unread(take, f"a copy of {other}"))
                continue
        parts.append(part)
    return parts


def _seconds(found: Found) -> float:
    return 0.0 if isinstance(found, Unread) else sum(duet.seconds for duet in found)


def _read_all(
    store: Store, takes: Sequence[str], processes: int, scheduler: str | None, look: Callable[[], None]
) -> Generator[tuple[str, Found]]:
    tasks = make_tasks(store, takes)
    if tasks and scheduler is not None:
        from pocket_export.night.cluster import read_on_cluster  # brings distributed, which few have

        yield from read_on_cluster(tasks, scheduler, look)
    elif len(takes) <= FEW and all(0 < store.size(take) <= SMALL for take in takes):
        for task in tasks:
            yield task.take, task.do()
            look()
    else:
        yield from read_apart(tasks, processes, look)
