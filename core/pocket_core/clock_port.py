"""Which port the clock comes from where nobody has said so: one at a time, or every pulse counts twice."""

from __future__ import annotations

import math

from pocket_core.transport import ClockEvent
from pocket_core.types import Continue, Port, Seconds, SongPosition, Start

LOST = Seconds(1.0)  # after this long without a message, the clock may come from the other port


class ClockPort:
    """Remembers the port that carries the clock."""

    def __init__(self) -> None:
        self.port: Port | None = None
        self._at = Seconds(-math.inf)  # of its newest message

    def resume(self, port: Port | None, at: Seconds) -> None:
        """Go on as if the newest message of the clock had come there and then; None: nobody knows where."""
        if port is not None:
            self.port, self._at = port, at

    def carries(self, event: ClockEvent, port: Port, *, chosen: Port | None, running: bool) -> bool:
        """Say whether a message on a port is the clock's.

        It is on the port that the clock came from so far. Another port takes over when that one has been
        silent, or when it says from where to play while the transport stands: a clock that nobody starts
        must not keep out one that is started.

        Args:
            event: The message.
            port: Where it came; the musician's has no clock.
            chosen: The port that the configuration names; None: whichever carries it.
            running: Whether the transport runs.
        """
        if port is Port.HUMAN or chosen is not None:
            return port is chosen and port is not Port.HUMAN
        begins = isinstance(event, Start | Continue | SongPosition) and not running
        if begins or event.at - self._at > LOST:
            self.port = port
        if port is self.port:
            self._at = event.at
        return port is self.port
