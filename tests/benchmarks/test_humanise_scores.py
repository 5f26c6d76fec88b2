"""From what was played to the figures."""

from __future__ import annotations

import math

import numpy as np
import pytest
from benchmarks.humanise_scores import as_errors, by_history, by_windows, figures, gaussian_kl, kl_by_group
from benchmarks.windows import Played, Sheet, cut

from pocket_core.errors import ContractError

from .humanise_sheets import HAT, KICK, Drummer, Metronome, busy, sheet


def played(file: Sheet, offset_ms: float, velocity: float | None = None) -> Played:
    notes = file.steps.size
    return Played(np.full(notes, offset_ms), None if velocity is None else np.full(notes, velocity))


def test_a_note_counts_in_each_window_it_is_in() -> None:
    # three bars, two windows: the notes of the middle bar count twice; played on the grid
    file = sheet((0, KICK, 10.0, 0.5), (16, KICK, -40.0, 0.5), (32, KICK, 30.0, 0.5))
    row = figures([by_history(file, played(file, 0.0))], seed=1)

    assert row["mae_ms"] == pytest.approx((10 + 40 + 40 + 30) / 4)
    assert row["windows"] == 2


def test_windows_and_history_that_play_alike_have_the_same_figures() -> None:
    files = [busy(5, seed=1), busy(3, seed=2)]
    linear = [Played(file.offsets_ms / 2, file.velocities / 2) for file in files]
    history = [by_history(file, one) for file, one in zip(files, linear, strict=True)]
    windows = [
        by_windows(file, [Played(w.offsets_ms / 2, w.velocities / 2) for w in cut(file)]) for file in files
    ]

    assert figures(history, seed=1) == figures(windows, seed=1)


def test_the_drummer_scores_nothing_against_the_drummer() -> None:
    files = [busy(4, seed=1), busy(6, seed=2)]
    row = figures([by_windows(file, Drummer().windows(cut(file))) for file in files], seed=1)

    assert row == pytest.approx(
        {
            "mae_ms": 0.0,
            "mae_ms_low": 0.0,
            "mae_ms_high": 0.0,
            "centred_mae_ms": 0.0,
            "mse_16ths": 0.0,
            "timing_kl": 0.0,
            "velocity_mse": 0.0,
            "velocity_kl": 0.0,
            "sd_ratio": 1.0,
            "files": 2,
            "windows": 8,
        },
        abs=1e-12,
    )


def test_the_grid_has_no_kl_and_no_figure_of_velocities() -> None:
    file = busy(4, seed=1)
    row = figures([by_windows(file, Metronome().windows(cut(file)))], seed=1)

    assert row["sd_ratio"] == 0.0
    assert row.keys().isdisjoint({"timing_kl", "velocity_mse", "velocity_kl"})


def test_squared_errors_are_in_sixteenths_of_each_file() -> None:
    # 12 ms are a tenth of a sixteenth at 125 BPM, and a fifth at 250
    slow = sheet((0, KICK, 12.0, 0.5), (16, KICK, 12.0, 0.5), bpm=125)
    fast = sheet((0, KICK, 12.0, 0.5), (16, KICK, 12.0, 0.5), bpm=250)
    row = figures([by_history(file, played(file, 0.0)) for file in (slow, fast)], seed=1)

    assert row["mse_16ths"] == pytest.approx((0.01 + 0.04) / 2)


def test_velocity_errors_are_on_a_scale_of_one() -> None:
    file = sheet((0, KICK, 0.0, 0.5), (16, KICK, 0.0, 1.0))
    row = figures([by_history(file, played(file, 0.0, 0.7))], seed=1)

    assert row["velocity_mse"] == pytest.approx((0.04 + 0.09) / 2)


def test_centred_takes_out_the_mean_error_of_each_file() -> None:
    early = sheet((0, KICK, -10.0, 0.5), (16, KICK, -14.0, 0.5))
    late = sheet((0, KICK, 30.0, 0.5), (16, KICK, 36.0, 0.5))
    row = figures([by_history(file, played(file, 0.0)) for file in (early, late)], seed=1)

    assert row["centred_mae_ms"] == pytest.approx((2 + 2 + 3 + 3) / 4)


def test_the_interval_draws_files_and_not_notes() -> None:
    # files that agree leave no doubt, however their notes differ
    files = [sheet((0, KICK, 5.0, 0.5), (16, KICK, -15.0, 0.5)) for _ in range(5)]
    row = figures([by_history(file, played(file, 0.0)) for file in files], seed=1)

    assert (row["mae_ms_low"], row["mae_ms_high"]) == (10.0, 10.0)


