"""Work that is done beside the running loop, so that no note waits for it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from pocket_core.errors import PocketError

T = TypeVar("T")


class Errand(Generic[T]):
    """One piece of work at a time, in a thread of its own.

    Args:
        name: What is done, as in "reload".
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._thread: threading.Thread | None = None
        self._outcome: T | PocketError | None = None

    @property
    def under_way(self) -> bool:
        """Whether something was begun whose outcome nobody has taken."""
        return self._thread is not None

    def start(self, work: Callable[[], T]) -> None:
        """Begin; nothing where something is under way.

        Args:
            work: Raises PocketError where it fails.
        """
        if self._thread is None:
            self._thread = threading.Thread(
                target=self._do, args=(work,), name=f"pocketd {self._name}", daemon=True
            )
            self._thread.start()

    def take(self) -> T | PocketError | None:
        """Return how it ended, once; None while it is under way or there is nothing."""
        if self._thread is None or self._thread.is_alive():
            return None
        self._thread.join()
        outcome, self._outcome, self._thread = self._outcome, None, None
        return outcome

    def wait(self) -> None:
        """Let it come to its end."""
        if self._thread is not None:
            self._thread.join()

    def _do(self, work: Callable[[], T]) -> None:
        try:
            self._outcome = work()
        except PocketError as error:
            self._outcome = error
        except Exception as error:  # a thread's exception would be nobody's
            self._outcome = PocketError(f"{self._name} failed: {error!r}")
