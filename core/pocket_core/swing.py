"""Where a musician puts what straight drums have between two beats: who swings over them, say.

Their onsets are then nearer to another place of the grid than to the drums' own. Once they have met the drums
of this place so for some times, and never otherwise, they are known to mean them.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from pocket_core.grid import TWELFTHS
from pocket_core.types import Seconds

RATE = 0.4  # of a new distance in what is known
HABIT = 4  # meetings in a row at one distance
SIXTEENTH = TWELFTHS // 4


@dataclass(slots=True)
class _Meeting:
    distance: float  # seconds behind the drums, a forgetting mean
    in_a_row: int


@dataclass(slots=True)
class Swing:
    """What there is of it, by place in the beat. Places are twelfths of a quarter note from the bar line."""

    _known: dict[int, _Meeting] = field(default_factory=dict)

    def meet(self, place: int, offset: Seconds, *, alike: Seconds) -> None:
        """Learn from a meeting, be it surely with these drums or not.

        Args:
            place: Of the drums.
            offset: How far behind them.
            alike: Distances that differ by no more are one.
        """
        if place % SIXTEENTH:  # the drums have triplets of their own
            self._known.clear()
        if not _can_swing(place):
            return
        known = self._known.get(place % TWELFTHS)
        if known is None or abs(float(offset) - known.distance) > alike:
            self._known[place % TWELFTHS] = _Meeting(float(offset), 1)
        else:
            known.in_a_row += 1
            known.distance += RATE * (float(offset) - known.distance)

    def doubt(self, place: int) -> None:
        """Take note that several onsets came near these drums, not together: who knows which is theirs."""
        self._known.pop(place % TWELFTHS, None)

    def expects(self, place: int, offset: Seconds, *, alike: Seconds) -> bool:
        """Return whether an onset so far behind these drums is what the musician makes of them.

        Whoever is early at one place and late at another plays against the drums, as triplets over four do.
        """
        known = self._known.get(place % TWELFTHS)
        if known is None or not _can_swing(place):
            return False
        if known.in_a_row < HABIT or abs(float(offset) - known.distance) > alike:
            return False
        others = (meeting.distance for meeting in self._known.values() if abs(meeting.distance) > alike)
        return all(distance * offset > 0 for distance in others)

    def forget(self) -> None:
        """Start a run of the transport: habits have to show again."""
        self._known.clear()


def _can_swing(place: int) -> bool:
    """Return whether it is one of the three straight sixteenths between two beats."""
    return place % SIXTEENTH == 0 and place % TWELFTHS != 0
