"""How far a command is, shown from when it has taken long enough to wonder."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

PATIENCE_S = 2.0


@contextmanager
def patience(doing: str, after_s: float = PATIENCE_S) -> Iterator[Callable[[float], None]]:
    """Give what takes the share that is done, 0..1, and shows a bar with the time left.

    Args:
        doing: What is done, in words.
        after_s: From when on it is shown, seconds; 0 for what is known to take long.
    """
    console = Console(stderr=True)
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
    task = bar.add_task(doing, total=1.0)
    begun = time.monotonic()

    def show(share: float) -> None:
        if time.monotonic() - begun >= after_s:
            bar.start()
        bar.update(task, completed=share)

    try:
        yield show
    finally:
        if bar.live.is_started:  # else it would print an empty line
            bar.stop()
