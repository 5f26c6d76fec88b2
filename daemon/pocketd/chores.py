"""What the desk does beside reading: recover takes that a crash left, and remove those that are too many.

Both take as long as they take, so they are done in another thread: meanwhile every record is kept.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, wait
from dataclasses import dataclass
from pathlib import Path

from pocketd.take_retention import Kept, Retention
from pocketd.takes import FinishedTake, Unreadable, finalise, recover


@dataclass(frozen=True, slots=True)
class Done:
    """What a chore has come to."""

    recovered: tuple[FinishedTake | Unreadable, ...]
    kept: Kept


class Chores:
    """The desk's chores, one after the other.

    Args:
        root: The takes folder.
        retention: Removes takes.
        worker: Where they are done.
        finish: Makes the other files of a journal.
    """

    def __init__(
        self,
        root: Path,
        retention: Retention,
        worker: Executor,
        finish: Callable[[Path], FinishedTake] = finalise,
    ) -> None:
        self._root = root
        self._finisher = finish
        self._retention = retention
        self._worker = worker
        self._under_way: deque[Future[Done]] = deque()

    def begin(self) -> None:
        """See to what earlier runs left."""
        self._under_way.append(self._worker.submit(self._tidy))

    def after_take(self) -> None:
        """Make room after a take."""
        self._under_way.append(self._worker.submit(lambda: Done((), self._retention.apply())))

    def collect(self) -> Iterator[Done]:
        """Yield what is done by now, each once."""
        while self._under_way and self._under_way[0].done():
            outcome = self._under_way.popleft()
            error = outcome.exception()
            yield outcome.result() if error is None else Done((), Kept((f"looking after takes: {error!r}",)))

    def finish(self) -> None:
        """Wait until all is done."""
        wait(self._under_way)

    def _tidy(self) -> Done:
        return Done(tuple(recover(self._root, self._finisher)), self._retention.apply())
