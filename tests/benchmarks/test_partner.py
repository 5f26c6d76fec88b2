"""The simulated partner and the table that is made of it."""

from __future__ import annotations

import numpy as np
import pytest
from benchmarks.closed_loop import cells, row
from benchmarks.partner import Cell, Played, play
from benchmarks.players import SIMPLE

from pocket_core.settings import Settings

DEAF = Cell(alpha=0.0, amount=0.0, late_commit=False, latency_ms=0.0)


def test_the_table_has_the_lines_that_others_look_for() -> None:
    names = [cell.name for cell in cells()]

    assert len(names) == len(set(names)) == 64
    assert "alpha 0.9 amount 1 late off latency 10" in names


def test_at_amount_0_the_drums_stay_on_the_grid_and_the_partner_is_the_formula() -> None:
    played = play(DEAF, SIMPLE["template"](), Settings(), 50, seed=3)

    noise = np.random.default_rng(3).normal(0.0, 1.0, (50, 2))[:, 0] * 0.010
    offset, expected = 0.0, []
    for jitter in noise:
        offset = 0.95 * offset + jitter
        expected.append(offset)
    assert played.drums == pytest.approx(np.zeros(50), abs=1e-9)
    assert played.partner == pytest.approx(np.array(expected))
    assert not played.at_limit.any()


def test_the_same_seed_plays_the_same() -> None:
    cell = Cell(0.9, 1.0, True, 10.0)
    first = play(cell, SIMPLE["eager"](), Settings(), 60, seed=1)
    second = play(cell, SIMPLE["eager"](), Settings(), 60, seed=1)

    assert np.array_equal(first.drums, second.drums)
    assert np.array_equal(first.partner, second.partner)


def test_a_follower_follows_and_late_commit_follows_closer() -> None:
    def spread(*, late_commit: bool) -> float:
        played = play(Cell(0.2, 1.0, late_commit, 0.0), SIMPLE["template"](), Settings(), 800, seed=1)
        return float(np.std(played.partner - played.drums))

    assert spread(late_commit=True) < spread(late_commit=False)


def test_a_line_says_what_ran_away() -> None:
    quiet = Played(np.zeros(800), np.full(800, 0.002), np.zeros(800, np.bool_))
    away = Played(np.zeros(800), np.full(800, 0.100), np.ones(800, np.bool_))
    fine, lost = row(DEAF, "template", [quiet, quiet]), row(DEAF, "template", [quiet, away])

    assert fine.note == ""
    assert fine.figures["drift_ms"] == pytest.approx(2.0)
    assert lost.note == "runs away"
    assert lost.figures["at_limit_share"] == pytest.approx(0.5)
    assert lost.figures["drift_worst_ms"] == pytest.approx(100.0)
