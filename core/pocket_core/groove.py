"""The groove template: where in the bar this musician tends to play, learnt while they play.

The rule and its two rates are BENCHMARKS' "groove template": a running mean of the offset, and what each
position in the bar adds to it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from pocket_core.types import Seconds

MEAN_RATE = 0.2
POSITION_RATE = 0.3


@dataclass(slots=True)
class GrooveTemplate:
    """A causal, forgetting picture of a musician's offsets over the bar."""

    mean: float = 0.0  # seconds; how late the musician is on the whole
    shape: dict[int, float] = field(default_factory=dict)  # twelfth of the bar to seconds beyond the mean

    def expect(self, twelfth: int) -> Seconds:
        """Return the offset expected of the musician at a position in the bar."""
        return Seconds(self.mean + self.shape.get(twelfth, 0.0))

    def hear(self, twelfth: int, offset: Seconds) -> None:
        """Learn from an onset: its position in the bar, in twelfths of a quarter note, and its offset."""
        at = self.shape.get(twelfth, 0.0)
        self.mean += MEAN_RATE * (offset - (self.mean + at))
        self.shape[twelfth] = at + POSITION_RATE * (offset - self.mean - at)
