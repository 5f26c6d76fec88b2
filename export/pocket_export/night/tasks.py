"""What a night learns from, as Dask sees it: a task a take, which anybody who sees the store can do.

Reading is what takes long, and of the store a task knows only where it is; so tasks are small, and
who does them reads the take itself. Lessons are made where the network learns (docs/decisions/0014).
"""

from __future__ import annotations

from collections.abc import Iterable

from dask.delayed import delayed

from pocket_core.errors import PocketError
from pocket_export.night.make_way import MakeWayError
from pocket_export.night.store import Store
from pocket_export.night.take_duets import TakeDuet, read_take
from pocket_export.night.task import Task, Unread

NO_TIMESTEP = "no timestep: no drum was played, or none on the grid"


Found = list[TakeDuet] | Unread


def make_tasks(store: Store, takes: Iterable[str]) -> list[Task[Found]]:
    """Return the tasks of some takes, in their order."""
    return [Task(take, delayed(read, pure=False)(store, take)) for take in takes]


def read(store: Store, take: str) -> Found:
    """Read a take, or say why not; whatever is wrong with one take, the others are learnt from."""
    try:
        return read_take(store.journal(take), take) or Unread(take, NO_TIMESTEP)
    except MakeWayError:  # a take begins just now, which is no fault of this one
        raise
    except PocketError as error:
        return Unread(take, str(error))
    except Exception as error:  # told in the report, where somebody can do something about it
        return Unread(take, f"{type(error).__name__}: {error}")
