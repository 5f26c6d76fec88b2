"""How long a training still takes, at most: it may be stopped early."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

NEWEST = 3  # epochs that are counted on


class Timed(Protocol):
    """An epoch that is over."""

    @property
    def seconds(self) -> float:
        """How long it took."""


@dataclass(slots=True)
class TimeLeft:
    """Learns from what has been done how long the rest takes.

    Args:
        epochs: How many there are.
        began: Seconds, on the clock that is told.
    """

    epochs: int
    began: float
    share: float = 0.0  # of the epoch under way
    taken: list[float] = field(default_factory=list)  # seconds of each epoch that is over

    def note(self, share: float, epoch: Timed | None) -> None:
        """Take in what a training's watch is told."""
        if epoch is None:
            self.share = share
        else:
            self.share = 0.0
            self.taken.append(epoch.seconds)

    def at_most(self, now: float) -> float | None:
        """Return the seconds that are left; None: that cannot be said yet.

        Args:
            now: Seconds, on the clock that is told.
        """
        left = self.epochs - len(self.taken) - self.share
        if self.taken:
            newest = self.taken[-NEWEST:]
            return sum(newest) / len(newest) * left
        return (now - self.began) / self.share * left if self.share > 0 else None
