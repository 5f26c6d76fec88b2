"""A benchmark's jobs in several processes, with a bar that says how long they still take."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import TypeVar

from rich.console import Console

from benchmarks.progress import progress

Job = TypeVar("Job")
Result = TypeVar("Result")


def side_by_side(
    work: Callable[[Job], Result], jobs: Sequence[Job], processes: int, console: Console, doing: str
) -> list[Result]:
    """Do every job and return what came of each, in their order.

    Args:
        work: A function of a module, for it is called in processes of their own.
        jobs: What can be sent there.
        processes: How many.
        console: Where the bar is shown.
        doing: What it says.
    """
    context = multiprocessing.get_context("spawn")
    found = []
    # Not a Pool, whose processes may have none of their own; nights do.
    with ProcessPoolExecutor(processes, context) as pool, progress(console, doing, len(jobs)) as advance:
        for result in pool.map(work, jobs):
            found.append(result)
            advance(1)
    return found
