"""The rivals, by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from benchmarks.humanise_rivals import PENALTIES, fit_linear, quantised, running_mean
from benchmarks.windows import Sheet, cut

from .humanise_sheets import HAT, KICK, busy, sheet


def test_quantised_plays_on_the_grid_and_has_no_velocities() -> None:
    [found] = quantised(cut(sheet((0, KICK, 9.0, 0.5), (16, HAT, 9.0, 0.5))))

    assert found.offsets_ms.tolist() == [0.0, 0.0]
    assert found.velocities is None


def test_running_mean_begins_on_the_grid_and_learns_only_at_the_bar_line() -> None:
    [found] = running_mean([sheet((0, KICK, 10.0, 0.9), (4, KICK, 30.0, 0.1), (8, KICK, 5.0, 0.2))])

    assert found.velocities is not None
    assert found.offsets_ms.tolist() == [0.0, 0.0, 0.0]
    assert found.velocities.tolist() == pytest.approx([0.55, 0.55, 0.55])


def test_running_mean_is_shrunk_to_the_mean_of_the_file_so_far() -> None:
    # bar 0: kicks at 10 and 30 ms, so the file's mean is 20; the kick on 0: (10 + 4 * 20) / 5, a new hat: 20
    played = sheet((0, KICK, 10.0, 0.5), (4, KICK, 30.0, 1.0), (16, KICK, 0.0, 0.0), (16, HAT, 0.0, 0.0))
    [found] = running_mean([played])

    assert found.velocities is not None
    assert found.offsets_ms[2:].tolist() == pytest.approx([18.0, 20.0])
    assert found.velocities[2:].tolist() == pytest.approx([(0.5 + 4 * 0.75) / 5, 0.75])


def test_running_mean_keeps_voices_and_places_in_the_bar_apart() -> None:
    # three bars alike: the kick always at 10, the hat at -10, both on the first sixteenth
    played = sheet(
        *((16 * bar, voice, ms, 0.5) for bar in range(3) for voice, ms in ((KICK, 10.0), (HAT, -10.0)))
    )
    [found] = running_mean([played])

    # the file's mean is 0: (10 + 4 * 0) / 5 after one bar, (20 + 4 * 0) / 6 after two
    assert found.offsets_ms.tolist() == pytest.approx([0.0, 0.0, 2.0, -2.0, 20 / 6, -20 / 6])


def test_running_mean_starts_each_file_anew() -> None:
    played = busy(bars=3, seed=1)
    first, second = running_mean([played, played])

    assert first.offsets_ms.tolist() == second.offsets_ms.tolist()


def swung(bars: int, seed: int) -> Sheet:
    """Put hats on the quarters, by chance with a kick: then 12 ms late, else early."""
    draw = np.random.default_rng(seed)
    notes: list[tuple[int, int, float, float]] = []
    for step in range(0, 16 * bars, 4):
        kick = bool(draw.integers(0, 2))
        if kick:
            notes.append((step, KICK, 6.0, 0.75))
        notes.append((step, HAT, 12.0 if kick else -12.0, 0.5 if kick else 0.25))
    return sheet(*notes)


def test_linear_finds_what_depends_on_the_other_notes() -> None:
    linear = fit_linear(cut(swung(400, seed=1)), cut(swung(100, seed=2)))
    windows = cut(swung(100, seed=3))
    played = linear.windows(windows)

    for window, found in zip(windows, played, strict=True):
        assert found.velocities is not None
        assert found.offsets_ms == pytest.approx(window.offsets_ms, abs=0.5)
        assert found.velocities == pytest.approx(window.velocities, abs=0.01)


def test_linear_leaves_nothing_to_chance() -> None:
    train, validation = cut(busy(40, seed=1)), cut(busy(10, seed=2))
    first, second = fit_linear(train, validation), fit_linear(train, validation)

    assert np.array_equal(first.timing, second.timing)
    assert np.array_equal(first.velocity, second.velocity)


def test_penalties_are_those_that_do_best_on_validation() -> None:
    # kicks alone tell the offset: a penalty only harms; offsets by chance: all that is learnt is wrong
    told = fit_linear(cut(swung(400, seed=1)), cut(swung(100, seed=2)))
    chance = fit_linear(cut(shaken(swung(400, seed=1))), cut(shaken(swung(100, seed=2))))

    assert told.timing_penalty == min(PENALTIES)
    assert chance.timing_penalty == max(PENALTIES)


def test_a_penalty_leaves_what_all_have_in_common_alone() -> None:
    train, validation = shaken(swung(400, seed=1), 30.0), shaken(swung(100, seed=2), 30.0)
    linear = fit_linear(cut(train), cut(validation))
    hats = [
        found.offsets_ms[window.voices == HAT].mean()
        for window, found in zip(cut(validation), linear.windows(cut(validation)), strict=True)
    ]

    assert linear.timing_penalty == max(PENALTIES)
    assert np.mean(hats) == pytest.approx(30.0, abs=1.0)


def shaken(file: Sheet, hats_late_ms: float = 0.0) -> Sheet:
    chance = np.random.default_rng(1).normal(0, 20, file.steps.size)
    return replace(file, offsets_ms=chance + np.where(file.voices == HAT, hats_late_ms, 0.0))
