"""Keeps a bug from ending the loop: an exception costs a message or a turn, and is counted and shown."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TypeVar

log = logging.getLogger(__name__)

T = TypeVar("T")


class Guard:
    """Calls what must not end the loop.

    Args:
        fault: Shows a fault, by what it is about and in a line.
    """

    def __init__(self, fault: Callable[[str, str], None]) -> None:
        self.stumbles = 0  # exceptions so far
        self.stumbled = False  # since somebody last said no
        self._fault = fault
        self._told: set[str] = set()  # what has been logged

    def safely(self, call: Callable[[], T], otherwise: T) -> T:
        """Call something, and return what it returns, or something else where it fails."""
        try:
            return call()
        except Exception as error:
            self.stumble("engine", error)
            return otherwise

    def stumble(self, about: str, error: Exception) -> None:
        """Count an exception; log each kind once, with where it came from."""
        self.stumbles += 1
        self.stumbled = True
        kind = f"{about} {type(error).__name__}"
        if kind not in self._told:
            self._told.add(kind)
            log.error("%s: %r; a message may be lost", about, error, exc_info=error)
            self._fault(about, f"{type(error).__name__}: {error}")
