"""The beat line and its clock: nothing of the future."""

from __future__ import annotations

from itertools import accumulate, pairwise

import numpy as np
import pytest
from benchmarks.jazz_line import BeatClock, BeatLine, nominals
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.typing import NDArray

from pocket_core.transport import Started
from pocket_core.types import Beats, Pulse, Seconds, Start

LEAD = Seconds(0.120)
intervals = st.lists(st.floats(0.2, 0.9), min_size=12, max_size=40)


def even(beats: int) -> NDArray[np.float64]:
    return np.array([0.5 * n for n in range(beats)])


def numbered(times: list[float]) -> NDArray[np.float64]:
    """Put beats where a line numbers them."""
    line = BeatLine()
    places = {line.hear(Seconds(at)): at for at in times}
    known = {number: at for number, at in places.items() if number is not None}
    return np.array([known.get(number, np.nan) for number in range(max(known) + 1)])


def test_a_steady_tempo_goes_on() -> None:
    found = nominals(even(12), 0, LEAD)

    assert np.isnan(found[:8]).all()
    assert found[8:] == pytest.approx(np.array([4.0, 4.5, 5.0, 5.5]))


def test_a_prediction_is_the_straight_line_through_the_eight_beats_before() -> None:
    beats = np.cumsum([0.5, 0.52, 0.49, 0.55, 0.5, 0.48, 0.47, 0.51, 0.5, 0.53])
    slope, start = np.polyfit(np.arange(1, 9), beats[1:9], 1)

    assert nominals(beats, 0, LEAD)[9] == pytest.approx(start + 9 * slope)


@given(intervals, intervals, st.integers(8, 12))
def test_later_beats_change_no_prediction(steps: list[float], others: list[float], heard: int) -> None:
    times = list(accumulate(steps))
    one, other = (
        numbered(times),
        numbered([*times[:heard], *(times[heard - 1] + t for t in accumulate(others))]),
    )
    newest = np.flatnonzero(one <= times[heard - 1])[-1]  # the last beat that both heard
    both = slice(0, min(newest + 2, len(one), len(other)))  # and the one after it, from the same past

    assert nominals(other, 0, LEAD)[both] == pytest.approx(nominals(one, 0, LEAD)[both], nan_ok=True)


@given(st.lists(st.floats(0.35, 0.5), min_size=12, max_size=40))
def test_a_hit_that_is_sent_before_the_beat_ahead_of_it_does_without_that_beat(steps: list[float]) -> None:
    lead = Seconds(0.6)  # between one beat and two
    beats = numbered(list(accumulate(steps)))
    found = nominals(beats, 0, lead)
    sent = np.flatnonzero(np.isfinite(found))
    newest = [np.flatnonzero(beats[:number] <= found[number] - lead)[-1] for number in sent]
    assume(all(found[n] - lead - beats[last] > 1e-5 for n, last in zip(sent, newest, strict=True)))
    for number, last in zip(sent, newest, strict=True):
        heard = np.arange(last - 7, last + 1)
        slope, start = np.polyfit(heard, beats[heard], 1)

        assert last < number - 1
        assert found[number] == pytest.approx(start + number * slope)


def test_a_hit_that_the_line_would_have_sent_already_is_sent_at_once() -> None:
    # the ninth beat, at 3.75 s, makes the line put the tenth at 4.147 s, which is sent at 3.747 s
    beats = numbered(list(accumulate([0.5, 0.5, 0.375, 0.375, 0.375, 0.375, 0.5, 0.375, 0.375, 0.5])))
    found = nominals(beats, 0, Seconds(0.4))

    assert beats[8] == pytest.approx(3.75)
    assert found[9] - 0.4 == pytest.approx(3.75, abs=1e-5)


@given(intervals)
def test_every_beat_is_where_the_clock_had_it_when_its_hit_was_sent(steps: list[float]) -> None:
    beats = numbered(list(accumulate(steps)))
    expected = nominals(beats, 0, LEAD)
    for number in np.flatnonzero(np.isfinite(expected)):
        sent = expected[number] - LEAD
        clock = BeatClock(0, LEAD)
        for at in beats[beats <= sent]:  # and none that came after
            clock.feed(Pulse(Seconds(at)))

        assert clock.time_of(Beats(float(number))) == pytest.approx(expected[number])


@given(intervals)
def test_positions_rise_with_time_and_come_back(steps: list[float]) -> None:
    beats = list(accumulate(steps))
    clock = BeatClock(3, LEAD)
    for at in beats:
        clock.feed(Pulse(Seconds(at)))
    times = np.linspace(beats[7], beats[-1] + 2, 200)
    places = [clock.beat_at(Seconds(at)) for at in times]

    assert all(b > a for a, b in pairwise(places))
    assert [clock.time_of(place) for place in places] == pytest.approx(times.tolist())


def test_the_clock_starts_with_the_eighth_beat_and_heeds_pulses_only() -> None:
    clock = BeatClock(6, LEAD)
    silent = [clock.feed(Pulse(Seconds(0.5 * n))) for n in range(7)]
    ignored = clock.feed(Start(Seconds(3.2)))
    was_running = clock.running
    (change,) = clock.feed(Pulse(Seconds(3.5)))

    assert not any(silent)
    assert not ignored
    assert not was_running
    assert isinstance(change, Started)
    assert (change.at, change.from_top) == (3.5, True)
    assert change.beat == pytest.approx(13.0)
    assert clock.bpm == pytest.approx(120.0)


def test_a_rest_leaves_numbers_out_and_a_flam_is_no_beat() -> None:
    line = BeatLine()
    heard = [line.hear(Seconds(at)) for at in (0.0, 0.5, 1.0, 1.03, 2.0, 2.5)]

    assert heard == [0, 1, 2, None, 4, 5]


def test_the_line_never_puts_two_beats_nearer_than_half_a_beat() -> None:
    # wild enough that the line alone would put two of them 21 ms apart
    steps = [0.25, 0.5, 0.9, 0.25, 0.2, 0.9, 0.3, 0.25, 0.2, 0.2, 0.3, 0.2, 0.7, 0.9]
    found = nominals(numbered(list(accumulate(steps))), 0, LEAD)

    assert np.nanmin(np.diff(found)) > 0.1


def test_the_beat_that_starts_the_clock_has_no_hit() -> None:
    # the eighth comes so early that the line, made with it, would still have time to send its hit
    beats = np.array([0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.3, 3.8])
    found = nominals(beats, 0, Seconds(0.05))

    assert np.isnan(found[7])
    assert np.isfinite(found[8])


def test_with_fewer_than_eight_beats_nothing_can_be_sent() -> None:
    found = nominals(even(7), 0, LEAD)

    assert np.isnan(found).all()
