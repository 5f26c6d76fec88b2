"""What a night learns from and judges by; no bar is both."""

from __future__ import annotations

import numpy as np
import pytest
from benchmarks.studio import play

from pocket_core.predict import ZeroPredictor
from pocket_export.night.take_duets import TakeDuet
from pocket_export.night.take_lessons import EVERY, KEPT, TAKES, make_lessons
from pocket_export.night.targets import Rule, Style
from tests.export.night.partners import onsets, song


def duets(
    name: str, *, bars: int = 24, of: str = "evening", late: float = 0.020, seed: int = 1
) -> list[TakeDuet]:
    track = song(bars, name=of)
    return play(track, onsets(track, late=late, seed=seed), ZeroPredictor()).duets(name)


def test_where_the_musician_was_is_what_is_wanted() -> None:
    (made,) = make_lessons(duets("1"), {}, Rule()).lessons

    assert np.nanmean(made.wanted[1::2]) == pytest.approx(0.020, abs=1e-3)
    assert np.nanmean(made.wanted[::2]) == pytest.approx(0.0, abs=1e-3)


def test_the_papers_targets_have_no_mean_and_leave_the_bias() -> None:
    rule = Rule(Style.VARIANCE)
    (made,) = make_lessons(duets("1"), {}, rule).lessons

    assert np.nanmean(made.wanted[~made.held]) == pytest.approx(0.0, abs=5e-4)
    assert made.bias == pytest.approx(0.010, abs=1e-3)


def test_a_song_may_have_a_rule_of_its_own() -> None:
    both = [*duets("1", of="one"), *duets("2", of="other")]

    one, other = make_lessons(both, {"other": Rule(Style.VARIANCE)}, Rule()).lessons

    assert (one.style, other.style) == (Style.FOLLOW, Style.VARIANCE)


def test_of_a_few_takes_every_fifth_block_is_kept_and_its_neighbours_belong_to_nobody() -> None:
    (made,) = make_lessons(duets("1", bars=48), {}, Rule()).lessons
    bars = made.bars

    assert np.unique(bars[made.held]).tolist() == list(range(8 * KEPT, 8 * KEPT + 8))
    for bar in (8 * KEPT - 1, 8 * KEPT + 8):
        assert np.isnan(made.wanted[bars == bar]).all()
        assert not made.held[bars == bar].any()
    assert not np.isnan(made.wanted[bars == 8 * KEPT - 2]).any()


def test_blocks_are_counted_on_from_take_to_take() -> None:
    short = [duet for n in range(4) for duet in duets(str(n), bars=8, seed=n)]

    made = make_lessons(short, {}, Rule()).lessons

    assert [bool(lesson.held.all()) for lesson in made] == [n == KEPT for n in range(4)]


def test_of_many_takes_every_fifth_is_kept_whole() -> None:
    many = [duet for n in range(TAKES + 3) for duet in duets(str(n), bars=8, seed=n)]

    made = make_lessons(many, {}, Rule()).lessons

    assert [bool(lesson.held.any()) for lesson in made] == [n % EVERY == KEPT for n in range(TAKES + 3)]


def test_what_is_judged_by_is_never_learnt() -> None:
    material = make_lessons([*duets("1", bars=48), *duets("2", bars=48, seed=2)], {}, Rule())

    for made in material.lessons:
        learnt = ~np.isnan(made.to_learn().meets)
        assert not (learnt & made.held).any()
    assert material.meetings > 300
    assert material.to_judge > 100


def test_a_take_with_few_meetings_teaches_nothing() -> None:
    (passed,) = make_lessons(duets("1", bars=1), {}, Rule()).passed

    assert passed.why.startswith("8 meetings")


def test_a_musician_who_plays_to_something_else_teaches_nothing() -> None:
    track = song(32)
    elsewhere = np.sort(np.random.default_rng(1).uniform(0.0, 60.0, 200))
    made = make_lessons(play(track, elsewhere, ZeroPredictor()).duets("1"), {}, Rule())

    assert not made.lessons
    assert "lost" in made.passed[0].why


def test_no_take_is_no_material() -> None:
    material = make_lessons([], {}, Rule())

    assert material.meetings == material.to_judge == 0
