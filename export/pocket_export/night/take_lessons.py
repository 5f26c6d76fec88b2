"""From takes to what a night learns from and what it judges by; the two never share a bar, in no night.

Every fifth block of eight bars is kept to judge by, and a bar before and behind it belongs to nobody. Which
blocks these are depends on the take alone: what is judged by tonight was never learnt, and never will be.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from pocket_core.grid import TWELFTHS
from pocket_core.types import Seconds
from pocket_export.dataset import prepare
from pocket_export.lesson import Lesson
from pocket_export.night.take_duets import About, TakeDuet
from pocket_export.night.targets import FEWEST, Rule, Style, make_targets, sound
from pocket_export.recordings import Performance
from pocketd.take_names import own_name

EVERY = 5  # of so many blocks one is kept to judge by
BLOCK, BETWEEN = 8, 1  # bars


@dataclass(frozen=True, slots=True)
class TakeLesson:
    """A part of a take, with what it teaches and what of it is kept to judge by."""

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

    @property
    def meetings(self) -> int:
        """How many targets there are."""
        return int((~np.isnan(self.wanted) & self.lesson.drums).sum())

    def to_learn(self) -> Lesson:
        """Return it with its targets in place of what was played."""
        return replace(self.lesson, meets=self.wanted, taught=self.taught)


@dataclass(frozen=True, slots=True)
class Taken:
    """How much a take gives."""

    about: About
    to_learn: int  # meetings with a target
    to_judge: int  # meetings that are kept


@dataclass(frozen=True, slots=True)
class Passed:
    """A take that teaches nothing, and why."""

    about: About
    why: str


@dataclass(frozen=True, slots=True)
class Material:
    """What the takes come to."""

    lessons: Sequence[TakeLesson]
    passed: Sequence[Passed]

    @property
    def takes(self) -> Sequence[Taken]:
        """Return what is taken of each take, in order of playing."""
        return [
            Taken(about, sum(made.meetings for made in parts), sum(int(made.judged.sum()) for made in parts))
            for about, group in groupby(self.lessons, key=lambda made: made.source.about)
            for parts in [list(group)]
        ]

    @property
    def learnt(self) -> int:
        """How many takes anything is learnt from."""
        return sum(take.to_learn > 0 for take in self.takes)

    @property
    def meetings(self) -> int:
        """How many targets there are to learn."""
        return sum(take.to_learn for take in self.takes)

    @property
    def to_judge(self) -> int:
        """How many meetings there are to judge by."""
        return sum(take.to_judge for take in self.takes)


def lessons_of_take(
    parts: Sequence[TakeDuet], rule: Rule, *, first: bool = False, keep: bool = True
) -> list[TakeLesson] | Passed:
    """Turn a take into lessons, one a part; meetings, means and deviations are those of the whole take.

    Args:
        parts: The take's, in order of playing; at least one.
        rule: How targets are made of this song.
        first: Nothing was learnt of the song so far.
        keep: Some blocks are kept to judge by.
    """
    seen = [_look(part, keep=keep) for part in parts]
    offsets = np.concatenate([part.offsets(part.met) for part in seen])
    if len(offsets) < FEWEST:
        why = f"{len(offsets)} meetings of musician and drums, at least {FEWEST} teach anything"
        return Passed(parts[0].about, why)
    good = sound(offsets, np.concatenate([_places(part.lesson, part.met) for part in seen]))
    if good.sum() < FEWEST:
        why = f"the musician was lost: {good.sum()} of {len(offsets)} meetings are where usual"
        return Passed(parts[0].about, why)
    of_each = np.split(good, np.cumsum([len(part.met) for part in seen])[:-1])
    told = [part.told(kept) for part, kept in zip(seen, of_each, strict=True)]
    both = list(zip(seen, told, strict=True))
    said = np.concatenate([part.forecast[rows] for part, rows in both])
    played = np.concatenate([part.offsets(rows) for part, rows in both])
    targets = make_targets(said, played - said, rule, first=first)
    wanted = np.split(targets.wanted, np.cumsum([len(rows) for rows in told])[:-1])
    return [
        _teach(part, kept, values, rule.style, targets.bias)
        for part, kept, values in zip(seen, of_each, wanted, strict=True)
    ]


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
    lessons: list[TakeLesson] = []
    passed: list[Passed] = []
    for about, parts in groupby(duets, key=lambda duet: duet.about):
        song = about.song or ""
        made = lessons_of_take(list(parts), rules.get(song, usual), first=song not in known)
        if isinstance(made, Passed):
            passed.append(made)
        else:
            lessons += made
    return Material(lessons, passed)


@dataclass(frozen=True, slots=True)
class _Seen:
    """A part of a take before anything is made of it."""

    source: TakeDuet
    lesson: Lesson
    forecast: NDArray[np.float64]  # (T,) NaN where no drum is
    met: NDArray[np.int64]  # rows of drums that the musician met
    held: NDArray[np.bool_]  # (T,) kept to judge by
    free: NDArray[np.bool_]  # (T,) neither kept nor next to it

    def offsets(self, rows: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the musician's, seconds, of rows that they met."""
        return self.lesson.meets[rows].astype(np.float64)

    def told(self, good: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Return the rows that have targets, by which meetings are no accident."""
        return self.met[good & self.free[self.met]]


def _look(duet: TakeDuet, *, keep: bool) -> _Seen:
    lesson = prepare(duet.duet, duet.settings)
    drums = np.flatnonzero(lesson.drums)
    forecast = np.full(len(lesson), np.nan)
    forecast[drums] = duet.forecast
    held, near = _held(duet, lesson) if keep else (np.zeros(len(lesson), np.bool_),) * 2
    return _Seen(duet, lesson, forecast, drums[~np.isnan(lesson.meets[drums])], held, ~held & ~near)


def _teach(
    part: _Seen,
    good: NDArray[np.bool_],
    targets: NDArray[np.float64],
    style: Style,
    bias: Seconds,
) -> TakeLesson:
    """Return the lesson of a part.

    Args:
        part: Of a take.
        good: Which of its meetings are no accident.
        targets: Of the rows that have one.
        style: How they were made.
        bias: Of the whole take.
    """
    lesson = part.lesson
    meant = np.zeros(len(lesson), np.bool_)
    meant[part.met[good]] = True
    lost = _lost(lesson, part.met, meant)
    wanted = np.full(len(lesson), np.nan, np.float32)
    if style is Style.FOLLOW:
        alone = ~lesson.drums & part.free & ~lost
        wanted[alone] = lesson.meets[alone]  # an onset without a drum is where it was, too
    wanted[part.told(good)] = targets
    accident = lesson.drums & ~np.isnan(lesson.meets) & ~meant
    taught = part.free & ~lost & ~accident
    return TakeLesson(part.source, style, lesson, wanted, taught, part.held, meant, bias)


def _held(duet: TakeDuet, lesson: Lesson) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which rows are kept to judge by, and which lie next to those; by the take's name alone.

    In an archive the machine's name does not count, so a take is kept alike here and there.
    """
    bars = _bars(lesson)
    kept = int.from_bytes(hashlib.sha256(own_name(duet.about.take).encode()).digest()[:4])

    def of(bars: NDArray[np.int64]) -> NDArray[np.bool_]:
        return np.asarray((bars // BLOCK + kept) % EVERY == 0)

    held = of(bars)  # whichever part of the take a bar is in
    return held, (of(bars - BETWEEN) | of(bars + BETWEEN)) & ~held


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
