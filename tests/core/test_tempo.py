"""Beats to seconds and bars, and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pocket_core.tempo import Meter, MeterChange, MeterMap, TempoChange, TempoMap
from pocket_core.types import Beats, Seconds

FASTER = TempoMap([TempoChange(Beats(0), 120.0), TempoChange(Beats(4), 60.0)])


def test_beats_after_a_change_take_the_new_tempo() -> None:
    assert FASTER.seconds_at(Beats(6)) == pytest.approx(4.0)


def test_a_count_in_has_the_first_tempo() -> None:
    assert FASTER.seconds_at(Beats(-4)) == pytest.approx(-2.0)


@given(st.floats(-20, 500))
def test_there_and_back_is_the_same_beat(beat: float) -> None:
    assert FASTER.beat_at(FASTER.seconds_at(Beats(beat))) == pytest.approx(beat, abs=1e-9)


def test_a_tempo_of_zero_is_refused() -> None:
    with pytest.raises(ValueError, match="above 0 BPM"):
        TempoMap([TempoChange(Beats(0), 0.0)])


def test_changes_that_go_back_are_refused() -> None:
    with pytest.raises(ValueError, match="rising"):
        TempoMap([TempoChange(Beats(4), 100.0), TempoChange(Beats(4), 90.0)])


@pytest.mark.parametrize(
    ("beat", "bar", "count"), [(0.0, 1, 1.0), (3.5, 2, 1.0), (5.25, 2, 4.5), (-0.5, 0, 7.0), (7.0, 3, 1.0)]
)
def test_bars_of_seven_eight_are_counted_in_eighths(beat: float, bar: int, count: float) -> None:
    place = MeterMap([MeterChange(Beats(0), Meter(7, 8))]).position(Beats(beat))

    assert (place.bar, round(place.beat, 9)) == (bar, count)


def test_a_meter_change_restarts_the_bar() -> None:
    meters = MeterMap([MeterChange(Beats(0), Meter(4, 4)), MeterChange(Beats(8), Meter(3, 4))])

    place = meters.position(Beats(11.5))

    assert (place.bar, place.beat, place.bar_line) == (4, 1.5, 11.0)


def test_a_place_just_before_a_bar_line_by_rounding_is_the_bar_line() -> None:
    place = MeterMap().position(Beats(3.9999999999))

    assert (place.bar, round(place.in_bar, 9)) == (2, 0.0)


@given(st.floats(-100, 1000), st.sampled_from([Meter(4, 4), Meter(7, 8), Meter(5, 16), Meter(6, 8)]))
def test_a_place_is_within_its_bar(beat: float, meter: Meter) -> None:
    place = MeterMap([MeterChange(Beats(0), meter)]).position(Beats(beat))

    assert 0.0 <= place.in_bar < meter.bar_beats + 1e-6
    assert place.bar_line + place.in_bar == pytest.approx(beat, abs=1e-6)


def test_seconds_are_counted_from_beat_zero() -> None:
    assert FASTER.beat_at(Seconds(3.0)) == pytest.approx(5.0)


@given(st.floats(-100, 1000))
def test_bar_and_beat_say_where_they_are(beat: float) -> None:
    meters = MeterMap([MeterChange(Beats(0), Meter(7, 8)), MeterChange(Beats(14), Meter(3, 4))])
    place = meters.position(Beats(beat))

    assert meters.beat_of(place.bar, place.beat) == pytest.approx(beat, abs=1e-6)
