"""Whether the night's candidate takes the champion's place; everything here is arithmetic.

It has to be better where it matters, on bars that nobody learnt from, and no worse anywhere else. What is
played in one take hangs together, so luck is reckoned over takes (docs/decisions/0013-gate.md).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pocket_export.night.student import luck, quantile, standard_error

SURE = 0.05  # the chance that a better figure may have come about by luck
FEWEST, FEWEST_BARS = 48, 8  # to judge by: meetings, in bars
#: How far takes lie apart before they have told it: SD, a share of the other's distance; and how many takes
#: more it would have taken to tell.
APART, APART_TAKES = 0.10, 3
TAKE_MEETINGS = 16  # a take with fewer counts as one with the take before
WORST_SONG = 0.10  # share by which no song may be worse
SONG_MEETINGS = 16  # fewer say nothing of a song
NAMELESS = "takes without a name"
FORGOTTEN = 0.02  # share by which Groove's figures may be worse
SLOWER = 1.25  # times the champion's step, medians of one run

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
    """Two ways to play the same meetings; ms, the mean distance to the musician, each take's as much."""

    challenger_ms: float
    other_ms: float
    low_ms: float  # of the difference, challenger - other: 90 % interval, over takes
    high_ms: float
    luck: float  # how likely such a difference is of one that is no better
    meetings: int
    takes: int

    @property
    def better(self) -> bool:
        """Whether it is, and hardly by luck."""
        return self.challenger_ms < self.other_ms and self.luck <= SURE

    def __str__(self) -> str:
        """Return one line for people."""
        apart = self.challenger_ms - self.other_ms
        return (
            f"{self.challenger_ms:.2f} against {self.other_ms:.2f} ms, {apart:+.2f} "
            f"[{self.low_ms:+.2f}, {self.high_ms:+.2f}] over {self.meetings} meetings of {_takes(self.takes)}"
        )


@dataclass(frozen=True, slots=True)
class Check:
    """One of the gate's bars."""

    name: str
    passed: bool
    text: str  # figures and all


@dataclass(frozen=True, slots=True)
class Groove:
    """What must not be forgotten; validation split."""

    follow_ms: float
    humanise_ms: float
    chance: float | None = None  # Brier score, 0..1, of whether the musician plays; None: it does not say


def compare(judged: Sequence[Judged], other: str) -> Pair | None:
    """Compare the challenger with the champion or with zero offset; None: there are less than two bars.

    Each take is a figure. A few cannot tell how far takes lie apart, so what is assumed of it is counted in,
    as if it had been seen in some takes before.

    Args:
        judged: All takes.
        other: "champion" or "zero".
    """
    groups = _groups(judged)
    ours = _means(groups, lambda part: part.challenger)
    theirs = _means(groups, lambda part: part.champion if other == "champion" else np.zeros(len(part.human)))
    apart = ours - theirs
    within = [standard_error(bars) ** 2 for bars in _by_bar(groups, other) if len(bars) > 1]
    if not within:
        return None
    assumed = (APART * float(theirs.mean())) ** 2 + float(np.mean(within))
    told = float(np.square(apart - apart.mean()).sum())
    freedom = APART_TAKES + len(groups) - 1
    error = math.sqrt((APART_TAKES * assumed + told) / freedom / len(groups))
    reach = quantile(1 - SURE, freedom) * error
    return Pair(
        float(ours.mean() * 1000),
        float(theirs.mean() * 1000),
        float((apart.mean() - reach) * 1000),
        float((apart.mean() + reach) * 1000),
        luck(float(apart.mean()), error, freedom),
        _meetings(part for group in groups for part in group),
        len(groups),
    )


def judge_takes(
    judged: Sequence[Judged], apart: Collection[str] = (), learnt: Iterable[str] = ()
) -> list[Check]:
    """Return what the takes say of the challenger.

    Args:
        judged: All takes.
        apart: Songs that models of their own play; the champion does not, so they say nothing of it.
        learnt: All songs that it learnt from, so that those can be named which nothing is kept of.
    """
    by = [part for part in judged if part.song not in apart]
    meetings, takes = _meetings(by), len(_groups(by))
    bars = len({(part.take, bar) for part in by for bar in part.bars.tolist()})
    left_out = _left_out(judged, apart, learnt)
    against = {other: compare(by, other) for other in ("champion", "zero")}
    if meetings < FEWEST or bars < FEWEST_BARS or None in against.values():
        text = (
            f"{meetings} meetings in {bars} bars of {_takes(takes)} are kept to judge by, at least {FEWEST} "
            f"in {FEWEST_BARS} bars are needed; play on{left_out}"
        )
        return [Check("enough to judge by", False, text)]
    text = f"{meetings} meetings in {bars} bars of {_takes(takes)}"
    checks = [Check("enough to judge by", True, text)]
    for other, pair in against.items():
        name = f"better than {'the champion' if other == 'champion' else 'no offset'}"
        if pair is not None:
            checks.append(Check(name, pair.better, f"{pair}, by luck {pair.luck:.1%}"))
    return [*checks, _worst_song(by, left_out)]


