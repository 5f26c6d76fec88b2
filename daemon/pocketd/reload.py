"""Read the configuration and the model again beside the running loop, so that no note waits for the disk."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from pocket_core.errors import PocketError
from pocket_core.predict import Predictor
from pocketd.config import Config


@dataclass(frozen=True, slots=True)
class Reloaded:
    """What to play by from now on."""

    config: Config
    predictor: Predictor | None  # None: the model could not be loaded, keep the one in use
    model_fault: str | None = None  # why


class Reloader:
    """One attempt at a time, in a thread of its own.

    Args:
        load: Reads everything anew; raises PocketError where the old shall stay.
    """

    def __init__(self, load: Callable[[], Reloaded]) -> None:
        self._load = load
        self._thread: threading.Thread | None = None
        self._outcome: Reloaded | PocketError | None = None

    def start(self) -> None:
        """Begin; nothing where an attempt is under way."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="reload", daemon=True)
            self._thread.start()

    def take(self) -> Reloaded | PocketError | None:
        """Return how the attempt ended, once; None while it is under way or there is none."""
        if self._thread is None or self._thread.is_alive():
            return None
        self._thread.join()
        outcome, self._outcome, self._thread = self._outcome, None, None
        return outcome

    def wait(self) -> None:
        """Let the attempt come to its end."""
        if self._thread is not None:
            self._thread.join()

    def _work(self) -> None:
        try:
            self._outcome = self._load()
        except PocketError as error:
            self._outcome = error
        except Exception as error:  # a thread's exception would be nobody's
            self._outcome = PocketError(f"reload failed: {error!r}")
