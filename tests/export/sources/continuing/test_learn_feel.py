from __future__ import annotations

import numpy as np
import pytest

from pocket_core.phrases.hvo import COUNT, Cells
from pocket_export.sources.continuing.learn_feel import learn_feel, strays, whole_cells
from tests.export.performances import loose

STEPS = 320


def _piece(seed: int, late: float, together: float, alone: float) -> Cells:
    """Return a drummer who is so late, and strays so far: three voices, struck three times of four."""
    chance = np.random.default_rng(seed)
    hits = np.zeros((STEPS, COUNT), np.float32)
    hits[:, :3] = chance.random((STEPS, 3)) < 0.75
    noise = together * chance.standard_normal((STEPS, 1)) + alone * chance.standard_normal((STEPS, COUNT))
    return Cells(hits, hits * np.float32(0.5), (hits * (late + noise)).astype(np.float32))


def _drummers(together: float = 0.02, alone: float = 0.03) -> list[Cells]:
    late = np.random.default_rng(9).normal(0.0, 0.15, 12)
    return [_piece(seed, one, together, alone) for seed, one in enumerate(late.tolist())]


def test_how_late_a_drummer_is_is_told_from_what_he_played() -> None:
    drummers = _drummers()

    off, straight = strays(learn_feel(drummers[:8]), drummers[8:])

    assert off < straight / 4


def test_how_far_drummers_stray_together_and_alone_is_found() -> None:
    feel = learn_feel(_drummers(0.04, 0.03))

    assert feel.together == pytest.approx(0.04, rel=0.25)
    assert feel.alone == pytest.approx(0.03, rel=0.25)


def test_drummers_who_stray_differently_are_told_apart_soon() -> None:
    alike = [_piece(seed, 0.0, 0.0, 0.05) for seed in range(8)]
    unlike = [_piece(seed, 0.0, 0.0, 0.01 if seed % 2 else 0.1) for seed in range(8)]

    assert learn_feel(unlike).trust < learn_feel(alike).trust


def test_only_beats_in_four_four_are_learnt_from() -> None:
    played = loose(1, bars=4)

    (cells,) = whole_cells([played])

    assert cells.hits.sum() > 0
    assert len(cells) >= int(played.beats[-1] * 4)
