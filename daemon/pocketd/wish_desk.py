"""The desk's part in wishes: it looks whether the map has sent one, and tells the real-time process."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pocket_core.types import Seconds
from pocketd.desk_answers import WishAnswer
from pocketd.wishes import WishError, read_wish

EVERY = Seconds(0.5)  # between two looks
AHEAD = timedelta(minutes=1)  # a wish may be dated so much later than now: clocks are set now and then


class WishDesk:
    """Looks at the file of wishes.

    Args:
        path: Where it lies.
        began: When the daemon did; what was wished before is not for it.
        today: The time of day.
    """

    def __init__(
        self, path: Path, began: datetime, today: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._path = path
        self._today = today
        self._fault = ""  # as last told
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
        fault = self._take()
        if fault and fault != self._fault:
            self.faults.append(fault)
        self._fault = fault

    def _take(self) -> str:
        """Take a wish up, if there is a new one; return what is wrong with it."""
        try:
            wish = read_wish(self._path)
        except WishError as error:
            return str(error)
        if wish is None or wish.at <= self._newest:
            return ""
        if wish.at > self._today() + AHEAD:  # it would outdate all that are wished until then
            when = f"{wish.at:%Y-%m-%d %H:%M %Z}"
            return f"{self._path}: it is of {when}, which is to come; set the clock and send it again"
        self._newest = wish.at
        self.answers.append(
            WishAnswer(source=wish.source, pattern=wish.pattern, goal=wish.goal, morph=wish.morph)
        )
        return ""
