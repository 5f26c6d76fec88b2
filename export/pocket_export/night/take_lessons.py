"""From takes to what a night learns from and what it judges by; the two never share a bar, in no night.

Every fifth block of eight bars is kept to judge by, and a bar before and behind it belongs to nobody. Which
blocks these are depends on the take alone: what is judged by tonight was never learnt, and never will be.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pocket_core.grid import TWELFTHS
from pocket_core.types import Seconds
from pocket_export.dataset import prepare
from pocket_export.lesson import Lesson
from pocket_export.night.take_duets import TakeDuet
from pocket_export.night.targets import FEWEST, Rule, Style, make_targets, sound
from pocket_export.recordings import Performance
from pocketd.take_names import own_name

EVERY = 5  # of so many blocks one is kept to judge by
BLOCK, BETWEEN = 8, 1  # bars


@dataclass(frozen=True, slots=True)
class TakeLesson:
    """A duet of a take, with what it teaches and what of it is kept to judge by."""

    source: TakeDuet
    style: Style
    lesson: Lesson  # as played: `meets` is what the musician did
    wanted: NDArray[np.float32]  # (T,) what the model should say, seconds; NaN where it is not told
    taught: NDArray[np.bool_]  # (T,) anything may be learnt from here, be it that nobody played
    held: NDArray[np.bool_]  # (T,) kept to judge by
    sound: NDArray[np.bool_]  # (T,) a meeting of musician and drums that is no accident
    bias: Seconds  # of the musician, where the targets have no mean

    @property
    def song(self) -> str:
        """What it is of; empty: nobody said."""
        return self.source.about.song or ""

    @property
    def judged(self) -> NDArray[np.bool_]:
        """Which rows are judged by: held, and met by the musician on purpose; (T,)."""
        return self.held & self.sound

    @property
    def bars(self) -> NDArray[np.int64]:
        """The bar of each row, (T,)."""
        return _bars(self.lesson)

    def to_learn(self) -> Lesson:
        """Return it with its targets in place of what was played."""
        return replace(self.lesson, meets=self.wanted, taught=self.taught)


@dataclass(frozen=True, slots=True)
class Passed:
    """A duet that teaches nothing, and why."""

    source: TakeDuet
    why: str


@dataclass(frozen=True, slots=True)
class Material:
    """What the takes come to."""

    lessons: Sequence[TakeLesson]
    passed: Sequence[Passed]

    @property
    def meetings(self) -> int:
        """How many targets there are to learn."""
        return sum(int((~np.isnan(made.wanted) & made.lesson.drums).sum()) for made in self.lessons)

    @property
    def to_judge(self) -> int:
        """How many meetings there are to judge by."""
        return sum(int(made.judged.sum()) for made in self.lessons)


def make_lesson(duet: TakeDuet, rule: Rule, *, first: bool = False, keep: bool = True) -> TakeLesson | Passed:
    """Turn a take into a lesson.

    Args:
        duet: What was played.
        rule: How targets are made of this song.
        first: Nothing was learnt of the song so far.
        keep: Some blocks are kept to judge by.
    """
    lesson = prepare(duet.duet, duet.settings)
    drums = np.flatnonzero(lesson.drums)
    met = drums[~np.isnan(lesson.meets[drums])]
    if len(met) < FEWEST:
        return Passed(duet, f"{len(met)} meetings of musician and drums, at least {FEWEST} teach anything")
    good = np.zeros(len(lesson), np.bool_)
    good[met] = sound(lesson.meets[met].astype(np.float64), _places(lesson, met))
    if good.sum() < FEWEST:
        return Passed(duet, f"the musician was lost: {good.sum()} of {len(met)} meetings are where usual")
    held, near = _held(duet, lesson) if keep else (np.zeros(len(lesson), np.bool_),) * 2
    known = np.zeros(len(lesson), np.bool_)
    known[drums] = True
    lost = _lost(lesson, met, good)
    told = np.flatnonzero(good & ~held & ~near)
    forecast = np.full(len(lesson), np.nan)
    forecast[drums] = duet.forecast
    said, played = forecast[told], lesson.meets[told].astype(np.float64)
    targets = make_targets(said, played - said, rule, first=first)
    wanted = np.full(len(lesson), np.nan, np.float32)
    if rule.style is Style.FOLLOW:
        alone = ~lesson.drums & ~held & ~near & ~lost
        wanted[alone] = lesson.meets[alone]  # an onset without a drum is where it was, too
    wanted[told] = targets.wanted
    accident = known & ~np.isnan(lesson.meets) & ~good
    taught = ~held & ~near & ~lost & ~accident
    return TakeLesson(duet, rule.style, lesson, wanted, taught, held, good, targets.bias)


def make_lessons(
    duets: Iterable[TakeDuet], rules: Mapping[str, Rule], usual: Rule, *, learnt: Iterable[str] = ()
) -> Material:
    """Turn takes into lessons.

    Args:
        duets: In order of playing.
        rules: Of songs that have their own, by name.
        usual: Of all others.
        learnt: Songs of which something was learnt in an earlier night.
    """
    known = set(learnt)
    made = [
        make_lesson(duet, rules.get(duet.about.song or "", usual), first=(duet.about.song or "") not in known)
        for duet in duets
    ]
    return Material(
        [each for each in made if isinstance(each, TakeLesson)],
        [each for each in made if isinstance(each, Passed)],
    )


def _held(duet: TakeDuet, lesson: Lesson) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which rows are kept to judge by, and which lie next to those; by the take's name alone.

    In an archive the machine's name does not count, so a take is kept alike here and there.
    """
    bars = _bars(lesson)
    kept = int.from_bytes(hashlib.sha256(own_name(duet.about.take).encode()).digest()[:4])
    held = (bars // BLOCK + kept) % EVERY == 0
    near = np.zeros(len(bars), np.bool_)
    for bar in np.unique(bars[held]):
        near |= np.abs(bars - bar) <= BETWEEN
    return held, near & ~held


def _lost(lesson: Lesson, met: NDArray[np.int64], good: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return which rows stand in a bar whose every meeting is an accident; (T,)."""
    bars = _bars(lesson)
    lost = np.setdiff1d(bars[met], bars[good])
    return np.isin(bars, lost)


def _bars(lesson: Lesson) -> NDArray[np.int64]:
    return np.floor(lesson.beats / _bar(lesson.source) + 1e-9).astype(np.int64)


def _places(lesson: Lesson, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    bar = round(_bar(lesson.source) * TWELFTHS)
    return np.rint(lesson.beats[rows] * TWELFTHS).astype(np.int64) % bar


def _bar(source: Performance) -> float:
    return float(source.meter.bar_beats)
