"""What lasts of a musician's portrait when the transport stops, as plain numbers: to be kept and begun with.

Whether they play, and where they just were, is of a run and does not last (`Portrait.rest`).
"""

from __future__ import annotations

from dataclasses import dataclass

ABSURD = 1.0  # seconds; no offset and no mean of offsets is as large


@dataclass(frozen=True, slots=True)
class Sum:
    """A forgetting sum of offsets."""

    place: int  # twelfths of a quarter note, from where the sum's own cycle begins
    total: float  # seconds
    weight: float  # how many onsets it is made of, >= 0


@dataclass(frozen=True, slots=True)
class Figure:
    """A number of a place in the bar."""

    place: int  # twelfths of a quarter note from the bar line
    value: float


@dataclass(frozen=True, slots=True)
class Visit:
    """The newest onsets at a place in the bar."""

    place: int  # twelfths of a quarter note from the bar line
    newest: float  # seconds
    before: float | None  # the one before it


@dataclass(frozen=True, slots=True)
class Likeness:
    """A musician, as far as one has heard them; offsets in seconds, positive is late."""

    mean: float = 0.0  # of the groove template
    shape: tuple[Figure, ...] = ()  # ... and what each place adds to it, seconds
    everywhere: Sum = Sum(0, 0.0, 0.0)
    by_beat: tuple[Sum, ...] = ()
    by_half_bar: tuple[Sum, ...] = ()
    by_bar: tuple[Sum, ...] = ()
    by_voice: tuple[Sum, ...] = ()  # the place is the voice's index
    fast: float = 0.0
    slow: float = 0.0
    newest: tuple[Visit, ...] = ()
    meets: tuple[Figure, ...] = ()  # seconds from the drums of a place
    velocity: tuple[Figure, ...] = ()  # 0..1

    @property
    def sane(self) -> bool:
        """Whether every number can be one of a musician's, wherever they were kept meanwhile."""
        sums = [self.everywhere, *self.by_beat, *self.by_half_bar, *self.by_bar, *self.by_voice]
        offsets = [self.mean, self.fast, self.slow, *(f.value for f in (*self.shape, *self.meets))]
        for visit in self.newest:
            offsets += [visit.newest, 0.0 if visit.before is None else visit.before]
        return (
            all(abs(offset) < ABSURD for offset in offsets)
            and all(0.0 <= s.weight < float("inf") and abs(s.total) <= ABSURD * s.weight for s in sums)
            and all(0.0 <= figure.value <= 1.0 for figure in self.velocity)
        )
