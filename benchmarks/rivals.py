"""pocketd's rivals as loops over arrays, exactly as BENCHMARKS' "Follow" words them. All in ms."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from benchmarks.duets import Duet
from benchmarks.scores import Errors

TRANSPORTS_MS = (1.5, 3.0, 6.0, 10.7)  # the last two: one and two JACK periods at 256 frames, rounded
MEAN_RATE = 0.2
POSITION_RATE = 0.3


class Follower(Protocol):
    """Forecasts from the musician's earlier onsets."""

    def expect(self, in_bar: int) -> float:
        """Return the forecast at a position in the bar, twelfths of a quarter note."""

    def hear(self, in_bar: int, offset_ms: float) -> None:
        """Learn from an onset."""


class Quantised:
    """What every drum machine does."""

    def expect(self, in_bar: int) -> float:  # noqa: ARG002
        return 0.0

    def hear(self, in_bar: int, offset_ms: float) -> None:
        """Learn nothing."""


@dataclass(slots=True)
class RunningMean:
    """How late the musician has been on the whole."""

    mean: float = 0.0

    def expect(self, in_bar: int) -> float:  # noqa: ARG002
        return self.mean

    def hear(self, in_bar: int, offset_ms: float) -> None:  # noqa: ARG002
        self.mean += MEAN_RATE * (offset_ms - self.mean)


@dataclass(slots=True)
class Template:
    """The running mean, and what each position in the bar adds to it."""

    mean: float = 0.0
    shape: dict[int, float] = field(default_factory=dict)

    def expect(self, in_bar: int) -> float:
        return self.mean + self.shape.get(in_bar, 0.0)

    def hear(self, in_bar: int, offset_ms: float) -> None:
        self.mean += MEAN_RATE * (offset_ms - self.expect(in_bar))
        here = self.shape.get(in_bar, 0.0)
        self.shape[in_bar] = here + POSITION_RATE * (offset_ms - self.mean - here)


RIVALS: dict[str, Callable[[], Follower]] = {
    "quantised": Quantised,
    "running mean": RunningMean,
    "groove template": Template,
}


def follow(
    duets: Sequence[Duet], new: Callable[[], Follower], transport_ms: float | None = None
) -> list[Errors]:
    """Let a follower forecast every file.

    Args:
        duets: One entry of the result each.
        new: Makes a follower that has heard nothing; each file gets its own.
        transport_ms: With late commit: from the musician's onset to the earliest output it can cause.
            None: no late commit.
    """
    return [_one(duet, new(), transport_ms) for duet in duets]


def own_hands(duets: Sequence[Duet]) -> list[Errors]:
    """Take the drummer's own feet for the forecast: the error is h - k."""
    return [
        Errors(
            duet.name,
            duet.drummer,
            np.array(
                [
                    s.human_ms - s.drums_ms
                    for s in duet.steps
                    if s.human_ms is not None and s.drums_ms is not None
                ]
            ),
            None,
            np.zeros(0),
        )
        for duet in duets
    ]


def _one(duet: Duet, follower: Follower, transport_ms: float | None) -> Errors:
    errors: list[float] = []
    drummer: list[float] = []
    alone = 0
    for step in duet.steps:
        forecast = follower.expect(step.in_bar)
        if step.drums_ms is not None:
            drummer.append(step.drums_ms - forecast)
            if step.human_ms is None:
                alone += 1
            else:
                sounded = forecast if transport_ms is None else min(forecast, step.human_ms + transport_ms)
                errors.append(step.human_ms - sounded)
        if step.human_ms is not None:
            follower.hear(step.in_bar, step.human_ms)
    return Errors(duet.name, duet.drummer, np.array(errors), np.array(drummer), np.zeros(alone))
