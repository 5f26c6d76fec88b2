"""Something to be read, by a process or a cluster. Readers import this as they start: it has to be little."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from dask.delayed import Delayed

T = TypeVar("T")  # what is read


@dataclass(frozen=True, slots=True)
class Unread:
    """A take that could not be read, and why."""

    take: str
    why: str


@dataclass(frozen=True, slots=True)
class Task(Generic[T]):
    """Something to be read, a take or whatever else a name is enough to find."""

    take: str  # its name
    work: Delayed

    def do(self) -> T:
        """Do it in this process."""
        found: T = self.work.compute(scheduler="synchronous")
        return found
