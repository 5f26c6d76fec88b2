"""What the desk does about old takes: at its start and after each take, those that are too many go."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pocket_core.errors import TakeError
from pocketd.take_names import name_of
from pocketd.take_room import MB, Limits, crowded, overdue, remove, stored, sweep


@dataclass(frozen=True, slots=True)
class Kept:
    """What a look at the takes folder has come to."""

    said: tuple[str, ...] = ()  # a line for each take that was removed, or could not be
    warning: str = ""  # for the meter; empty: all is well


class Retention:
    """Applies the limits of the configuration.

    Args:
        root: The takes folder.
        limits: How long and how many takes stay.
        today: Local date and time.
    """

    def __init__(self, root: Path, limits: Limits, today: Callable[[], datetime]) -> None:
        self._root = root
        self._limits = limits
        self._today = today

    def apply(self) -> Kept:
        """Remove what has to go, oldest first."""
        sweep(self._root)
        if self._limits == Limits():
            return Kept()
        return Kept(tuple(self._remove()), crowded(stored(self._root), self._limits))

    def _remove(self) -> Iterator[str]:
        now = self._today().replace(tzinfo=None)
        for going in overdue(stored(self._root), self._limits, now):
            take = going.take
            try:
                if remove(self._root, take.folder):
                    yield f"take {name_of(take.folder)} removed ({going.why}): {take.size / MB:.1f} MB"
            except TakeError as error:
                yield str(error)
                return
