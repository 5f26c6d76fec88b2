from __future__ import annotations

import multiprocessing
import subprocess
import sys
from pathlib import Path

import numpy as np
import psutil
import pytest

from pocket_core.errors import DataError
from pocket_export.ahead import ahead
from pocket_export.curriculum import paper_chances
from pocket_export.lesson import Lesson
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


#: Opens a process that makes lessons, tells its id, and waits to be killed.
WAITING = """
import multiprocessing, sys
from pocket_export.ahead import ahead
from pocket_export.curriculum import paper_chances

if __name__ == "__main__":
    with ahead(paper_chances, [], 1) as draw:
        draw(1)
        print(multiprocessing.active_children()[0].pid, flush=True)
        sys.stdin.read()
"""


def test_whoever_is_killed_leaves_nobody_who_makes_lessons(tmp_path: Path) -> None:
    script = tmp_path / "waiting.py"
    script.write_text(WAITING)
    with subprocess.Popen(
        [sys.executable, str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as asks:
        assert asks.stdout is not None
        maker = psutil.Process(int(asks.stdout.readline()))

        asks.kill()

        assert maker.wait(timeout=30) is None  # not our child, so only that it has gone


def test_what_goes_wrong_there_is_told_here_and_nothing_is_left_running() -> None:
    nobody: list[Performance] = []

    with pytest.raises(DataError, match="this file is damaged"), ahead(broken, nobody, 1) as draw:
        draw(1)

    assert multiprocessing.active_children() == []
