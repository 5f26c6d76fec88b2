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
from pathlib import Path
from threading import Thread

from pocket_core.errors import TakeError
from pocket_export.ahead import end_with_parent
from pocket_export.night.take_duets import TakeDuet, read_take

LOOK_EVERY = 0.1  # seconds
GONE = "the process that read it has gone, perhaps for want of memory"
NO_TIMESTEP = "no timestep: no drum was played, or none on the grid"


@dataclass(frozen=True, slots=True)
class Unread:
    """A take that could not be read, and why."""

    take: str
    why: str


Found = list[TakeDuet] | Unread


@dataclass(frozen=True, slots=True)
class _Reader:
    process: BaseProcess
    folder: Path  # that it reads now


def name_of(folder: Path) -> str:
    """Return what a take is called: 2026-11-20/193322."""
    return f"{folder.parent.name}/{folder.name}"


def read(folder: Path) -> Found:
    """Read a take, or say why not; whatever is wrong with one take, the others are learnt from."""
    try:
        return read_take(folder) or Unread(name_of(folder), NO_TIMESTEP)
    except TakeError as error:
        return Unread(name_of(folder), str(error))
    except Exception as error:  # told in the report, where somebody can do something about it
        return Unread(name_of(folder), f"{type(error).__name__}: {error}")


def read_apart(
    folders: Sequence[Path], processes: int, look: Callable[[], None]
) -> Generator[tuple[Path, Found]]:
    """Yield takes as they have been read, begun in their order; whoever still reads ends as this does.

    Where the machine has no room for one more process, takes are read in this one.

    Args:
        folders: Of the takes.
        processes: How many read at once, at least 1.
        look: Called ten times a second while takes are read; what it raises ends it all at once.
    """
    waiting = deque(folders)
    readers: dict[Connection, _Reader] = {}
    try:
        while waiting or readers:
            while waiting and len(readers) < processes:
                try:
                    here, process = _begin()
                except OSError:  # no room for another process
                    if not readers:
                        folder = waiting.popleft()
                        yield folder, read(folder)
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
                yield reader.folder, Unread(name_of(reader.folder), GONE) if found is None else found
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


def _ask(here: Connection, process: BaseProcess, waiting: deque[Path]) -> _Reader:
    folder = waiting.popleft()
    with suppress(OSError):  # it has gone; the answer says so
        here.send(folder)
    return _Reader(process, folder)


def _answer(here: Connection) -> Found | None:
    """Return what was read; None: whoever read has gone."""
    try:
        found: Found = here.recv()
    except (EOFError, OSError):
        return None
    return found


def _end(here: Connection, process: BaseProcess) -> None:
    process.terminate()
    process.join()
    here.close()


def _serve(there: Connection) -> None:
    """Read what is asked for until nobody asks any more; an interrupt is for the other process to handle."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=end_with_parent, daemon=True).start()
    while True:
        try:
            there.send(read(there.recv()))
        except (EOFError, OSError):
            return
