from __future__ import annotations

import numpy as np
import pytest

from pocket_core.phrases.step_features import Setting
from pocket_core.phrases.steps import BITS, Steps
from pocket_export.sources.continuing.data import Track
from pocket_export.sources.continuing.figures import entropy, figures_of, interval, mean_velocities, repeats
from pocket_export.sources.continuing.lessons import Read

BAR = [1, 0, 0, 0, 2, 0, 0, 0] * 2


def _steps(symbols: list[int], velocity: float = 0.5) -> Steps:
    array = np.array(symbols)
    return Steps(array, BITS[array] * np.float32(velocity))


def test_bars_that_repeat_are_told_from_those_that_nearly_do() -> None:
    found = repeats([_steps([*BAR, *BAR, *BAR[:12], 2, 0, 0, 1])])  # 4 strokes; then one more

    assert found.exact == 1 / 2
    assert found.alike == pytest.approx((1 + 4 / 5) / 2)
    assert found.alike_two == pytest.approx(4 / 5)
    assert found.apart == pytest.approx(1 / 2)
    assert found.bars == 2


def test_a_bar_that_comes_back_later_is_one_of_four_or_of_eight_before() -> None:
    other = [[n, *BAR[1:]] for n in range(4, 12)]

    found = repeats([_steps([*BAR, *sum(other[:3], []), *BAR, *sum(other[3:], []), *BAR])])  # noqa: RUF017

    assert found.exact == 0.0
    assert found.exact_of_four == pytest.approx(1 / 7)  # of the bars that have four before
    assert found.exact_of_eight == pytest.approx(1 / 3)


def test_entropy_is_of_how_often_each_symbol_is_there() -> None:
    assert entropy([_steps([1, 1, 2]), _steps([3])]) == pytest.approx(1.5)


def test_silence_after_silence_does_not_count_as_settled() -> None:
    assert repeats([_steps([0] * 48)]).bars == 0


def test_an_interval_of_files_that_are_alike_is_narrow() -> None:
    low, high = interval([np.full(10, np.log(4.0))] * 5, list("abcde"))

    assert low == pytest.approx(4.0)
    assert high == pytest.approx(4.0)


def test_figures_are_of_what_came_from_the_second_step_on() -> None:
    track = Track("a.mid", Setting(), _steps([1, 2], 0.5))
    means = np.full((1, 9), 0.3, np.float32)
    read = Read(np.array([np.log(2.0)]), np.array([True]), means, np.full((1, 9), 0.1, np.float32))

    found = figures_of([read], [track])

    assert found.perplexity == pytest.approx(2.0)
    assert found.accuracy == 1.0
    assert found.velocity_mse == pytest.approx(0.04)
    assert found.spread == pytest.approx(0.1)


def test_a_place_where_a_voice_was_never_struck_has_the_voices_mean() -> None:
    track = Track("a.mid", Setting(), _steps([1, 0], 0.5))

    usual = mean_velocities([track])

    assert usual[0, 0] == usual[7, 0] == 0.5
