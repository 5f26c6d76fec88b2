from __future__ import annotations

import numpy as np
import pytest

from pocket_core.phrases.groove_choice import HALF_BAR, in_turns, inclined, luck, warmth
from pocket_core.phrases.groove_features import DECIDED, TURNS, WIDTH
from pocket_core.voices import VOICES as NAMES

STEPS, VOICES = 32, 9
EVENLY = np.full((STEPS, VOICES), 0.1, np.float32)
THRESHOLDS = np.full(VOICES, 0.3, np.float32)


def struck(chances: np.ndarray, temperature: float, times: int = 400) -> np.ndarray:
    chance = np.random.default_rng(1)
    lucky = (luck(chances.shape, chance) for _ in range(times))
    return np.stack([inclined(chances, THRESHOLDS, temperature, each) >= 0 for each in lucky])


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

    assert shares == sorted(set(shares))


def test_a_voice_comes_in_runs_within_half_a_bar() -> None:
    noise = np.stack([luck((STEPS, VOICES), np.random.default_rng(seed)) for seed in range(300)])
    first, next_to_it, later = noise[:, 0].ravel(), noise[:, 1].ravel(), noise[:, HALF_BAR].ravel()

    alike, other = np.corrcoef(first, next_to_it)[0, 1], np.corrcoef(first, later)[0, 1]

    assert alike > 0.3
    assert abs(other) < 0.1


def test_each_of_many_has_a_temperature_of_its_own() -> None:
    lucky = np.stack([luck((STEPS, VOICES), np.random.default_rng(1))] * 2)
    both = np.stack([EVENLY, EVENLY])

    found = inclined(both, THRESHOLDS, np.array([0.0, 1.0], np.float32)[:, None, None], lucky) >= 0

    assert not found[0].any()
    assert found[1].any()


def test_what_a_turn_strikes_is_known_to_the_next() -> None:
    hat, ride = NAMES.index("closed hat"), NAMES.index("ride")

    def instead(x: np.ndarray) -> np.ndarray:
        """Say that the ride is struck where the hat is decided not to be, and the hat is a matter of luck."""
        said = np.zeros((STEPS, 3 * VOICES), np.float32)
        said[:, hat] = 0.5
        decided = x[:, DECIDED]
        said[:, ride] = decided[:, hat] * (1 - decided[:, VOICES + hat])
        return said

    lucky = luck((STEPS, VOICES), np.random.default_rng(1))
    x = np.zeros((STEPS, WIDTH), np.float32)

    _, leans = in_turns(instead, x, lambda chances: inclined(chances, THRESHOLDS, 1.0, lucky))

    struck = leans >= 0
    assert 0 < struck[:, hat].sum() < STEPS
    assert (struck[:, ride] == ~struck[:, hat]).all()
    assert not x.any()


def test_every_voice_has_its_turn() -> None:
    assert sorted(voice for turn in TURNS for voice in turn) == list(range(VOICES))


def test_the_beat_is_decided_more_firmly_than_what_comes_now_and_then() -> None:
    kick, crash = NAMES.index("kick"), NAMES.index("crash")
    lucky = np.stack([luck(EVENLY.shape, np.random.default_rng(seed)) for seed in range(200)])

    found = inclined(EVENLY, THRESHOLDS, warmth(1.0), lucky) >= 0

    assert found[..., kick].mean() < 0.08
    assert found[..., crash].mean() == pytest.approx(0.1, abs=0.012)


def test_toms_come_together_as_a_fill() -> None:
    low, mid, snare = (NAMES.index(name) for name in ("low tom", "mid tom", "snare"))
    noise = np.stack([luck((STEPS, VOICES), np.random.default_rng(seed)) for seed in range(300)])

    toms, others = (np.corrcoef(noise[:, 0, low], noise[:, 1, voice])[0, 1] for voice in (mid, snare))

    assert toms > 0.5
    assert abs(others) < 0.15
