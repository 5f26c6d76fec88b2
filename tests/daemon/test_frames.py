from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pocket_core.types import Seconds
from pocketd.backends.frames import STILL, WRAP, FrameClock

RATE = 48_000
FRAMES = 480  # a hundredth of a second


@dataclass
class Machine:
    """The machine's clock, as a test sets it."""

    at: float = 100.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def machine() -> Machine:
    return Machine()


def test_without_a_server_the_machines_clock_counts_from_zero(machine: Machine) -> None:
    clock = FrameClock(machine)

    machine.at += 2.5

    assert clock.now() == pytest.approx(2.5)


def test_now_is_the_end_of_the_cycle_and_what_has_passed_of_it(machine: Machine) -> None:
    clock = FrameClock(machine)
    start = clock.begin(7_000, FRAMES, RATE)

    before = clock.now()
    machine.at += 0.004

    assert before == pytest.approx(clock.seconds(start + FRAMES))
    assert clock.now() - before == pytest.approx(0.004)


def test_a_server_that_stands_still_lets_time_run_for_one_cycle_at_most(machine: Machine) -> None:
    clock = FrameClock(machine)
    clock.begin(0, FRAMES, RATE)
    before = clock.now()

    machine.at += 0.9 * STILL

    assert clock.now() - before == pytest.approx(FRAMES / RATE)


def test_time_goes_on_where_a_server_stands_still_for_good_and_when_it_is_back(machine: Machine) -> None:
    clock = FrameClock(machine)
    clock.begin(0, FRAMES, RATE)
    machine.at += 1.0 + STILL + FRAMES / RATE
    meanwhile, still = clock.now(), clock.still
    machine.at += 3_600.0

    start = clock.begin(FRAMES, FRAMES, RATE)

    assert still
    assert meanwhile == pytest.approx(1.0 + FRAMES / RATE)
    assert not clock.still
    assert clock.seconds(start + FRAMES) == pytest.approx(meanwhile + 3_600.0, abs=1 / RATE)


def test_frames_decide_however_the_machines_clock_drifts(machine: Machine) -> None:
    clock = FrameClock(machine)
    first = clock.begin(0, FRAMES, RATE)
    for n in range(1, 101):
        machine.at += 1.01 * FRAMES / RATE
        last = clock.begin(n * FRAMES, FRAMES, RATE)

    assert clock.seconds(last) - clock.seconds(first) == pytest.approx(1.0)


def test_a_count_that_wraps_after_a_day_goes_on(machine: Machine) -> None:
    clock = FrameClock(machine)
    first = clock.begin(WRAP - FRAMES, FRAMES, RATE)

    second = clock.begin(0, FRAMES, RATE)

    assert second - first == FRAMES


def test_frames_that_a_server_has_lost_are_counted(machine: Machine) -> None:
    clock = FrameClock(machine)
    first = clock.begin(0, FRAMES, RATE)

    second = clock.begin(5 * FRAMES, FRAMES, RATE)

    assert second - first == 5 * FRAMES


@pytest.mark.parametrize("leap", [-1, -192_512, 10 * RATE, WRAP // 2])
def test_a_count_that_leaps_is_another_and_time_goes_on(machine: Machine, leap: int) -> None:
    clock = FrameClock(machine)
    clock.begin(1_000_000, FRAMES, RATE)
    due = clock.frame(Seconds(clock.now() + 0.020))  # has been handed over
    times = [clock.now()]

    for n in range(1, 5):
        machine.at += FRAMES / RATE
        start = clock.begin((1_000_000 + leap + n * FRAMES) % WRAP, FRAMES, RATE)
        times.append(clock.now())

    assert times == pytest.approx([times[0] + n * FRAMES / RATE for n in range(5)], abs=FRAMES / RATE + 1e-4)
    assert clock.seconds(due) == pytest.approx(times[0] + 0.020, abs=1 / RATE)
    assert start + FRAMES == pytest.approx(clock.frame(Seconds(times[-1])), abs=1)


def test_a_rate_that_changes_leaves_time_at_its_pace(machine: Machine) -> None:
    clock = FrameClock(machine)
    clock.begin(0, FRAMES, RATE)
    before = clock.now()

    for n in range(1, 101):
        machine.at += FRAMES / (2 * RATE)
        clock.begin(n * FRAMES, FRAMES, 2 * RATE)

    assert clock.now() - before == pytest.approx(100 * FRAMES / (2 * RATE), abs=FRAMES / RATE)


@pytest.mark.parametrize("rate", [RATE, 44_100])
def test_a_new_server_takes_over_where_time_is(machine: Machine, rate: int) -> None:
    clock = FrameClock(machine)
    clock.begin(1_000_000, FRAMES, RATE)
    lost = clock.now()
    clock.lose()
    machine.at += 4.0
    meanwhile = clock.now()

    start = clock.begin(17, FRAMES, rate)

    assert meanwhile - lost == pytest.approx(4.0)
    assert clock.now() == pytest.approx(meanwhile, abs=1 / rate)
    assert clock.seconds(start + FRAMES) == pytest.approx(meanwhile, abs=1 / rate)


@given(st.integers(0, 10**12))
def test_a_frame_and_its_time_are_the_same_thing(frame: int) -> None:
    clock = FrameClock(Machine())
    clock.begin(5, FRAMES, 44_100)

    assert clock.frame(clock.seconds(frame)) == frame


@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("pass"), st.floats(0.0, 0.1)),
            st.tuples(st.just("cycle"), st.integers(1, 8)),
            st.tuples(st.just("lose"), st.none()),
        ),
        max_size=60,
    )
)
def test_time_never_goes_back(acts: list[tuple[str, float | int | None]]) -> None:
    machine = Machine()
    clock, told, times = FrameClock(machine), 0, [Seconds(0.0)]
    for kind, much in acts:
        if kind == "pass":
            machine.at += float(much or 0)
        elif kind == "cycle":
            told += int(much or 0) * FRAMES
            clock.begin(told % WRAP, FRAMES, RATE)
        else:
            clock.lose()
        times.append(clock.now())

    assert times == sorted(times)
