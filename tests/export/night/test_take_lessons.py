"""What a night learns from and judges by; no bar is both, in no night."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from benchmarks.studio import play
from numpy.typing import NDArray

from pocket_core.predict import ZeroPredictor
from pocket_export.evaluate import gather
from pocket_export.night.take_duets import TakeDuet
from pocket_export.night.take_lessons import BLOCK, EVERY, Passed, TakeLesson, lessons_of_take, make_lessons
from pocket_export.night.targets import Rule, Style
from tests.export.night.partners import onsets, song

PAPER = Rule(Style.VARIANCE)


def duet(
    name: str = "1",
    *,
    bars: int = 48,
    of: str = "evening",
    late: float = 0.020,
    seed: int = 1,
    played: NDArray[np.float64] | None = None,
) -> TakeDuet:
    track = song(bars, name=of)
    heard = onsets(track, late=late, seed=seed) if played is None else played
    (made,) = play(track, heard, ZeroPredictor()).duets(name)
    return made


FOLLOW = Rule()


def lesson(of: TakeDuet, rule: Rule = FOLLOW, *, keep: bool = True) -> TakeLesson:
    made = lessons_of_take([of], rule, keep=keep)
    assert not isinstance(made, Passed)
    return made[0]


def test_the_same_bars_are_kept_of_a_take_at_home_and_in_an_archive() -> None:
    kept = [lesson(duet(f"{whose}2026-11-20/12000{n}")).held for n in range(4) for whose in ("", "studio-b/")]

    assert all(np.array_equal(at_home, away) for at_home, away in zip(kept[::2], kept[1::2], strict=True))
    assert not np.array_equal(kept[0], kept[2])


def test_where_the_musician_was_is_what_is_wanted() -> None:
    made = lesson(duet(), keep=False)

    assert np.nanmean(made.wanted[1::2]) == pytest.approx(0.020, abs=1e-3)
    assert np.nanmean(made.wanted[::2]) == pytest.approx(0.0, abs=1e-3)


def test_the_papers_targets_have_no_mean_and_leave_the_bias() -> None:
    made = lesson(duet(), PAPER)

    assert np.nanmean(made.wanted) == pytest.approx(0.0, abs=1e-6)
    assert made.bias == pytest.approx(0.010, abs=1e-3)


def test_a_song_may_have_a_rule_of_its_own() -> None:
    one, other = make_lessons([duet("1", of="one"), duet("2", of="other")], {"other": PAPER}, Rule()).lessons

    assert (one.style, other.style) == (Style.FOLLOW, Style.VARIANCE)


@pytest.mark.parametrize("name", ["1", "2", "3", "4", "5"])
def test_every_fifth_block_is_kept_and_its_neighbours_belong_to_nobody(name: str) -> None:
    made = lesson(duet(name, bars=BLOCK * EVERY * 2))
    held = np.unique(made.bars[made.held])

    assert len(held) == 2 * BLOCK
    assert (held.reshape(2, BLOCK)[1] - held.reshape(2, BLOCK)[0] == BLOCK * EVERY).all()
    for bar in {held[0] - 1, held[BLOCK - 1] + 1} & set(made.bars.tolist()):
        assert not made.taught[made.bars == bar].any()
        assert not made.held[made.bars == bar].any()


def test_what_is_kept_of_a_take_stays_kept_whatever_else_was_played() -> None:
    alone = make_lessons([duet("2")], {}, Rule()).lessons[0]
    many = make_lessons([duet(str(n), bars=16, seed=n) for n in range(9)] + [duet("2")], {}, Rule()).lessons[
        -1
    ]

    assert np.array_equal(alone.held, many.held)


def test_over_many_takes_a_fifth_is_kept() -> None:
    material = make_lessons([duet(str(n), bars=32, seed=n) for n in range(20)], {}, Rule())

    share = sum(made.held.mean() for made in material.lessons) / 20
    assert 0.1 < share < 0.3


def test_what_is_judged_by_is_never_learnt() -> None:
    for made in make_lessons([duet(str(n), seed=n) for n in range(3)], {}, Rule()).lessons:
        learnt = gather([made.to_learn()]).targets

        assert made.judged.any()
        assert not (learnt.drums[0].numpy() & made.held).any()
        assert not (learnt.met[0].numpy() & made.held).any()


@pytest.mark.parametrize("rule", [Rule(), PAPER])
def test_what_is_kept_has_no_part_in_what_is_wanted(rule: Rule) -> None:
    before = lesson(duet(), rule)
    moved = before.source.duet
    nominal = np.interp(moved.onsets, moved.nominal, np.arange(len(moved.nominal)))
    kept = before.held[before.lesson.drums][np.rint(nominal).astype(int).clip(0, len(moved.nominal) - 1)]
    later = replace(moved, onsets=np.sort(moved.onsets + 0.015 * kept))

    after = lesson(replace(before.source, duet=later), rule)

    assert np.allclose(before.wanted, after.wanted, equal_nan=True, atol=1e-9)
    assert before.bias == pytest.approx(after.bias)


def test_that_nobody_played_is_learnt_where_nobody_did_and_not_where_nobody_is_told() -> None:
    track = song(48)
    every = onsets(track)
    rests = every[(every / track.pace) % 8 < 4]  # a bar of two
    made = lesson(duet(played=rests))

    learnt = gather([made.to_learn()]).targets
    silent = learnt.drums[0].numpy() & ~learnt.met[0].numpy()

    assert silent.any()
    assert np.isnan(made.lesson.meets[silent]).all()


def test_an_accident_is_not_learnt_as_a_rest() -> None:
    track = song(48)
    played = onsets(track)
    played[101] += 0.060
    made = lesson(duet(played=np.sort(played)), keep=False)

    assert not made.taught[101]
    assert made.taught[99]


def test_where_the_musician_was_lost_nothing_is_learnt_with_a_drum_or_without() -> None:
    track = song(48)
    played = onsets(track)
    chance = np.random.default_rng(1)
    lost = (played > 32.0) & (played < 56.0)
    played[lost] += chance.uniform(-0.1, 0.1, lost.sum())
    made = lesson(duet(played=np.sort(played)), keep=False)

    inside = (made.bars >= 18) & (made.bars < 26)
    assert np.isnan(made.wanted[inside]).all()
    assert not np.isnan(made.wanted[made.bars < 14]).all()


def test_a_take_with_few_meetings_teaches_nothing() -> None:
    passed = lessons_of_take([duet(bars=1)], Rule())

    assert isinstance(passed, Passed)
    assert passed.why.startswith("8 meetings")


def test_parts_of_a_take_teach_together_what_each_is_too_short_for() -> None:
    # a bar has 8 meetings; in one part the musician is on the grid, in the other 40 ms late
    parts = [duet(bars=1, late=0.0), duet(bars=1, played=onsets(song(1), late=0.0) + 0.040)]

    lessons = lessons_of_take(parts, PAPER, first=True, keep=False)

    assert not isinstance(lessons, Passed)
    early, late = lessons
    assert early.bias == late.bias == pytest.approx(0.020, abs=3e-3)
    assert np.nanmean(early.wanted) == pytest.approx(-0.020, abs=3e-3)
    assert np.nanmean(late.wanted) == pytest.approx(0.020, abs=3e-3)


def test_a_take_counts_once_however_many_parts_it_has() -> None:
    material = make_lessons([duet("1", bars=8), duet("1", bars=8), duet("2", bars=1)], {}, Rule())

    # bars 9 to 16 would be kept to judge by, so the eighth is nobody's, in whichever part it is
    assert [(take.about.take, take.to_learn + take.to_judge) for take in material.takes] == [("1", 2 * 7 * 8)]
    assert [passed.about.take for passed in material.passed] == ["2"]


def test_a_musician_who_plays_to_something_else_teaches_nothing() -> None:
    anything = np.sort(np.random.default_rng(1).uniform(0.0, 90.0, 300))
    passed = lessons_of_take([duet(played=anything)], Rule())

    assert isinstance(passed, Passed)
    assert "lost" in passed.why


def test_no_take_is_no_material() -> None:
    material = make_lessons([], {}, Rule())

    assert material.meetings == material.to_judge == 0
