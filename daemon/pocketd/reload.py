"""Read the configuration and the model again beside the running loop, so that no note waits for the disk."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pocket_core.errors import PocketError
from pocketd.casting import Cast
from pocketd.config import Config
from pocketd.errand import Errand
from pocketd.sources.file_part import NO_FILE, FilePart


@dataclass(frozen=True, slots=True)
class Reloaded:
    """What to play by from now on."""

    config: Config
    cast: Cast | None  # None: the model could not be loaded, keep the one in use
    model_fault: str | None = None  # why
    file: FilePart = NO_FILE  # what `source: file` plays, or would


class Reloader:
    """One attempt at a time, in a thread of its own.

    Args:
        load: Reads everything anew; raises PocketError where the old shall stay.
    """

    def __init__(self, load: Callable[[], Reloaded]) -> None:
        self._load = load
        self._errand = Errand[Reloaded]("reload")

    @property
    def under_way(self) -> bool:
        """Whether an attempt was begun whose end nobody has taken."""
        return self._errand.under_way

    def start(self) -> None:
        """Begin; nothing where an attempt is under way."""
        self._errand.start(self._load)

    def take(self) -> Reloaded | PocketError | None:
        """Return how the attempt ended, once; None while it is under way or there is none."""
        return self._errand.take()

    def wait(self) -> None:
        """Let the attempt come to its end."""
        self._errand.wait()
