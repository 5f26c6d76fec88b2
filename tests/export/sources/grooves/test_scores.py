from __future__ import annotations

import numpy as np
import pytest

from pocket_core.phrases.hvo import COUNT
from pocket_export.sources.grooves.scores import best_thresholds, score


def drums(*struck: tuple[int, int, float, float]) -> np.ndarray:
    """Return one window, `float32[1, 32, 27]`, of (step, voice, velocity, offset)."""
    made = np.zeros((1, 32, 3 * COUNT), np.float32)
    for step, voice, velocity, offset in struck:
        made[0, step, [voice, COUNT + voice, 2 * COUNT + voice]] = (1.0, velocity, offset)
    return made


def test_silence_is_accurate_where_little_is_struck_and_finds_nothing() -> None:
    real = drums((0, 0, 0.5, 0.0), (4, 1, 0.5, 0.0))

    found = score(real, np.zeros_like(real), np.zeros((1, 32, COUNT), bool), np.array([120.0]))

    assert found.accuracy == pytest.approx(1 - 2 / 288)
    assert (found.f1, found.precision, found.recall) == (0.0, 0.0, 0.0)


def test_a_fifth_of_a_sixteenth_at_120_bpm_is_25_ms() -> None:
    real, said = drums((0, 0, 0.5, 0.1)), drums((0, 0, 0.9, 0.3))

    found = score(real, said, real[..., :COUNT] > 0, np.array([120.0]))

    assert found.mae_ms == pytest.approx(25.0, rel=1e-5)
    assert found.velocity_mse == pytest.approx(0.16, rel=1e-5)


def test_strokes_that_are_missed_count_only_among_all() -> None:
    real = drums((0, 0, 0.5, 0.0), (8, 0, 0.5, 0.4))
    struck = drums((0, 0, 0.5, 0.0))[..., :COUNT] > 0

    found = score(real, np.zeros_like(real), struck, np.array([120.0]))

    assert found.mae_ms == 0.0
    assert found.all_mae_ms == pytest.approx(25.0, rel=1e-5)
    assert (found.precision, found.recall) == (1.0, 0.5)


def test_a_threshold_lies_between_hits_and_the_rest_where_it_can() -> None:
    chance = np.random.default_rng(1)
    real = np.zeros((20, 32, 3 * COUNT), np.float32)
    real[..., :COUNT] = chance.random((20, 32, COUNT)) < 0.2
    chances = np.where(real[..., :COUNT] > 0, 0.7, 0.3).astype(np.float32)

    thresholds = best_thresholds(real, chances)

    assert (thresholds > 0.3).all()
    assert (thresholds <= 0.7).all()


def test_a_rare_voice_that_nobody_can_guess_is_not_struck_everywhere() -> None:
    chance = np.random.default_rng(1)
    real = np.zeros((200, 32, 3 * COUNT), np.float32)
    real[..., 0] = chance.random((200, 32)) < 0.3
    real[..., 5] = chance.random((200, 32)) < 0.02
    chances = np.zeros((200, 32, COUNT), np.float32)
    chances[..., 0], chances[..., 5] = np.where(real[..., 0] > 0, 0.9, 0.1), 0.5

    thresholds = best_thresholds(real, chances)

    assert thresholds[5] > 0.5
