"""The desk's part in wishes: it looks whether the map has sent one, and tells the real-time process."""

from __future__ import annotations

from collections import deque
from datetime import datetime
from pathlib import Path

from pocket_core.types import Seconds
from pocketd.desk_answers import WishAnswer
from pocketd.wishes import WishError, read_wish

EVERY = Seconds(0.5)  # between two looks


class WishDesk:
    """Looks at the file of wishes.

    Args:
        path: Where it lies.
        began: When the daemon did; what was wished before is not for it.
    """

    def __init__(self, path: Path, began: datetime) -> None:
        self._path = path
        self._newest = began
        self._seen: tuple[int, int] | None = None  # the file as it was last read
        self._next = Seconds(0.0)
        self.answers: deque[WishAnswer] = deque()  # for the real-time process
        self.faults: deque[str] = deque()  # for people, a line each

    def turn(self, now: Seconds) -> None:
        """Look, if it is time; `now` is on any steady clock."""
        if now < self._next:
            return
        self._next = Seconds(now + EVERY)
        try:
            status = self._path.stat()
        except OSError:  # nobody has wished anything
            return
        seen = (status.st_mtime_ns, status.st_ino)
        if seen == self._seen:
            return
        self._seen = seen
        try:
            wish = read_wish(self._path)
        except WishError as error:
            self.faults.append(str(error))
            return
        if wish is not None and wish.at > self._newest:
            self._newest = wish.at
            self.answers.append(
                WishAnswer(source=wish.source, pattern=wish.pattern, goal=wish.goal, morph=wish.morph)
            )
