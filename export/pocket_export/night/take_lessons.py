"""From takes to what a night learns from and what it judges by; the two never share a bar.

With five takes of a song and more, every fifth is kept to judge by. Before that it is every fifth block of
eight bars, counted on from take to take, and a bar before and behind it belongs to nobody.
"""

from __future__ import annotations

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

EVERY, KEPT = 5, 2  # of so many one is kept to judge by, this one: the third
TAKES = 5  # of a song; from so many on whole takes are kept
BLOCK, BETWEEN = 8, 1  # bars


@dataclass(frozen=True, slots=True)
class TakeLesson:
    """A duet of a take, with what it teaches and what of it is kept to judge by."""

    source: TakeDuet
    style: Style
    lesson: Lesson  # as played: `meets` is what the musician did
    wanted: NDArray[np.float32]  # (T,) what the model should say, seconds; NaN where nothing is to be learnt
    held: NDArray[np.bool_]  # (T,) kept to judge by
    bias: Seconds  # of the musician, where the targets have no mean

    @property
    def song(self) -> str:
        """What it is of; empty: nobody said."""
        return self.source.about.song or ""

    @property
    def judged(self) -> NDArray[np.bool_]:
        """Which rows are judged by: held, of the drums, and met by the musician; (T,)."""
        return self.held & self.lesson.drums & ~np.isnan(self.lesson.meets)

    @property
    def bars(self) -> NDArray[np.int64]:
        """The bar of each row, (T,)."""
        return np.floor(self.lesson.beats / self.lesson.source.meter.bar_beats + 1e-9).astype(np.int64)

    def to_learn(self) -> Lesson:
        """Return it with its targets in place of what was played, and the bias taken out of every `diff`.

        Live, the bias is added to what the model says before the `diff` is taken.
        """
        meets = np.where(self.held, np.float32(np.nan), self.wanted)
        human = self.lesson.human - np.float32(self.bias)
        return replace(self.lesson, meets=meets.astype(np.float32), human=human)


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
        return sum(
            int((~np.isnan(lesson.to_learn().meets) & lesson.lesson.drums).sum()) for lesson in self.lessons
        )

    @property
    def to_judge(self) -> int:
        """How many meetings there are to judge by."""
        return sum(int(lesson.judged.sum()) for lesson in self.lessons)


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
    songs: dict[str, list[TakeDuet]] = {}
    for duet in duets:
        songs.setdefault(duet.about.song or "", []).append(duet)
    lessons: list[TakeLesson] = []
    passed: list[Passed] = []
    for song, of_song in songs.items():
        takes = list(dict.fromkeys(duet.about.take for duet in of_song))
        blocks = 0  # of the song so far
        for duet in of_song:
            made = _make(duet, rules.get(song, usual), first=song not in known)
            if isinstance(made, Passed):
                passed.append(made)
                continue
            if len(takes) >= TAKES:
                kept = takes.index(duet.about.take) % EVERY == KEPT
                lessons.append(replace(made, held=np.full(len(made.lesson), kept)))
            else:
                lessons.append(_held_in_blocks(made, blocks))
                blocks += int(np.ptp(made.bars)) // BLOCK + 1
    return Material(lessons, passed)


def _make(duet: TakeDuet, rule: Rule, *, first: bool) -> TakeLesson | Passed:
    lesson = prepare(duet.duet, duet.settings)
    drums = np.flatnonzero(lesson.drums)
    met = drums[~np.isnan(lesson.meets[drums])]
    if len(met) < FEWEST:
        return Passed(
            duet, f"{len(met)} meetings of musician and drums, {FEWEST} are the fewest to learn from"
        )
    forecast = np.full(len(lesson), np.nan)
    forecast[drums] = duet.forecast
    offsets = lesson.meets[met].astype(np.float64)
    bar = round(lesson.source.meter.bar_beats * TWELFTHS)
    places = np.rint(lesson.beats[met] * TWELFTHS).astype(np.int64) % bar
    good = met[sound(offsets, places)]
    if len(good) < FEWEST:
        return Passed(
            duet, f"the musician was lost: {len(good)} of {len(met)} meetings are where they usually are"
        )
    said, played = forecast[good], lesson.meets[good].astype(np.float64)
    targets = make_targets(said, played - said, rule, first=first)
    wanted = np.full(len(lesson), np.nan, np.float32)
    if rule.style is Style.FOLLOW:
        wanted[~lesson.drums] = lesson.meets[~lesson.drums]  # an onset without a drum is where it was, too
    wanted[good] = targets.wanted
    return TakeLesson(duet, rule.style, lesson, wanted, np.zeros(len(lesson), np.bool_), targets.bias)


def _held_in_blocks(made: TakeLesson, blocks: int) -> TakeLesson:
    """Keep every fifth block to judge by, after so many before; next to it nothing is learnt nor judged."""
    bars = made.bars - made.bars[0]
    held = (bars // BLOCK + blocks) % EVERY == KEPT
    near = np.zeros(len(bars), np.bool_)
    for bar in np.unique(bars[held]):
        near |= np.abs(bars - bar) <= BETWEEN
    wanted = np.where(near & ~held, np.float32(np.nan), made.wanted)
    return replace(made, held=held, wanted=wanted.astype(np.float32))
