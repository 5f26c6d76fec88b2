"""The next epoch's lessons, made in another process while this one's are learnt."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection
from threading import Thread

import numpy as np

from pocket_core.errors import PocketError
from pocket_export.lesson import Lesson
from pocket_export.parent import end_with_parent
from pocket_export.recordings import Performance

Performances = Sequence[Performance]
Chances = Callable[[Performances, np.random.Generator], list[Lesson]]


GONE = "the process that makes lessons has gone, perhaps for want of memory; go on with --resume"


class MakerError(PocketError):
    """The process that makes lessons has gone."""


@contextmanager
def ahead(chances: Chances, performances: Performances, seed: int) -> Iterator[Callable[[int], list[Lesson]]]:
    """Yield what returns the chance lessons of an epoch, by its number.

    The other process ends with this one, however that ends, and at once when the context does.

    Args:
        chances: Makes them; a function of a module, for it goes to the other process.
        performances: Of what.
        seed: With the epoch's number, where chance comes from.
    """
    context = get_context("spawn")
    here, there = context.Pipe()
    maker = context.Process(target=_serve, args=(there, chances, performances, seed), daemon=True)
    maker.start()
    there.close()  # so that either end sees the other's
    asked: int | None = None

    def draw(number: int) -> list[Lesson]:
        nonlocal asked
        if asked is not None and asked != number:
            _take(here)
            asked = None
        if asked is None:
            _ask(here, number)
        made = _take(here)
        asked = number + 1
        _ask(here, asked)
        return made

    try:
        yield draw
    finally:
        maker.terminate()
        maker.join()
        here.close()


def _ask(here: Connection, number: int) -> None:
    try:
        here.send(number)
    except OSError as error:
        raise MakerError(GONE) from error


def _take(here: Connection) -> list[Lesson]:
    try:
        made = here.recv()
    except (EOFError, OSError) as error:
        raise MakerError(GONE) from error
    if isinstance(made, Exception):
        raise made
    lessons: list[Lesson] = made
    return lessons


def _serve(there: Connection, chances: Chances, performances: Performances, seed: int) -> None:
    """Make what is asked for until nobody asks any more; an interrupt is for the other process to handle."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=end_with_parent, daemon=True).start()
    while True:
        try:
            number = there.recv()
        except (EOFError, OSError):
            return
        made: list[Lesson] | Exception
        try:
            made = chances(performances, np.random.default_rng((seed, number)))
        except Exception as error:  # told where it was asked for
            made = error
        try:
            there.send(made)
        except OSError:
            return
