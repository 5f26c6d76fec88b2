"""When a message really arrived, from time stamps that only tell the time since the message before.

python-rtmidi stamps a message when it comes, but says only how long after its predecessor on the same port.
The sum of these is a clock with an unknown origin; each poll narrows the origin down, for a message came
after the last poll that did not return it, and before the one that did.
"""

from __future__ import annotations

from pocket_core.types import Seconds

#: How fast the origin may creep: as much as two crystals drift apart where the stamps are not of our clock.
CREEP = 0.00001  # seconds a second


class Arrivals:
    """The arrival times of one port's messages on the back end's clock.

    The origin starts at the latest that is possible, and each message moves it only as far as it must:
    down where the message would come later than its poll (a minimum filter), up where it would come before
    the last poll (which also mends deltas that were lost in a full queue).

    Args:
        now: When the port was opened.
    """

    def __init__(self, now: Seconds) -> None:
        self._stamp = 0.0  # sum of deltas
        self._origin: float | None = None  # stamp + origin = time; None: no message yet
        self._moved = float(now)  # time of the newest message's poll
        self._newest = float(now)  # arrival of the newest message

    def arrival(self, delta: float, after: Seconds, before: Seconds) -> Seconds:
        """Return when a message arrived.

        Args:
            delta: Seconds since the message before on this port; whatever it says for the first.
            after: The start of the last poll that came back without it.
            before: The poll that returned it.

        Returns:
            A time within ``[after, before]``, never earlier than the message before.
        """
        self._stamp += max(delta, 0.0)
        if self._origin is None:
            self._origin = before - self._stamp
        creep = CREEP * max(before - self._moved, 0.0)
        self._moved = before
        self._origin = min(max(self._origin + creep, after - self._stamp), before - self._stamp)
        self._newest = min(max(self._stamp + self._origin, self._newest), before)
        return Seconds(self._newest)
