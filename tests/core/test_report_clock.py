"""A clock that is told where the song is."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pocket_core.report import Report
from pocket_core.report_clock import ReportClock
from pocket_core.tempo import Meter
from pocket_core.transport import Relocated, Started, Stopped
from pocket_core.types import Beats, Pulse, Seconds, Start

TOP = 10.0  # seconds


def rolling(at: float, beat: float, bpm: float = 120.0, meter: Meter | None = None) -> Report:
    return Report(Seconds(at), Beats(beat), bpm, True, meter)


def standing(at: float, beat: float) -> Report:
    return Report(Seconds(at), Beats(beat), 120.0, False)


def started(beat: float = 0.0) -> ReportClock:
    clock = ReportClock()
    clock.feed(rolling(TOP, beat))
    return clock


def test_a_report_that_rolls_starts_it_there_and_then() -> None:
    clock = ReportClock()

    changes = clock.feed(rolling(TOP, 8.0, 90.0, Meter(3, 4)))

    assert changes == [Started(Seconds(TOP), Beats(8.0), from_top=False)]
    assert (clock.running, clock.bpm, clock.meter) == (True, 90.0, Meter(3, 4))
    assert clock.beat_at(Seconds(TOP + 2)) == pytest.approx(11.0)
    assert clock.time_of(Beats(11.0)) == pytest.approx(TOP + 2)


@pytest.mark.parametrize(
    ("beat", "top"), [(0.0, True), (-2.5, True), (0.01, True), (0.03, False), (4.0, False)]
)
def test_a_start_at_the_top_or_in_a_count_in_is_one_from_the_top(beat: float, top: bool) -> None:
    (change,) = ReportClock().feed(rolling(TOP, beat))

    assert change == Started(Seconds(TOP), Beats(beat), from_top=top)


def test_reports_that_agree_change_nothing() -> None:
    clock = started()

    changes = [c for n in range(1, 200) for c in clock.feed(rolling(TOP + n / 20, n / 10))]

    assert changes == []


def test_a_new_tempo_is_no_jump() -> None:
    clock = started()

    changes = clock.feed(rolling(TOP + 0.5, 1.0, 60.0))

    assert not changes
    assert clock.beat_at(Seconds(TOP + 1.5)) == pytest.approx(2.0)


@pytest.mark.parametrize(("off", "jumps"), [(0.02, False), (-0.02, False), (0.022, True), (-0.022, True)])
def test_a_jump_is_more_than_half_a_tick(off: float, jumps: bool) -> None:
    clock = started()

    changes = list(clock.feed(rolling(TOP + 0.5, 1.0 + off)))

    assert changes == ([Relocated(Seconds(TOP + 0.5), Beats(1.0), Beats(1.0 + off))] if jumps else [])
    assert clock.beat_at(Seconds(TOP + 0.5)) == 1.0 + off


def test_a_report_that_stands_stops_it_where_it_is() -> None:
    clock = started()

    changes = clock.feed(standing(TOP + 0.5, 0.0))

    assert changes == [Stopped(Seconds(TOP + 0.5), Beats(1.0))]
    assert not clock.running


def test_reports_while_it_stands_change_nothing() -> None:
    assert not ReportClock().feed(standing(TOP, 4.0))


def test_silence_of_half_a_second_is_a_stop_as_of_then() -> None:
    clock = started()

    within, beyond = clock.check(Seconds(TOP + 0.5)), clock.check(Seconds(TOP + 0.7))

    assert within == ()
    assert beyond == [Stopped(Seconds(TOP + 0.5), Beats(1.0))]


def test_midi_clock_means_nothing_to_it() -> None:
    clock = ReportClock()

    changes = [*clock.feed(Start(Seconds(TOP))), *clock.feed(Pulse(Seconds(TOP)))]

    assert changes == []


def test_another_goes_on_from_what_it_knows() -> None:
    clock = ReportClock()
    clock.feed(rolling(TOP, 8.0, 90.0, Meter(3, 4)))

    other = ReportClock.of(clock.memory())

    assert (other.running, other.bpm, other.meter) == (True, 90.0, Meter(3, 4))
    assert other.beat_at(Seconds(TOP + 3)) == clock.beat_at(Seconds(TOP + 3))
    assert other.check(Seconds(TOP + 0.7)) == clock.check(Seconds(TOP + 0.7))


steps = st.tuples(
    st.floats(0.0, 0.6),
    st.floats(-100.0, 1000.0),
    st.floats(10.0, 600.0),
    st.sampled_from([True, True, False]),
)


@given(st.lists(steps, max_size=40))
def test_any_reports_leave_a_clock_that_goes_forward_and_back(
    script: Sequence[tuple[float, float, float, bool]],
) -> None:
    clock, at = ReportClock(), TOP
    for gap, beat, bpm, rolls in script:
        at += gap
        running = clock.running
        for change in clock.feed(Report(Seconds(at), Beats(beat), bpm, rolls)):
            assert isinstance(change, Started) != running
            running = not isinstance(change, Stopped)
        assert running == clock.running == rolls

        probes = [clock.beat_at(Seconds(at + d)) for d in (-1.0, 0.0, 0.001, 1.0)]

        assert all(math.isfinite(beat) for beat in probes)
        assert probes == sorted(set(probes))
        assert [clock.time_of(b) - at for b in probes] == pytest.approx([-1.0, 0.0, 0.001, 1.0], abs=1e-6)