def judge_groove(before: Groove, challenger: Groove, shipped: Groove) -> list[Check]:
    """Return whether it has forgotten how drummers play.

    Args:
        before: Of the model that it went on learning from.
        challenger: Its own.
        shipped: Of the model of its name that ships, for a little a night would come to a lot.
    """
    olds = (before, shipped)
    checks = [
        _no_worse("follows Groove's drummers", challenger.follow_ms, [old.follow_ms for old in olds]),
        _no_worse(
            "humanises as Groove's drummers", challenger.humanise_ms, [old.humanise_ms for old in olds]
        ),
    ]
    chances = [old.chance for old in olds if old.chance is not None]
    if challenger.chance is not None and chances:
        checks.append(_no_worse("knows when Groove's musicians play", challenger.chance, chances, "Brier"))
    return checks


def judge_step(champion_ms: float, challenger_ms: float) -> Check:
    """Return whether a step is about as fast; medians of both in one run."""
    passed = challenger_ms <= SLOWER * champion_ms
    text = f"the median step takes {challenger_ms:.3f} ms, the champion's {champion_ms:.3f}, taken in turns"
    return Check("as fast", passed, text)


def _groups(judged: Iterable[Judged]) -> list[list[Judged]]:
    """Return what was played in each take; a short one goes with the one before, the first with the next."""
    takes: dict[str, list[Judged]] = {}
    for part in judged:
        if len(part.human):
            takes.setdefault(part.take, []).append(part)
    groups: list[list[Judged]] = []
    for take in takes.values():
        if groups and (_meetings(take) < TAKE_MEETINGS or _meetings(groups[-1]) < TAKE_MEETINGS):
            groups[-1] += take
        else:
            groups.append(take)
    return groups


def take_means(judged: Iterable[Judged], pick: Callable[[Judged], Offsets]) -> Offsets:
    """Return each take's mean distance, (N,) seconds, of what is picked; short takes go with others."""
    return _means(_groups(judged), pick)


def _means(groups: Iterable[Iterable[Judged]], pick: Callable[[Judged], Offsets]) -> Offsets:
    """Return each group's mean distance, (N,) seconds."""
    return np.array([_mean(part.errors(pick(part)) for part in group) for group in groups])


def _by_bar(groups: Iterable[Iterable[Judged]], other: str) -> Iterator[Offsets]:
    """Yield of each group the mean difference of its bars, challenger - other, (N,) seconds."""
    for group in groups:
        means = []
        for part in group:
            theirs = part.champion if other == "champion" else np.zeros(len(part.human))
            apart = part.errors(part.challenger) - part.errors(theirs)
            _, bar = np.unique(part.bars, return_inverse=True)
            means.append(np.bincount(bar, apart) / np.bincount(bar))
        yield np.concatenate(means)


def _takes(count: int) -> str:
    return "1 take" if count == 1 else f"{count} takes"


def _meetings(judged: Iterable[Judged]) -> int:
    return sum(len(part.human) for part in judged)


def _songs(judged: Iterable[Judged]) -> dict[str, list[Judged]]:
    songs: dict[str, list[Judged]] = {}
    for part in judged:
        songs.setdefault(part.song, []).append(part)
    return songs


def _left_out(judged: Sequence[Judged], apart: Collection[str], learnt: Iterable[str]) -> str:
    """Return the songs that are not judged one by one, and why; empty: there is none."""
    why, songs = [], _songs(judged)
    for song in dict.fromkeys([*songs, *learnt]):
        if song in apart:
            why.append(f"{song}, which a model of its own plays")
        elif (meetings := _meetings(songs.get(song, ()))) < SONG_MEETINGS:
            why.append(f"{song or NAMELESS}, {meetings} meetings of at least {SONG_MEETINGS}")
    return f"; not judged: {'; '.join(why)}" if why else ""


def _worst_song(judged: Sequence[Judged], left_out: str) -> Check:
    worst, name = 0.0, ""
    for song, parts in _songs(judged).items():
        if _meetings(parts) < SONG_MEETINGS:
            continue
        ours = _mean(part.errors(part.challenger) for part in parts)
        theirs = _mean(part.errors(part.champion) for part in parts)
        if theirs > 0 and ours / theirs - 1 > worst:
            worst, name = ours / theirs - 1, song or NAMELESS
    text = f"{name} {worst:+.1%}, at most {WORST_SONG:+.0%}" if name else "every song at least as well"
    return Check("no song suffers", worst <= WORST_SONG, text + left_out)


def _mean(parts: Iterable[Offsets]) -> float:
    return float(np.concatenate(list(parts)).mean())


def _no_worse(name: str, after: float, olds: Sequence[float], unit: str = "ms") -> Check:
    """Check a figure against those of older models: the one before, and the one that ships."""
    passed = all(after <= old * (1 + FORGOTTEN) for old in olds)  # NaN does not pass
    digits = 2 if unit == "ms" else 4
    was = ", as shipped ".join(f"{old:.{digits}f}" for old in olds)
    return Check(name, passed, f"{after:.{digits}f} {unit}, before {was}, at most {FORGOTTEN:.0%} more")
