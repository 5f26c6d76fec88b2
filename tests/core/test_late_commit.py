"""An onset pulls; what was not pulled waits a little, so that the mean stays."""

from __future__ import annotations

import random

import pytest

from pocket_core.late_commit import LONGEST_WAIT, LateCommit
from pocket_core.types import Seconds


def test_an_onset_is_the_refined_offset() -> None:
    assert LateCommit().refine(Seconds(0.020), Seconds(-0.005)) == -0.005


def test_without_an_onset_the_forecast_stands() -> None:
    assert LateCommit().refine(Seconds(0.020), None) == 0.020


def test_the_wait_takes_out_the_mean_that_pulling_adds() -> None:
    commit, chance = LateCommit(), random.Random(1)
    moved = []
    for _ in range(4000):
        error = Seconds(chance.gauss(0.0, 0.012))
        limit = commit.refine(Seconds(0.0), None)
        refined = min(error, limit) if chance.random() < 0.45 else limit
        commit.note(Seconds(0.0), Seconds(refined))
        moved.append(refined)

    assert sum(moved[500:]) / len(moved[500:]) == pytest.approx(0.0, abs=0.0004)


def test_the_wait_is_bounded() -> None:
    commit = LateCommit()
    for _ in range(1000):
        commit.note(Seconds(0.0), Seconds(-0.100))

    assert commit.wait == LONGEST_WAIT


def test_the_wait_never_makes_a_hit_early() -> None:
    commit = LateCommit()
    for _ in range(1000):
        commit.note(Seconds(0.0), Seconds(0.050))

    assert commit.wait == 0.0
