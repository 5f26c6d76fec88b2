"""Late commit: a hit is final only when it leaves, and an onset of its own timestep pulls it at once.

A hit that no onset has claimed waits a little beyond its forecast, as long as `waiting` finds it worth
while. An onset can only pull a hit in, never push it out; waiting is what pushes it out. Where the two do
not balance, the drums would drift: so a slow estimate of refined - forecast makes waiting dearer or cheaper,
until the mean is zero.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from pocket_core.predict import Prediction
from pocket_core.types import Seconds
from pocket_core.waiting import Meeting, longest_wait, price_of

RATE = 1000 / 512  # a second and timestep; how slowly the balance follows the mean
MOST = 3.0  # of the balance: waiting is at most e^3 times dearer or cheaper
ERROR_RATE = 1 / 16  # an onset; how fast the spread that is assumed follows the errors
FIRST_SPREAD = Seconds(0.012)  # assumed of a musician of whom nothing is known yet


@dataclass(slots=True)
class LateCommit:
    """Refines the forecasts of pending timesteps."""

    balance: float = 0.0  # log of how much dearer waiting is; what brings the mean to zero
    spread: Seconds = FIRST_SPREAD  # mean distance of the musician from the forecast

    def refine(
        self,
        prediction: Prediction,
        onset: Seconds | None,
        *,
        chance: Callable[[], float],
        transport: Seconds,
    ) -> Seconds:
        """Return the refined offset.

        Args:
            prediction: Of the timestep, from before any of its onsets.
            onset: The musician's first onset of this timestep against its nominal time; None: not yet.
            chance: How likely the musician plays here, 0..1; asked only where the model does not say.
            transport: From an onset to the earliest hit that it can cause.
        """
        if onset is not None:
            return onset
        forecast = prediction.offset
        meeting = prediction.meeting or Meeting(forecast, self.spread, chance())
        wait = longest_wait(forecast, meeting, transport, price=price_of(transport) * math.exp(self.balance))
        return Seconds(forecast + wait)

    def note(self, forecast: Seconds, refined: Seconds, onset: Seconds | None) -> None:
        """Learn from a timestep that has left.

        Args:
            forecast: What was expected of it.
            refined: What became of that.
            onset: The musician's offset, where it is meant for this timestep; None: has not played by now;
                an onset that comes yet is told by `meet`.
        """
        self.balance = min(max(self.balance + RATE * (refined - forecast), -MOST), MOST)
        if onset is not None:
            self.meet(forecast, onset)

    def meet(self, forecast: Seconds, onset: Seconds) -> None:
        """Learn from an onset that was meant for a timestep, be it that it came once that had left.

        Args:
            forecast: What was expected of it.
            onset: The musician's offset.
        """
        self.spread = Seconds(self.spread + ERROR_RATE * (abs(onset - forecast) - self.spread))

    def reset(self) -> None:
        """Start anew, as at the start of a take."""
        self.balance, self.spread = 0.0, FIRST_SPREAD
