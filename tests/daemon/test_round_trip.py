from __future__ import annotations

import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pocket_core.types import Seconds
from pocketd.round_trip import LONGEST, MeasureError, RoundTrip, agree, impulse_times, pair

COUNT = 8
Delays = list[float]


def returned(delays: Delays, *, start: float = 10.0, more: Delays | None = None) -> RoundTrip:
    """Send two series whose impulses come back so much later each; `more` is heard besides."""
    series = []
    for n, each in enumerate((delays[:COUNT], delays[COUNT:])):
        sent = impulse_times(Seconds(start + n * 10), COUNT, first=n)
        heard = [Seconds(at + delay) for at, delay in zip(sent, each, strict=False) if delay >= 0]
        heard += [Seconds(sent[0] + at) for at in more or ()]
        series.append(pair(sent, heard))
    return agree(*series, left="pocketd:out", came="pocketd:human")


def refused(delays: Delays, more: Delays | None = None) -> str:
    with pytest.raises(MeasureError) as caught:
        returned(delays, more=more)
    assert caught.value.exit_code == 1
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_known_delay_is_found() -> None:
    trip = returned([0.0123] * 16)

    assert trip.seconds == pytest.approx(0.0123)
    assert trip.spread == pytest.approx(0, abs=1e-9)
    assert trip.apart == pytest.approx(0, abs=1e-9)


@given(st.floats(0.001, 0.45), st.floats(0, 0.001), st.integers(0, 2**16))
def test_any_steady_delay_is_found_within_what_it_jitters(delay: float, jitter: float, seed: int) -> None:
    chance = random.Random(seed)

    trip = returned([delay + chance.uniform(0, jitter) for _ in range(16)])

    assert delay - 1e-9 <= trip.seconds <= delay + jitter + 1e-9
    assert trip.spread <= jitter + 1e-9


@given(st.lists(st.floats(-1, 2), max_size=40), st.lists(st.floats(0, 0.499), min_size=1, max_size=8))
def test_every_note_is_an_answer_an_echo_or_a_stray(noise: list[float], delays: list[float]) -> None:
    sent = impulse_times(Seconds(0.0), len(delays))
    heard = [Seconds(at + delay) for at, delay in zip(sent, delays, strict=True)] + [
        Seconds(n) for n in noise
    ]

    series = pair(sent, heard)

    assert len(series.trips) + len(series.again) + series.strays == len(heard)
    assert len(series.trips) == len(delays)
    assert all(0 <= trip < LONGEST for trip in series.trips)
    assert all(trip <= delay + 1e-9 for trip, delay in zip(series.trips, delays, strict=True))


def test_impulses_are_further_apart_than_the_longest_trip_and_unevenly() -> None:
    first, second = (impulse_times(Seconds(0.0), COUNT, n) for n in (0, 1))

    gaps = [b - a for a, b in pairwise(first)]
    assert min(gaps) > LONGEST
    assert len({round(gap, 3) for gap in gaps}) == len(gaps)
    assert first != second


def test_nothing_back_says_where_it_was_sent_and_awaited() -> None:
    assert refused([-1.0] * 16) == (
        "nothing came back on pocketd:human of 8 impulses on pocketd:out; connect pocketd:out to what plays "
        "or passes them on, and that to pocketd:human"
    )


def test_notes_that_are_no_answers_are_told_apart_from_silence() -> None:
    assert refused([-1.0] * 16, more=[-0.3, -0.2]).startswith(
        "2 notes came on pocketd:human, none of them within"
    )


def test_a_series_of_which_half_is_lost_is_not_believed() -> None:
    assert refused([0.01, -1.0] * 8).startswith(
        "only 4 of 8 impulses on pocketd:out came back on pocketd:human"
    )


def test_one_lost_impulse_or_one_stray_note_does_no_harm() -> None:
    trip = returned([-1.0, *[0.02] * 15], more=[-0.4])

    assert trip.seconds == pytest.approx(0.02)


def test_impulses_that_come_back_twice_are_told() -> None:
    twice = [at - impulse_times(Seconds(0), 1)[0] + 0.025 for at in impulse_times(Seconds(0.0), COUNT)]

    said = refused([0.02] * 16, more=twice)

    assert said.startswith(
        "8 impulses came back 16 times on pocketd:human, 5.0 ms apart; there are two ways back"
    )


def test_a_return_that_wanders_is_told_from_where_to_where() -> None:
    said = refused([0.010, 0.030, 0.018, 0.026, 0.014, 0.022, 0.011, 0.029] * 2)

    assert said.startswith("what comes back on pocketd:human wanders, 10.0 ms to 30.0 ms")


def test_two_series_that_do_not_agree_are_not_believed() -> None:
    said = refused([0.010] * 8 + [0.0125] * 8)

    assert said.startswith("two series do not agree: 10.0 ms, then 12.5 ms;")
