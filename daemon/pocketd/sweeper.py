"""When garbage is collected: never while drums play, as a collection stops the loop for milliseconds."""

from __future__ import annotations

import gc

from pocket_core.types import Seconds

EVERY = Seconds(60.0)  # while the transport stands


class Sweeper:
    """Collects the garbage of a run once nothing waits, and now and then what else has come together."""

    def __init__(self) -> None:
        self._next = Seconds(0.0)
        self._littered = False  # the transport ran since the last collection

    def begin(self) -> None:
        """Take collecting over; what there is by now stays for good."""
        gc.collect()
        gc.freeze()
        gc.disable()

    def end(self) -> None:
        """Let the interpreter collect again."""
        gc.unfreeze()
        gc.enable()

    def turn(self, now: Seconds, *, running: bool, idle: bool) -> None:
        """Collect, if there is time.

        Args:
            now: On any steady clock.
            running: The transport does.
            idle: There is time until the next message, and nothing waits in the engine.
        """
        self._littered |= running
        if not running and idle and (self._littered or now >= self._next):
            self._littered, self._next = False, Seconds(now + EVERY)
            gc.collect()
