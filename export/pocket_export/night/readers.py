"""Takes read side by side, by processes that end with this one, or at once when the night makes way."""

from __future__ import annotations

import signal
from collections import deque
from collections.abc import Callable, Generator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from threading import Thread
from typing import Any, TypeVar

from pocket_export.night.task import Task, Unread
from pocket_export.parent import end_with_parent

LOOK_EVERY = 0.1  # seconds
T = TypeVar("T")
GONE = "the process that read it has gone, perhaps for want of memory"


@dataclass(frozen=True, slots=True)
class _Reader:
    process: BaseProcess
    task: Task[Any]  # that it does now


def read_apart(
    tasks: Sequence[Task[T]], processes: int, look: Callable[[], None]
) -> Generator[tuple[str, T | Unread]]:
    """Yield takes as they have been read, begun in their order; whoever still reads ends as this does.

    Where the machine has no room for one more process, takes are read in this one.

    Args:
        tasks: To be done.
        processes: How many read at once, at least 1.
        look: Called ten times a second while takes are read; what it raises ends it all at once.
    """
    waiting = deque(tasks)
    readers: dict[Connection, _Reader] = {}
    try:
        while waiting or readers:
            while waiting and len(readers) < processes:
                try:
                    here, process = _begin()
                except OSError:  # no room for another process
                    if not readers:
                        task = waiting.popleft()
                        yield task.take, task.do()
                    break
                readers[here] = _ask(here, process, waiting)
            for ready in wait(list(readers), LOOK_EVERY):
                here = next(one for one in readers if one is ready)
                reader = readers.pop(here)
                found = _answer(here)
                if waiting and found is not None:
                    readers[here] = _ask(here, reader.process, waiting)
                else:
                    _end(here, reader.process)
                take = reader.task.take
                yield take, Unread(take, GONE) if found is None else found
            look()
    finally:
        for here, reader in readers.items():
            _end(here, reader.process)


def _begin() -> tuple[Connection, BaseProcess]:
    context = get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_serve, args=(there,), daemon=True)
    process.start()
    there.close()  # so that either end sees the other's
    return here, process


def _ask(here: Connection, process: BaseProcess, waiting: deque[Task[T]]) -> _Reader:
    task = waiting.popleft()
    with suppress(OSError):  # it has gone; the answer says so
        here.send(task)
    return _Reader(process, task)


def _answer(here: Connection) -> Any:
    """Return what was read; None: whoever read has gone."""
    try:
        found = here.recv()
    except (EOFError, OSError):
        return None
    return found


def _end(here: Connection, process: BaseProcess) -> None:
    process.terminate()
    process.join()
    here.close()


def _serve(there: Connection) -> None:
    """Do what is asked for until nobody asks any more; an interrupt is for the other process to handle."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=end_with_parent, daemon=True).start()
    while True:
        try:
            there.send(there.recv().do())
        except (EOFError, OSError):
            return
