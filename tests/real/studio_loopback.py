"""A studio in the process, on a clock that jumps."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pocket_core.settings import Timing
from pocket_core.types import Port, Seconds
from pocketd.backends.clock import VirtualClock
from pocketd.backends.loopback import Loopback
from tests.real.conformance import Promise
from tests.real.rig import Timed


class LoopbackStudio:
    """A loopback back end that is handed messages ahead."""

    promise = Promise(0.003, late=((1.0, 0.0),), apart=0.0)

    def __init__(self) -> None:
        self.backend = Loopback(VirtualClock(), Timing(Seconds(self.promise.ahead)))

    def feed(self, port: Port, data: bytes) -> None:
        self.backend.feed(port, data, self.backend.now())

    def heard(self) -> list[Timed]:
        heard = [Timed(sent.at, sent.due.data) for sent in self.backend.sent]
        self.backend.sent.clear()
        return heard

    def seen(self) -> bool:
        return False

    def plug(self) -> None:
        raise NotImplementedError("there is no device")

    unplug = crash = restart = plug


@contextmanager
def loopback() -> Iterator[LoopbackStudio]:
    """Open it."""
    studio = LoopbackStudio()
    try:
        yield studio
    finally:
        studio.backend.close()
