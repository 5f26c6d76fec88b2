from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from pocket_core.types import Seconds
from pocketd.sweeper import EVERY, Sweeper


class Litter:
    """Refers to itself, so that only a collection removes it."""

    left = 0

    def __init__(self) -> None:
        self.me = self
        Litter.left += 1

    def __del__(self) -> None:
        Litter.left -= 1


@pytest.fixture
def sweeper() -> Iterator[Sweeper]:
    made = Sweeper()
    made.begin()
    made.turn(Seconds(0.0), running=False, idle=True)
    Litter.left = 0
    yield made
    made.end()
    gc.collect()


def test_nothing_is_collected_while_drums_play_or_wait(sweeper: Sweeper) -> None:
    Litter()

    sweeper.turn(Seconds(1e6), running=True, idle=True)
    sweeper.turn(Seconds(1e6), running=False, idle=False)

    assert Litter.left == 1
    assert not gc.isenabled()


def test_the_garbage_of_a_run_is_collected_as_soon_as_it_stands(sweeper: Sweeper) -> None:
    sweeper.turn(Seconds(1.0), running=True, idle=False)
    Litter()

    sweeper.turn(Seconds(2.0), running=False, idle=True)

    assert Litter.left == 0


def test_while_it_stands_garbage_is_collected_now_and_then(sweeper: Sweeper) -> None:
    Litter()
    sweeper.turn(Seconds(EVERY - 1), running=False, idle=True)
    early = Litter.left

    sweeper.turn(EVERY, running=False, idle=True)

    assert (early, Litter.left) == (1, 0)


def test_at_the_end_the_interpreter_collects_again() -> None:
    made = Sweeper()
    made.begin()

    made.end()

    assert gc.isenabled()
    assert gc.get_freeze_count() == 0
