from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pocket_core.types import Seconds
from pocketd.arrival import CREEP, Arrivals


class Polled:
    """A port whose messages come and are polled at known times; deltas as python-rtmidi tells them."""

    def __init__(self, true: list[float], polls: list[float], opened: float = 0.0) -> None:
        arrivals = Arrivals(Seconds(opened))
        self.true: list[float] = []
        self.told: list[float] = []
        self.polled: list[float] = []
        last_poll, last_true = opened, None
        for poll in polls:
            for time in (t for t in true if last_poll < t <= poll):
                delta = 0.0 if last_true is None else time - last_true
                last_true = time
                self.told.append(arrivals.arrival(delta, Seconds(last_poll), Seconds(poll)))
                self.true.append(time)
                self.polled.append(poll)
            last_poll = poll


def rising(gaps: list[float]) -> list[float]:
    times, now = [], 0.0
    for gap in gaps:
        now += gap
        times.append(now)
    return times


gaps = st.lists(st.floats(1e-5, 0.3), min_size=1, max_size=60)


@given(gaps, st.lists(st.floats(1e-4, 0.2), min_size=1, max_size=200))
def test_an_arrival_lies_between_the_polls_around_it_and_never_goes_back(
    messages: list[float], pauses: list[float]
) -> None:
    port = Polled(rising(messages), rising(pauses))

    assert port.told == sorted(port.told)
    assert all(told <= polled for told, polled in zip(port.told, port.polled, strict=True))
    longest = max(pauses)
    assert all(abs(told - true) <= longest + 1e-9 for told, true in zip(port.told, port.true, strict=True))


@given(gaps, st.lists(st.floats(1e-4, 0.2), min_size=1, max_size=200))
def test_the_error_is_no_more_than_the_quickest_poll_so_far_took(
    messages: list[float], pauses: list[float]
) -> None:
    port = Polled(rising(messages), rising(pauses))

    quickest, allowed = 1e9, 0.0
    for told, true, polled in zip(port.told, port.true, port.polled, strict=True):
        quickest = min(quickest, polled - true)
        allowed = quickest + CREEP * polled
        assert true - 1e-9 <= told <= true + allowed + 1e-9


def test_a_message_polled_late_keeps_the_time_it_came() -> None:
    # one every 20 ms, picked up after 0.1 ms; the last one only after 40 ms
    times = [0.02 * n for n in range(1, 11)]
    port = Polled(times, [*(t + 0.0001 for t in times[:-1]), times[-1] + 0.040])

    assert port.told[-1] == pytest.approx(times[-1], abs=0.0003)


def test_deltas_lost_in_a_full_queue_do_not_leave_later_messages_early() -> None:
    arrivals = Arrivals(Seconds(0.0))
    arrivals.arrival(0.0, Seconds(0.999), Seconds(1.0))

    # 5 s later, but the messages between were lost with their deltas
    told = arrivals.arrival(0.001, Seconds(5.999), Seconds(6.0))

    assert 5.999 <= told <= 6.0


def test_clocks_that_drift_apart_are_followed() -> None:
    # the stamps run 100 ppm slow against the back end's clock for an hour
    arrivals = Arrivals(Seconds(0.0))
    worst = 0.0
    for n in range(1, 36001):
        true = 0.1 * n
        told = arrivals.arrival(0.1 * (1 - 1e-4), Seconds(true - 0.0005), Seconds(true + 0.0005))
        worst = max(worst, abs(told - true))

    assert worst <= 0.0005 + 1e-9
