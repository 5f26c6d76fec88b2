"""What an engine knew at each start and stop, until somebody takes it, and whom to begin with."""

from __future__ import annotations

from collections import deque

from pocket_core.align import Listener
from pocket_core.likeness import Likeness
from pocket_core.memory import Memory
from pocket_core.portrait import Portrait
from pocket_core.settings import Settings
from pocket_core.transport import SongClock, Started, Stopped
from pocket_core.types import Port, Seconds

MOST = 16  # kept where nobody takes them, the newest


class Memories:
    """An engine's.

    Args:
        clock: The engine's.
        listener: The engine's; its portrait is what is remembered and recalled.
    """

    def __init__(self, clock: SongClock, listener: Listener) -> None:
        self._clock = clock
        self._listener = listener
        self._kept: deque[Memory] = deque(maxlen=MOST)
        self._ran = False  # the transport has
        self.recalled: Likeness | None = None  # whom each start from the top begins with

    def begin(self, started: Started) -> None:
        """Begin a run: with whom is recalled, or with whom was heard last."""
        if started.from_top and self.recalled is not None:
            self._listener.portrait = Portrait.of(self.recalled)
        self._listener.portrait.rest()

    def note(
        self,
        change: Started | Stopped,
        settings: Settings,
        *,
        waiting: int,
        clock_port: Port | None,
        hit: Seconds | None,
    ) -> None:
        """Keep what is known now; see `Memory`."""
        starts = isinstance(change, Started)
        memory = Memory(
            at=change.at,
            running=starts,
            anew=not self._ran or (isinstance(change, Started) and change.from_top),
            waiting=waiting,
            amount=settings.amount,
            bypass=settings.bypass,
            laid_back=settings.laid_back,
            likeness=self._listener.portrait.likeness(),
            clock=self._clock.memory() if starts else None,
            clock_port=clock_port,
            hit=hit,
        )
        self._ran = True
        self._kept.append(memory)

    def take(self) -> list[Memory]:
        """Return what was kept since the last call, at most the newest `MOST`."""
        memories = list(self._kept)
        self._kept.clear()
        return memories
