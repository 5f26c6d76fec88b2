"""A controller whose value something else has moved: turned, it goes on from there, without a jump."""

from __future__ import annotations

NEAR = 0.5 / 127  # of its way; there it has caught up


class Takeover:
    """Turns a value by a controller that may stand elsewhere.

    What is left of the value's way to an end is shared out over what is left of the controller's, so they are
    at an end together, and from then on it turns the value itself.
    """

    def __init__(self) -> None:
        self._stands: float | None = None  # 0..1: where the controller was last heard; None: nobody knows
        self._apart = False

    def leave(self) -> None:
        """Something else has moved the value."""
        self._apart = True

    def turn(self, share: float, value: float) -> float:
        """Return the value after the controller was turned.

        Args:
            share: Where it stands now, 0..1.
            value: Before, 0..1.
        """
        before, self._stands = self._stands, share
        if not self._apart or share in (0.0, 1.0):
            self._apart = False
            return share
        if before is None:  # it has been moved a little, and says only now where it stands
            return value
        if share > before:
            value += (1.0 - value) * (share - before) / (1.0 - before)
        elif share < before:
            value -= value * (before - share) / before
        if abs(value - share) < NEAR:
            self._apart = False
            return share
        return value
