"""Whether the night's candidate takes the champion's place; everything here is arithmetic.

It has to be better where it matters, on bars that nobody learnt from, and no worse anywhere else. Meetings of
one bar are not independent, so chance draws bars, not meetings.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

DRAWS = 4_000  # of bars, with replacement
SURE = 0.05  # the chance that a better figure may have come about by luck
FEWEST = 48  # meetings to judge by
WORST_SONG = 0.10  # share by which no song may be worse
SONG_MEETINGS = 16  # fewer say nothing of a song
FORGOTTEN = 0.02  # share by which Groove's figures may be worse
SLOWER = 1.25  # times the champion's step at p99, in the same run

Offsets = NDArray[np.float64]  # (N,) seconds


@dataclass(frozen=True, slots=True)
class Judged:
    """The bars of one take that are kept to judge by."""

    song: str
    take: str
    bars: NDArray[np.int64]  # (N,) of each meeting
    human: Offsets  # the musician's onset - nominal
    champion: Offsets  # forecasts
    challenger: Offsets
    centred: bool = False  # without its mean, as targets of `variance` are

    def errors(self, forecast: Offsets) -> Offsets:
        """Return how far a forecast was off at each meeting, seconds."""
        apart = self.human - forecast
        return np.abs(apart - apart.mean() if self.centred and len(apart) else apart)


@dataclass(frozen=True, slots=True)
class Pair:
    """Two ways to play the same meetings; ms, the mean distance to the musician."""

    challenger_ms: float
    other_ms: float
    low_ms: float  # of the difference, challenger - other: 90 % interval, over bars
    high_ms: float
    luck: float  # share of the draws in which the challenger was no better
    meetings: int

    @property
    def better(self) -> bool:
        """Whether it is, and hardly by luck."""
        return self.challenger_ms < self.other_ms and self.luck <= SURE

    def __str__(self) -> str:
        """Return one line for people."""
        apart = self.challenger_ms - self.other_ms
        return (
            f"{self.challenger_ms:.2f} against {self.other_ms:.2f} ms, {apart:+.2f} "
            f"[{self.low_ms:+.2f}, {self.high_ms:+.2f}] over {self.meetings} meetings"
        )


@dataclass(frozen=True, slots=True)
class Check:
    """One of the gate's bars."""

    name: str
    passed: bool
    text: str  # figures and all


@dataclass(frozen=True, slots=True)
class Groove:
    """What must not be forgotten; ms, validation split."""

    follow_ms: float
    humanise_ms: float


def compare(judged: Sequence[Judged], other: str, seed: int = 1) -> Pair | None:
    """Compare the challenger with the champion or with zero offset; None: there is nothing to judge by.

    Args:
        judged: All takes.
        other: "champion" or "zero".
        seed: Of the draws.
    """
    ours, theirs, groups = [], [], []
    count = 0
    for part in judged:
        if not len(part.human):
            continue
        ours.append(part.errors(part.challenger))
        theirs.append(part.errors(part.champion if other == "champion" else np.zeros(len(part.human))))
        _, bar = np.unique(part.bars, return_inverse=True)
        groups.append(bar + count)
        count += int(bar.max()) + 1
    if not ours:
        return None
    a, b, bar = np.concatenate(ours), np.concatenate(theirs), np.concatenate(groups)
    sums, sizes = np.bincount(bar, a - b, count), np.bincount(bar, minlength=count)
    drawn = np.random.default_rng(seed).integers(0, count, (DRAWS, count))
    means = sums[drawn].sum(1) / sizes[drawn].sum(1)
    low, high = np.percentile(means, (5, 95)) * 1000
    return Pair(
        float(a.mean() * 1000),
        float(b.mean() * 1000),
        float(low),
        float(high),
        float((means >= 0).mean()),
        len(a),
    )


def judge_takes(judged: Sequence[Judged], seed: int = 1) -> list[Check]:
    """Return what the takes say of the challenger."""
    against = {other: compare(judged, other, seed) for other in ("champion", "zero")}
    meetings = sum(len(part.human) for part in judged)
    if meetings < FEWEST or None in against.values():
        text = f"{meetings} meetings are kept to judge by, at least {FEWEST} are needed; play on"
        return [Check("enough to judge by", False, text)]
    checks = [Check("enough to judge by", True, f"{meetings} meetings")]
    for other, pair in against.items():
        name = f"better than {'the champion' if other == 'champion' else 'no offset'}"
        if pair is not None:
            checks.append(Check(name, pair.better, f"{pair}, by luck {pair.luck:.1%}"))
    return [*checks, _worst_song(judged)]


def judge_groove(champion: Groove, challenger: Groove) -> list[Check]:
    """Return whether it has forgotten how drummers play."""
    return [
        _no_worse("follows Groove's drummers", champion.follow_ms, challenger.follow_ms),
        _no_worse("humanises as Groove's drummers", champion.humanise_ms, challenger.humanise_ms),
    ]


def judge_step(champion_ms: float, challenger_ms: float) -> Check:
    """Return whether a step is about as fast; p99 of both in one run."""
    passed = challenger_ms <= SLOWER * champion_ms
    return Check(
        "as fast", passed, f"a step takes {challenger_ms:.2f} ms at p99, the champion's {champion_ms:.2f}"
    )


def _worst_song(judged: Sequence[Judged]) -> Check:
    worst, name = 0.0, ""
    for song in dict.fromkeys(part.song for part in judged):
        of_song = [part for part in judged if part.song == song]
        ours = _mean(part.errors(part.challenger) for part in of_song)
        theirs = _mean(part.errors(part.champion) for part in of_song)
        enough = sum(len(part.human) for part in of_song) >= SONG_MEETINGS
        if enough and theirs > 0 and ours / theirs - 1 > worst:
            worst, name = ours / theirs - 1, song or "takes without a name"
    text = f"{name} {worst:+.1%}, at most {WORST_SONG:+.0%}" if name else "every song at least as well"
    return Check("no song suffers", worst <= WORST_SONG, text)


def _mean(parts: Iterable[Offsets]) -> float:
    return float(np.concatenate(list(parts)).mean())


def _no_worse(name: str, before: float, after: float) -> Check:
    passed = after <= before * (1 + FORGOTTEN)  # NaN does not pass
    return Check(name, passed, f"{after:.2f} ms, before {before:.2f}, at most {FORGOTTEN:.0%} more")
