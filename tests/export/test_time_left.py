from __future__ import annotations

import pytest

from pocket_export.evaluate import Follow
from pocket_export.time_left import TimeLeft
from pocket_export.training import Epoch


def over(number: int, seconds: float) -> Epoch:
    return Epoch(number, 1.0, Follow(9.0, 12.0, 11.0, 10), 9.0, seconds)


def test_before_anything_is_done_nothing_can_be_said() -> None:
    assert TimeLeft(4, began=100.0).at_most(130.0) is None


def test_within_the_first_epoch_the_rest_takes_as_long_as_so_far() -> None:
    left = TimeLeft(4, began=100.0)

    left.note(0.25, None)

    assert left.at_most(110.0) == pytest.approx(150.0)  # 40 s an epoch, 3.75 of them


def test_after_an_epoch_the_others_take_as_long() -> None:
    left = TimeLeft(4, began=100.0)
    left.note(1.0, over(1, 50.0))

    assert left.at_most(150.0) == pytest.approx(150.0)
    left.note(0.5, None)
    assert left.at_most(175.0) == pytest.approx(125.0)


def test_the_newest_epochs_count() -> None:
    left = TimeLeft(10, began=0.0)
    for number, seconds in enumerate((1000.0, 10.0, 20.0, 30.0), 1):
        left.note(1.0, over(number, seconds))

    assert left.at_most(1060.0) == pytest.approx(6 * 20.0)


def test_a_training_that_goes_on_knows_what_its_epochs_took() -> None:
    left = TimeLeft(3, began=500.0)
    for number in (1, 2):
        left.note(1.0, over(number, 60.0))

    assert left.at_most(500.1) == pytest.approx(60.0)


def test_at_the_end_nothing_is_left() -> None:
    left = TimeLeft(1, began=0.0)

    left.note(1.0, over(1, 60.0))

    assert left.at_most(61.0) == 0.0
