"""The next epoch's lessons, made in another process while this one's are learnt."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context

import numpy as np

from pocket_export.dataset import Lesson
from pocket_export.recordings import Performance

Performances = Sequence[Performance]
Chances = Callable[[Performances, np.random.Generator], list[Lesson]]

_kept: tuple[Chances, Performances, int]  # in the other process


@contextmanager
def ahead(chances: Chances, performances: Performances, seed: int) -> Iterator[Callable[[int], list[Lesson]]]:
    """Yield what returns the chance lessons of an epoch, by its number.

    Args:
        chances: Makes them; a function of a module, for it goes to the other process.
        performances: Of what.
        seed: With the epoch's number, where chance comes from.
    """
    with ProcessPoolExecutor(1, get_context("spawn"), _begin, (chances, performances, seed)) as pool:
        made: dict[int, Future[list[Lesson]]] = {}

        def draw(number: int) -> list[Lesson]:
            now = made.pop(number, None) or pool.submit(_make, number)
            made[number + 1] = pool.submit(_make, number + 1)
            return now.result()

        try:
            yield draw
        finally:
            pool.shutdown(cancel_futures=True)


def _begin(chances: Chances, performances: Performances, seed: int) -> None:
    global _kept  # noqa: PLW0603
    _kept = chances, performances, seed


def _make(number: int) -> list[Lesson]:
    chances, performances, seed = _kept
    return chances(performances, np.random.default_rng((seed, number)))
