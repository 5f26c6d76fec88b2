"""Late commit: a hit is final only when it leaves, and an onset of its own timestep pulls it at once.

An onset can only pull a hit in, never push it out: by the time the musician turns out to be later than the
forecast, the hit has left. Alone that would be a ratchet that makes the drums ever earlier. So hits that no
onset has claimed wait a little longer, by just as much as brings the mean of refined - forecast to zero.
"""

from __future__ import annotations

from dataclasses import dataclass

from pocket_core.types import Seconds

RATE = 1 / 32  # a timestep; how slowly the wait follows the mean
LONGEST_WAIT = 0.010  # seconds


@dataclass(slots=True)
class LateCommit:
    """Refines the forecasts of pending timesteps."""

    wait: Seconds = Seconds(0.0)  # how much longer an unclaimed hit stays

    def refine(self, forecast: Seconds, onset: Seconds | None) -> Seconds:
        """Return the refined offset.

        Args:
            forecast: What the model expected before any onset of this timestep.
            onset: The musician's first onset of this timestep against its nominal time; None: not yet.
        """
        return Seconds(forecast + self.wait) if onset is None else onset

    def note(self, forecast: Seconds, refined: Seconds) -> None:
        """Learn from a timestep that has left."""
        wait = self.wait - RATE * (refined - forecast)
        self.wait = Seconds(min(max(wait, 0.0), LONGEST_WAIT))

    def reset(self) -> None:
        """Start anew, as at the start of a take."""
        self.wait = Seconds(0.0)
