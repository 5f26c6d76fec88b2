from __future__ import annotations

import multiprocessing

import numpy as np
import pytest

from pocket_core.errors import DataError
from pocket_export.ahead import ahead
from pocket_export.curriculum import paper_chances
from pocket_export.dataset import Lesson
from pocket_export.recordings import Performance
from tests.export.performances import loose

MANY = [loose(seed, bars=4) for seed in range(6)]


def broken(performances: object, chance: np.random.Generator) -> list[Lesson]:
    raise DataError("this file is damaged")


def test_lessons_made_ahead_are_those_made_on_the_spot_and_nothing_is_left_running() -> None:
    with ahead(paper_chances, MANY, 5) as draw:
        made = {number: draw(number) for number in (3, 4, 9)}  # 9: not the one that was made ahead

    assert multiprocessing.active_children() == []
    for number, lessons in made.items():
        wanted = paper_chances(MANY, np.random.default_rng((5, number)))
        assert len(lessons) == len(wanted) > 0
        for lesson, other in zip(lessons, wanted, strict=True):
            np.testing.assert_array_equal(lesson.x, other.x)
            np.testing.assert_array_equal(lesson.strokes, other.strokes)
            assert lesson.musician == other.musician


def test_what_goes_wrong_there_is_told_here_and_nothing_is_left_running() -> None:
    nobody: list[Performance] = []

    with pytest.raises(DataError, match="this file is damaged"), ahead(broken, nobody, 1) as draw:
        draw(1)

    assert multiprocessing.active_children() == []
