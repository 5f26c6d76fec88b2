"""The fits, on players whose correction is known."""

from __future__ import annotations

from dataclasses import astuple, replace

import numpy as np
import pytest
from benchmarks.duos_scores import (
    Floats,
    Pair,
    change_correction,
    correction,
    figures,
    interval_change,
    moments,
)

BEAT = 0.5


def leader(seed: int, beats: int = 500) -> Floats:
    """Play about a grid, each offset like the one before."""
    noise = np.random.default_rng(seed).normal(0.0, 0.012, beats)
    offset = np.zeros(beats)
    for n in range(1, beats):
        offset[n] = 0.6 * offset[n - 1] + noise[n]
    return grid(beats) + offset


def follower(other: Floats, share: float, seed: int) -> Floats:
    """Correct a share of each asynchrony with the next interval; keep time with a little noise."""
    noise = np.random.default_rng(seed).normal(0.0, 0.004, len(other))
    own = np.zeros(len(other))
    for n in range(len(other) - 1):
        own[n + 1] = own[n] + BEAT + share * (other[n] - own[n]) + noise[n]
    return own


def grid(beats: int = 500) -> Floats:
    return np.array([n * BEAT for n in range(beats)])


@pytest.mark.parametrize("share", [0.0, 0.2, 0.5])
def test_a_drummer_who_corrects_a_share_is_fitted_as_such(share: float) -> None:
    players = [(leader(seed), seed) for seed in range(20)]
    found = [moments(follower(other, share, seed + 100), other, grid()) for other, seed in players]

    assert correction(found) == pytest.approx(share, abs=0.02 + share / 10)


def test_fitted_to_changes_the_share_is_the_same() -> None:
    found = [change_correction(follower(leader(s), 0.2, s + 100), leader(s)) for s in range(20)]

    assert np.median(found) == pytest.approx(0.2, abs=0.1)


def test_a_perfect_metronome_corrects_nothing() -> None:
    found = moments(grid(), leader(1), grid())

    assert correction([found]) == pytest.approx(0.0, abs=1e-9)
    assert found.spread > 0


def test_the_change_of_an_interval_is_against_the_mean_of_the_eight_before() -> None:
    own = np.concatenate([grid(9), [8 * BEAT + 0.6, 8 * BEAT + 1.1]])

    assert interval_change(own) == pytest.approx(np.array([0.1, -0.1 / 8]))


def test_what_each_recording_is_off_by_changes_nothing() -> None:
    other = leader(3)
    own = follower(other, 0.3, 4)
    here, there = moments(own, other, grid()), moments(own, other + 0.07, grid())

    assert astuple(here) == pytest.approx(astuple(there))


def test_beats_that_were_not_played_are_left_out() -> None:
    other = leader(5, 60)
    own = follower(other, 0.3, 6)
    own[40] = np.nan
    other[20] = np.nan
    found = moments(own, other, grid(60))

    assert found.steps == 58
    assert np.isfinite(correction([found]))


def test_drums_that_are_the_beat_line_have_all_their_correction_from_it() -> None:
    other = leader(7)
    line = follower(other, 0.2, 8)
    found = figures([Pair(moments(line, other, line), moments(line, other, line))] * 3, seed=1)

    assert found["own_correction"] == pytest.approx(0.0, abs=1e-9)
    assert found["correction"] == pytest.approx(0.2, abs=0.1)


def test_drums_on_a_steady_line_have_all_their_correction_of_their_own() -> None:
    other = leader(9)
    drums = follower(other, 0.2, 10)
    found = figures([Pair(moments(drums, other, grid()), moments(grid(), other, grid()))] * 3, seed=1)

    assert found["own_correction"] == pytest.approx(found["correction"])
    assert found["human_correction"] == pytest.approx(0.0, abs=1e-9)


def test_figures_say_who_is_closer_and_the_interval_holds_the_figure() -> None:
    pairs = []
    for seed in range(8):
        other = leader(seed)
        near, far = follower(other, 0.5, seed + 50), grid()
        pairs.append(Pair(moments(near, other, far), moments(far, other, far)))
    found = figures(pairs, seed=1)
    sd = np.sqrt(np.mean([pair.played.spread / pair.played.steps for pair in pairs])) * 1000

    assert found["sd_ms"] == pytest.approx(sd)
    assert found["sd_less_human_ms"] == pytest.approx(found["sd_ms"] - found["human_sd_ms"])
    assert found["closer_share"] == 1.0
    assert found["steps"] == 8 * 500
    assert found["correction_low"] < found["correction"] < found["correction_high"]


def test_no_asynchrony_that_varies_is_no_correction() -> None:
    still = replace(moments(grid(), leader(1), grid()), xx=0.0)

    with pytest.raises(ZeroDivisionError):
        correction([still])
