"""How long a hit that no onset has claimed waits for one: what waiting may gain against what it drags.

With the musician's onset at h, T the transport and a the moment of leaving, the drum sounds at h + T if that
comes before a, else at a. Waiting is worth its while where it costs least,

    chance * E|sounding - h| + (1 - chance) * price * (a - forecast).

With F the distribution of h, a little more waiting brings 1 - F(a) of the onsets nearer to the drum and takes
F(a) - F(a - T) of them further from it: those that have come, but whose claim is still on its way. So a is
where

    1 - 2 F(a) + F(a - T) = (1 - chance) / chance * price.

F is logistic: of the forms tried the one that fits what a network leaves (docs/decisions/0008-waiting.md).
With v = exp(-(a - expected) / s) the condition is a quadratic in v with one positive root. Before it the left
side is the larger, behind it the smaller; so there is one least cost, and the nearest a allowed is the best.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from pocket_core.types import Seconds

#: An ms of drag where nobody plays counts as so many ms of error where the musician plays, without transport.
#: It fades with the transport, so that about the same is spent on waiting whatever that is.
PRICE, FADES = 0.21, Seconds(0.0042)
LONGEST = Seconds(0.025)  # what waiting longer would bring is next to nothing
LOGISTIC_SPREAD = math.log(4.0)  # mean absolute deviation of a logistic distribution of scale 1


@dataclass(frozen=True, slots=True)
class Meeting:
    """What a model expects of the musician at a timestep."""

    expected: Seconds  # the musician's onset, from nominal; positive is late
    spread: Seconds  # mean absolute deviation of the onset from there, > 0
    chance: float  # 0..1, that the musician plays here at all


def price_of(transport: Seconds) -> float:
    """Return what an ms of drag costs, in ms of error, where a claim is so long on its way."""
    return PRICE * math.exp(-max(transport, 0.0) / FADES)


def longest_wait(
    forecast: Seconds,
    meeting: Meeting,
    transport: Seconds,
    *,
    price: float | None = None,
    longest: Seconds = LONGEST,
) -> Seconds:
    """Return how much longer than its forecast a hit that no onset has claimed stays.

    The answer holds until the hit leaves: that nothing has come so far is reckoned with.

    Args:
        forecast: Where the hit leaves without waiting, from nominal.
        meeting: NaN, infinity, a spread of 0 or a chance beyond 0..1: no wait.
        transport: From the musician's onset to the earliest output that it can cause, >= 0.
        price: Of dragging, >= 0; None: `price_of` the transport.
        longest: The most that comes back, >= 0.

    Returns:
        0 to `longest`.
    """
    ahead, spread, chance = meeting.expected - forecast, meeting.spread, meeting.chance
    known = math.isfinite(ahead) and 0.0 < spread < math.inf and 0.0 < chance <= 1.0
    if not known or not transport >= 0.0:
        return Seconds(0.0)
    drag = (1.0 - chance) / chance * (price_of(transport) if price is None else price)
    if not 0.0 <= drag < 1.0:  # 1 is all that waiting can gain
        return Seconds(0.0)
    scale = spread / LOGISTIC_SPREAD
    sent = math.exp(-transport / scale)
    # (1 - drag) v² - (1 - 2 sent + drag (1 + sent)) v - drag sent = 0
    linear = 1.0 - 2.0 * sent + drag * (1.0 + sent)
    root = (linear + math.sqrt(linear * linear + 4.0 * (1.0 - drag) * drag * sent)) / (2.0 * (1.0 - drag))
    if root <= 0.0:  # waiting gains for ever
        return longest
    return Seconds(min(max(ahead - scale * math.log(root), 0.0), longest))
