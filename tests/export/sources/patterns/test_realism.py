"""Whether somebody tells patterns apart."""

from __future__ import annotations

import numpy as np
import pytest

from pocket_core.phrases.patterns import Pattern
from pocket_export.sources.patterns.heard import heard
from pocket_export.sources.patterns.realism import Judged, realism, told_apart

pytest.importorskip("sklearn")

ROCK = (5, 0, 4, 0, 6, 0, 4, 1, 4, 0, 5, 0, 6, 0, 4, 0) * 2
COUNT = 240


def by_chance(seed: int, share: float = 0.1) -> list[Pattern]:
    struck = np.random.default_rng(seed).random((COUNT, 32, 9)) < share
    return [tuple(row) for row in (struck << np.arange(9)).sum(2).tolist()]


def in_files(patterns: list[Pattern], size: int = 6) -> Judged:
    return Judged(patterns, [f"{n // size}.mid" for n in range(len(patterns))])


def test_nobody_tells_the_same_apart() -> None:
    for found in told_apart(in_files(by_chance(1)), in_files(by_chance(2))):
        assert found.low < 0.5 < found.high
        assert found.area == pytest.approx(0.5, abs=0.12)


def test_everybody_tells_more_strokes_apart() -> None:
    for found in told_apart(Judged(by_chance(1, 0.3)), in_files(by_chance(2))):
        assert found.low > 0.95


def test_a_file_that_is_like_no_other_is_not_known_again() -> None:
    ones = [step for file in range(40) for step in [file]]  # a file is one pattern, many times over
    patterns = [tuple((file * 31 + n * n) % 512 for n in range(32)) for file in ones for _ in range(6)]
    chance = np.random.default_rng(1)
    names = [str(file) for file in ones for _ in range(6)]
    half = set(chance.permutation(40)[:20].tolist())
    one, other = ([n for n in range(240) if (int(names[n]) in half) is side] for side in (True, False))

    trees, regression = told_apart(
        Judged([patterns[n] for n in one], [names[n] for n in one]),
        Judged([patterns[n] for n in other], [names[n] for n in other]),
    )

    assert trees.area < 0.8
    assert regression.area < 0.8


def test_what_is_heard_does_not_depend_on_the_others() -> None:
    all_at_once = heard([ROCK, *by_chance(1)])

    assert all_at_once.shape == (COUNT + 1, 264)
    assert (heard([ROCK]) == all_at_once[:1]).all()


def test_a_copy_is_as_near_as_can_be() -> None:
    learnt = by_chance(1)
    from pocket_core.phrases.patterns import cells_of_patterns

    found = realism(Judged(learnt[:60]), in_files(by_chance(2)), cells_of_patterns(learnt))

    assert (found.nearest_mean, found.nearest_median, found.copied) == (0.0, 0.0, 1.0)


def test_the_same_seed_has_the_same_answer() -> None:
    made, real = Judged(by_chance(1)), in_files(by_chance(2))

    assert told_apart(made, real, seed=3) == told_apart(made, real, seed=3)
