"""Pulses that were put off until a period began."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from pocket_core.loop_filter import PulseLoop
from pocket_core.rounded import PERIODS, Rounded, find_grid
from pocket_core.types import Seconds

Times = NDArray[np.float64]
P = 1024 / 48_000  # seconds


def ticks(count: int, bpm: float, start: float = 10.0013) -> Times:
    return start + np.arange(count, dtype=np.float64) * (2.5 / bpm)


def put_off(times: Times, period: float = P) -> list[float]:
    rounded: list[float] = (np.ceil(times / period) * period).tolist()
    return rounded


def heard(times: Iterable[float]) -> PulseLoop:
    loop = PulseLoop(Seconds(1 / 48))
    for at in times:
        loop.hear(Seconds(at))
    return loop


def test_pulses_that_are_now_a_period_apart_and_now_two_show_a_grid() -> None:
    found = find_grid(put_off(ticks(30, 110.0))[:22])

    assert found is not None
    period, phase = found
    assert period == pytest.approx(P)
    assert phase / P == pytest.approx(round(phase / P))


@pytest.mark.parametrize("bpm", [97.0, 117.1875, 120.0, 174.0])
def test_an_even_clock_shows_none(bpm: float) -> None:
    assert find_grid(ticks(90, bpm).tolist()) is None


def test_an_even_clock_that_loses_pulses_shows_none() -> None:
    assert find_grid(np.delete(ticks(60, 120.0), [30, 55]).tolist()) is None


@given(st.integers(0, 2**32 - 1), st.sampled_from([0.001, 0.005]), st.floats(60.0, 240.0))
def test_jitter_shows_none(seed: int, jitter: float, bpm: float) -> None:
    times = ticks(90, bpm)
    times += np.random.default_rng(seed).uniform(-jitter, jitter, len(times))

    assert find_grid(np.sort(times).tolist()) is None


@pytest.mark.parametrize("period", PERIODS[:4])
@pytest.mark.parametrize("share", [0.87, 0.96, 1.03, 1.14, 1.97, 2.49])
def test_the_line_is_found_though_a_tick_is_nearly_a_period(period: float, share: float) -> None:
    bpm = 2.5 / (share * period)
    true = ticks(400, bpm)

    loop = heard(put_off(true, period))

    assert loop.tick == 400
    assert loop.period == pytest.approx(2.5 / bpm, abs=5e-6)
    assert loop.at == pytest.approx(true[-1] + period / 2, abs=1e-3)


def test_pulses_that_are_handed_on_a_little_late_are_on_the_grid_all_the_same() -> None:
    rng = np.random.default_rng(1)
    true = ticks(600, 110.0)
    late = np.array(put_off(true)) + rng.exponential(0.0002, 600) + (rng.random(600) < 0.01) * 0.008

    loop = heard(np.maximum.accumulate(late).tolist())

    assert loop.tick == 600
    assert loop.at == pytest.approx(true[-1] + P / 2, abs=1e-3)


@pytest.mark.parametrize(
    ("before", "after"), [(120, 126), (120, 100), (110, 140), (90, 140), (60, 120), (120, 60)]
)
@pytest.mark.parametrize("frames", [512, 1024])
def test_a_tempo_that_jumps_costs_no_tick(before: float, after: float, frames: int) -> None:
    lengths = [2.5 / before] * 384 + [2.5 / after] * 384
    true = 10.0013 + np.concatenate([[0.0], np.cumsum(lengths)])

    loop = heard(put_off(true, frames / 48_000))

    assert loop.tick == len(true)
    assert loop.period == pytest.approx(2.5 / after, rel=1e-3)


@pytest.mark.parametrize(("slow", "fast"), [(100, 140), (140, 100), (60, 90), (90, 60)])
@pytest.mark.parametrize("frames", [512, 1024])
def test_a_tempo_that_ramps_costs_no_tick(slow: float, fast: float, frames: int) -> None:
    bpms = [slow] * 192 + np.linspace(slow, fast, 768).tolist() + [fast] * 384
    true = 10.0013 + np.concatenate([[0.0], np.cumsum([2.5 / bpm for bpm in bpms])])

    loop = heard(put_off(true, frames / 48_000))

    assert loop.tick == len(true)
    assert loop.period == pytest.approx(2.5 / fast, rel=1e-3)


def test_where_ticks_are_long_lost_and_doubled_pulses_cost_none() -> None:
    times = put_off(ticks(600, 70.0), P / 2)
    odd = np.sort(np.append(np.delete(times, [200, 300, 301, 450]), [times[250] + 1e-4, times[400] + 1e-4]))

    loop = heard(odd.tolist())

    assert loop.tick == 600


def test_pulses_that_leave_the_grid_are_followed_as_others_are() -> None:
    loop = heard(put_off(ticks(200, 110.0)))

    for at in ticks(300, 110.0)[200:]:
        loop.hear(Seconds(at))

    assert loop.jitter < 0.005  # and not that of a period
    assert loop.period == pytest.approx(2.5 / 110, rel=2e-3)


@given(st.integers(5, 200), st.sampled_from([103.0, 111.0, 131.0, 75.0]))
def test_another_goes_on_from_what_it_knows(cut: int, bpm: float) -> None:
    times = put_off(ticks(260, bpm))
    loop = heard(times[:cut])

    other = PulseLoop.of(loop.memory())
    for at in times[cut:]:
        loop.hear(Seconds(at))
        other.hear(Seconds(at))

    assert other.memory() == loop.memory()
    assert (other.at, other.period, other.tick) == (loop.at, loop.period, loop.tick)


@given(st.lists(st.floats(0.0, 0.2) | st.sampled_from([0.0, P, P, P, 2 * P]), min_size=1, max_size=120))
def test_whatever_comes_there_is_a_line(gaps: list[float]) -> None:
    rounded, at = Rounded(P, 10.0), 10.0
    rounded.begin([at], 0.01, 0.05)
    for gap in gaps:
        at += gap
        rounded.hear(at)

        newest, tick = rounded.centre

        assert tick > 0
        assert np.isfinite(newest)
