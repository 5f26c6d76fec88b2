"""From a wished offset to a committed time: the limits, and the force that pulls back to the grid."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from pocket_core.types import Beats, Seconds

MEMORY = Beats(8.0)  # how far back the restoring force looks
SLOTS = 12  # positions within the beat that it tells apart


@dataclass(frozen=True, slots=True)
class Limits:
    """How far from its nominal time a hit may sound, both >= 0."""

    early: Seconds  # look-ahead less guard
    late: Seconds


def committed_time(nominal: Seconds, wish: Seconds, limits: Limits) -> Seconds:
    """Turn a wished offset into the time the hit will sound.

    Args:
        nominal: Where the score puts the hit.
        wish: Offset, negative is early. NaN counts as no offset.
        limits: How early and how late a hit may be.

    Returns:
        A time within ``[nominal - limits.early, nominal + limits.late]``.
    """
    if math.isnan(wish):
        return nominal
    return Seconds(nominal + min(max(wish, -limits.early), limits.late))


@dataclass(slots=True)
class RestoringForce:
    """Pulls a lasting, common displacement of the drums back towards the grid.

    Two listeners who follow each other run away together (DESIGN, "Timing rules"). What runs away is the
    whole bar; what a groove displaces is some positions of it. So the force looks at the mean offset of each
    position within the beat and acts on the part that all have in common: nothing, where one of them sits
    on the grid, as in swing. A little displacement is feel; part of what is beyond is taken back.
    """

    _means: dict[int, tuple[float, Beats]] = field(default_factory=dict)  # slot: mean offset, newest beat

    def pull(self, gain: float, free: Seconds) -> Seconds:
        """Return what to subtract from an offset.

        Args:
            gain: How much of what is beyond `free` is taken back, 0..1.
            free: A lasting displacement up to this is left alone, >= 0.
        """
        if not self._means:
            return Seconds(0.0)
        means = [mean for mean, _ in self._means.values()]
        common = min(max(0.0, min(means)), max(means))
        beyond = max(abs(common) - free, 0.0)
        return Seconds(math.copysign(gain * beyond, common))

    def note(self, beat: Beats, offset: Seconds) -> None:
        """Remember the offset that a timestep asked for, before this force."""
        slot = round(beat % 1.0 * SLOTS) % SLOTS
        mean, newest = self._means.get(slot, (0.0, beat))
        rate = 1.0 - math.exp(-min(max(beat - newest, 1.0), MEMORY) / MEMORY)
        self._means[slot] = (mean + rate * (offset - mean), beat)
        for other, (_, seen) in list(self._means.items()):
            if not 0.0 <= beat - seen <= MEMORY:
                del self._means[other]

    def reset(self) -> None:
        """Forget, as at the start of a take."""
        self._means.clear()
