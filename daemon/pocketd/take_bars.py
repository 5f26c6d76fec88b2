"""A take bar by bar, in the order in which the bars were played."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, zip_longest

from pocket_core.records import TimestepRecord
from pocket_core.tempo import Meter
from pocketd.take_content import TakeContent

LONGEST_REST = 64  # bars without a drum between two that have one; a longer rest is left out


@dataclass(frozen=True, slots=True)
class PlayedBar:
    """A bar as it was played once; in a loop it is played again."""

    bar: int  # as the song counts it
    meter: Meter
    steps: tuple[TimestepRecord, ...]  # in order of playing; empty: the drums rest

    def place(self, step: TimestepRecord) -> float:
        """Return where in the bar a timestep is, 0 to 1."""
        return (step.beat - 1.0) / self.meter.numerator


def played_bars(take: TakeContent) -> list[PlayedBar]:
    """Return the bars from the first timestep to the last."""
    passes = list(_passes(take.timesteps))
    bars: list[PlayedBar] = []
    for steps, following in zip_longest(passes, passes[1:]):
        bar = steps[0].bar
        bars.append(PlayedBar(bar, _meter(take, bar), tuple(steps)))
        rest = following[0].bar - bar - 1 if following else 0
        if rest <= LONGEST_REST:
            bars += [PlayedBar(bar + n, _meter(take, bar + n), ()) for n in range(1, rest + 1)]
    return bars


def _passes(timesteps: Sequence[TimestepRecord]) -> Iterator[list[TimestepRecord]]:
    """Yield the timesteps of each bar; the same bar again, as in a loop of one bar, is another."""
    for _, steps in groupby(timesteps, key=lambda step: step.bar):
        together: list[TimestepRecord] = []
        for step in steps:
            if together and step.beat < together[-1].beat - 0.5:  # flams may be written a little out of order
                yield together
                together = []
            together.append(step)
        yield together


def _meter(take: TakeContent, bar: int) -> Meter:
    known = [change.meter for change in take.meters if change.bar <= bar]
    return known[-1] if known else take.meters[0].meter