def test_sd_ratio_is_the_played_spread_over_the_real_one() -> None:
    file = busy(8, seed=1)
    row = figures([by_history(file, Played(3 + file.offsets_ms / 4, None))], seed=1)

    assert row["sd_ratio"] == pytest.approx(0.25)


def test_gaussian_kl_is_from_the_played_to_the_real_distribution() -> None:
    # real N(0, 1), played N(1, 2): ln 2 + (1 + 1) / 8 - 1/2
    found = gaussian_kl(np.array([-1.0, 1.0]), np.array([-1.0, 3.0]))

    assert found == pytest.approx(math.log(2) + 2 / 8 - 0.5)


def test_what_does_not_spread_is_infinitely_unlike_what_does() -> None:
    assert gaussian_kl(np.array([-1.0, 1.0]), np.full(3, 0.1)) == math.inf


def test_every_group_counts_once_and_one_that_does_not_spread_not_at_all() -> None:
    real = np.array([-1.0, 1.0, -1.0, 1.0, -1.0, 1.0, 7.0])
    found = kl_by_group(real, real * [1, 1, 2, 2, 2, 2, 1], np.array([0, 0, 1, 1, 1, 1, 2]))

    assert found == pytest.approx((0 + math.log(2) + 1 / 8 - 0.5) / 2)


def test_timing_is_grouped_by_place_in_the_beat() -> None:
    # one voice: at 0 and 2 ms on the beat, at 12 and 14 ms a sixteenth later, and played the other way round
    file = sheet((0, HAT, 0.0, 0.5), (1, HAT, 12.0, 0.5), (20, HAT, 2.0, 0.5), (21, HAT, 14.0, 0.5))
    row = figures([by_history(file, Played(np.array([12.0, 0.0, 14.0, 2.0]), None))], seed=1)

    # 12 ms apart, SD 1 ms: 144 / 2 in both groups
    assert row["timing_kl"] == pytest.approx(72.0)


def test_velocity_is_grouped_by_voice() -> None:
    # the same on the beat: kicks soft, hats hard, and played the other way round
    file = sheet((0, KICK, 0.0, 0.1), (0, HAT, 0.0, 0.7), (20, KICK, 0.0, 0.3), (20, HAT, 0.0, 0.9))
    row = figures([by_history(file, Played(file.offsets_ms, np.array([0.7, 0.1, 0.9, 0.3])))], seed=1)

    # .6 apart, SD .1: 36 / 2 in both groups
    assert row["velocity_kl"] == pytest.approx(18.0)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (
            Played(np.zeros(3), None),
            r"offsets of bar 0 of made up have shape \(3,\); return one a note, \(2,\)",
        ),
        (Played(np.array([0.0, np.nan]), None), "offsets of bar 0 of made up are not all finite"),
        (Played(np.zeros(2), np.array([0.5, np.inf])), "velocities of bar 0 of made up are not all finite"),
    ],
)
def test_what_cannot_be_scored_says_where_it_is(wrong: Played, says: str) -> None:
    file = sheet((0, KICK, 0.0, 0.5), (16, KICK, 0.0, 0.5))

    with pytest.raises(ContractError, match=says):
        by_windows(file, [wrong])


def test_history_that_is_too_short_is_not_scored() -> None:
    file = sheet((0, KICK, 0.0, 0.5), (16, KICK, 0.0, 0.5))

    with pytest.raises(ContractError, match="offsets of made up have shape"):
        by_history(file, Played(np.zeros(1), None))


def test_velocities_are_given_for_all_windows_or_none() -> None:
    file = sheet((0, KICK, 0.0, 0.5), (16, KICK, 0.0, 0.5), (32, KICK, 0.0, 0.5))

    with pytest.raises(ContractError, match="1 of 2 windows of made up have velocities"):
        by_windows(file, [Played(np.zeros(2), None), Played(np.zeros(2), np.zeros(2))])


def test_errors_are_what_was_played_less_the_drummer() -> None:
    file = sheet((0, KICK, 10.0, 0.5), (16, KICK, -10.0, 0.5), drummer=7)
    [found] = as_errors([by_history(file, played(file, 4.0))])

    assert (found.file, found.drummer) == ("made up", 7)
    assert found.human_ms.tolist() == [-6.0, 14.0]
