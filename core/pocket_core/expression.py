"""From one offset for a timestep to each voice's own time and velocity, as a drummer would play them.

Where the musician is expected, the drums stay together with them; the less they are, the more each voice goes
its own way: to its own expected offset, and about it as far as real drummers stray. So nothing that follows
is spoilt, and nothing that plays alone is stiff.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from random import Random

from pocket_core.predict import Prediction
from pocket_core.types import Seconds
from pocket_core.voices import VOICES

SD = math.sqrt(math.pi / 2)  # of a normal distribution whose mean absolute deviation is 1
STAY = 8.0  # exponent of the chance that nobody plays: at 1 voices stray from whoever then does
WIDEST = 2.5  # standard deviations; nobody strays farther
MICROSECOND = 1e-6
LOUDEST = 127


@dataclass(frozen=True, slots=True)
class Expression:
    """What each voice adds. Voices that are not named add nothing."""

    first: Seconds = Seconds(0.0)  # of the earliest voice, from the timestep's own offset
    apart: Mapping[int, Seconds] = field(default_factory=dict)  # voice to how far behind the earliest, >= 0


TOGETHER = Expression()


def express(prediction: Prediction, voices: Iterable[int], *, share: float, seed: Seconds) -> Expression:
    """Return how far the voices of a timestep go their own ways.

    Args:
        prediction: Of the timestep.
        voices: Indices of the drums struck.
        share: How much of its way each goes, 0..1, its stray included.
        seed: The same gives the same; the arrival of the timestep.
    """
    voicing, meeting = prediction.voicing, prediction.meeting
    if voicing is None or share <= 0.0:
        return TOGETHER
    alone = 1.0 - (0.0 if meeting is None else min(max(meeting.chance, 0.0), 1.0))
    free = share * alone**STAY
    own = {
        voice: free
        * (voicing.offsets[voice] - prediction.offset + SD * voicing.spreads[voice] * _stray(seed, voice))
        for voice in voices
    }
    first = min(own.values(), default=0.0)
    if not math.isfinite(sum(own.values())):
        return TOGETHER
    return Expression(Seconds(first), {voice: Seconds(offset - first) for voice, offset in own.items()})


def dynamics(
    prediction: Prediction, voice: int, velocity: int, *, share: float, stray: float, seed: Seconds
) -> int:
    """Return a note's velocity, 1..127, between the one it came with and the one a drummer would give it.

    Args:
        prediction: Of its timestep.
        voice: Index of the drum.
        velocity: As it came, 1..127.
        share: How far it goes to the drummer's, 0..1.
        stray: How much of real drummers' irregularity the drummer's has, 0..1. A dial of its own: who wants
            a drummer's accents alone leaves it at 0.
        seed: The same gives the same; the arrival of the timestep.
    """
    voicing = prediction.voicing
    if voicing is None or share <= 0.0:
        return velocity
    wish = voicing.velocities[voice]
    wish += stray * SD * voicing.velocity_spreads[voice] * _stray(seed, voice + len(VOICES))
    if not math.isfinite(wish):
        return velocity
    return round(min(max(velocity + share * (LOUDEST * wish - velocity), 1.0), float(LOUDEST)))


@lru_cache(maxsize=1024)  # a plan is made many times before its hits leave
def _stray(seed: Seconds, which: int) -> float:
    """Return a normal number that depends on nothing but its arguments."""
    chance = Random(round(seed / MICROSECOND) * 2 * len(VOICES) + which)
    return min(max(chance.gauss(0.0, 1.0), -WIDEST), WIDEST)
