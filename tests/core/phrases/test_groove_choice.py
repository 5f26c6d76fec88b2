from __future__ import annotations

import numpy as np
import pytest

from pocket_core.phrases.groove_choice import HALF_BAR, inclined, luck

STEPS, VOICES = 32, 9
EVENLY = np.full((STEPS, VOICES), 0.1, np.float32)
THRESHOLDS = np.full(VOICES, 0.3, np.float32)


def struck(chances: np.ndarray, temperature: float, times: int = 400) -> np.ndarray:
    chance = np.random.default_rng(1)
    return np.stack([inclined(chances, THRESHOLDS, temperature, chance) >= 0 for _ in range(times)])


def test_at_no_temperature_what_reaches_its_threshold_is_struck() -> None:
    chances = EVENLY.copy()
    chances[::4, 0] = 0.31

    found = struck(chances, 0.0, 1)[0]

    assert found[::4, 0].all()
    assert found.sum() == STEPS // 4


@pytest.mark.parametrize("share", [0.02, 0.1, 0.5, 0.9])
def test_as_learnt_a_cell_is_struck_as_often_as_its_chance_says(share: float) -> None:
    found = struck(np.full_like(EVENLY, share), 1.0)

    assert found.mean() == pytest.approx(share, abs=0.012)


def test_bolder_is_more_of_the_improbable() -> None:
    shares = [struck(EVENLY, temperature).mean() for temperature in (0.0, 0.5, 1.0, 2.0)]

    assert shares == sorted(shares)


def test_what_is_usual_comes_again_and_as_often_as_before() -> None:
    drawn, chance = np.random.default_rng(1), np.random.default_rng(2)
    usual = drawn.standard_normal((200, STEPS, VOICES)).astype(np.float32)

    bars = np.array([[inclined(EVENLY, THRESHOLDS, 1.0, chance, u) >= 0 for _ in range(2)] for u in usual])

    again = bars[:, 1][bars[:, 0]].mean()
    assert bars.mean() == pytest.approx(0.1, abs=0.01)
    assert again > 0.35


def test_a_voice_comes_in_runs_within_half_a_bar() -> None:
    noise = np.stack([luck((STEPS, VOICES), np.random.default_rng(seed)) for seed in range(300)])
    first, next_to_it, later = noise[:, 0].ravel(), noise[:, 1].ravel(), noise[:, HALF_BAR].ravel()

    alike, other = np.corrcoef(first, next_to_it)[0, 1], np.corrcoef(first, later)[0, 1]

    assert alike > 0.3
    assert abs(other) < 0.1
