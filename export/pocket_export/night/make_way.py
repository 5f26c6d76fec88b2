"""A night makes way for whoever plays: what it is at stops within a second, and is done again afterwards.

A timer's signal looks four times a second, so nothing that the night does has to look itself. Where there is
no such timer (Windows, another thread than the main one), what the night calls looks often.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TypeVar

from pocket_core.errors import PocketError
from pocketd.champion import Nights

LOOK_EVERY = 0.25  # seconds
AGAIN = 1.0  # seconds; what is stopping is not stopped once more at once
WAIT = 0.5  # seconds between two looks whether the take is over

T = TypeVar("T")


class MakeWayError(PocketError):
    """A take has begun."""


class MakeWay:
    """Does things when nobody plays.

    Args:
        nights: Whose lock `playing` says whether somebody does.
        waits: Called while somebody does.
    """

    def __init__(self, nights: Nights, waits: Callable[[], None] = lambda: None) -> None:
        self._nights = nights
        self._waits = waits
        self._looked = 0.0
        self._waiting = False
        self.waited = 0.0  # seconds in all

    def look(self) -> None:
        """Raise MakeWayError where somebody plays; cheap enough to be called at every turn."""
        now = time.monotonic()
        if now - self._looked >= LOOK_EVERY:
            self._looked = now
            if self._nights.somebody_plays():
                _give_up()

    def steadily(self, what: Callable[[], T]) -> T:
        """Do something that others take part in; while somebody plays it holds still where it is."""
        self.wait()
        with self._timer(self.wait):
            return what()

    def patiently(self, what: Callable[[], T]) -> T:
        """Do something, as often as it takes for nobody to come between; it has to bear being stopped."""
        while True:
            self.wait()
            try:
                with self._timer(_give_up):
                    return what()
            except MakeWayError:
                continue

    def wait(self) -> None:
        """Return once nobody plays."""
        if self._waiting:  # and a signal in the midst of it asks for the same
            return
        self._waiting, began = True, time.monotonic()
        try:
            while self._nights.somebody_plays():
                self._waits()
                time.sleep(WAIT)
                self.waited = self.waited + time.monotonic() - began
                began = time.monotonic()
        finally:
            self._waiting = False

    @contextmanager
    def _timer(self, then: Callable[[], None]) -> Iterator[None]:
        """While this lasts, a take that begins interrupts what is done, and `then` is called in its midst."""
        if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
            yield
            return

        def stop(_signal: int, _frame: FrameType | None) -> None:
            if self._nights.somebody_plays():
                signal.setitimer(signal.ITIMER_REAL, 0.0)  # `then` may take as long as a take
                try:
                    then()
                finally:
                    signal.setitimer(signal.ITIMER_REAL, AGAIN, LOOK_EVERY)

        before = signal.signal(signal.SIGALRM, stop)
        signal.setitimer(signal.ITIMER_REAL, LOOK_EVERY, LOOK_EVERY)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0.0)
            signal.signal(signal.SIGALRM, before)


def _give_up() -> None:
    raise MakeWayError("a take has begun")
