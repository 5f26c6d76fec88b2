"""A hit waits where the musician is likely to come, as long as that costs least."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from pocket_core.types import Seconds
from pocket_core.waiting import LONGEST, Meeting, longest_wait, price_of

GRID, FAST = Seconds(0.0), Seconds(0.003)
SHARES = (np.arange(20_000) + 0.5) / 20_000
LOGITS = np.log(SHARES / (1.0 - SHARES))
QUANTILES = LOGITS / np.abs(LOGITS).mean()  # of a logistic distribution of spread 1
TRIED = np.linspace(0.0, LONGEST, 126)  # waits, 0.2 ms apart


def meeting(expected: float = 0.0, spread: float = 0.010, chance: float = 0.9) -> Meeting:
    return Meeting(Seconds(expected), Seconds(spread), chance)


offsets = st.floats(-0.030, 0.030)
spreads = st.floats(0.002, 0.030)
chances = st.floats(0.02, 1.0)
meetings = st.builds(meeting, offsets, spreads, chances)
transports = st.floats(0.0, 0.030)
prices = st.floats(0.02, 2.0)
anything = st.floats(allow_nan=True, allow_infinity=True)


def costs(
    waits: NDArray[np.float64],
    forecast: float,
    meet: Meeting,
    transport: float,
    *,
    price: float | None = None,
    silent_until: float = -math.inf,
) -> NDArray[np.float64]:
    """Return what each wait costs, by trying it on 20,000 onsets; nothing has come from before a moment."""
    price = price_of(Seconds(transport)) if price is None else price
    onsets: NDArray[np.float64] = meet.expected + meet.spread * QUANTILES
    onsets = onsets[onsets > silent_until]
    plays = meet.chance * len(onsets) / len(QUANTILES)
    leaves = forecast + waits[:, None]
    sounding = np.where(onsets + transport < leaves, onsets + transport, leaves)
    error = np.abs(sounding - onsets).mean(axis=1)
    cost: NDArray[np.float64] = plays * error + (1.0 - meet.chance) * price * waits
    return cost / (plays + 1.0 - meet.chance)


@settings(deadline=None)  # 20,000 onsets each
@given(offsets, meetings, transports, prices)
def test_no_other_wait_costs_less(forecast: float, meet: Meeting, transport: float, price: float) -> None:
    wait = longest_wait(Seconds(forecast), meet, Seconds(transport), price=price)

    tried = costs(np.append(TRIED, wait), forecast, meet, transport, price=price)
    assert tried[-1] <= tried.min() + 1e-6


@pytest.mark.parametrize("transport_ms", [0.0, 1.5, 3.0, 6.0, 10.7])
@pytest.mark.parametrize("chance", [0.5, 0.9, 0.99])
def test_it_leaves_where_waiting_gains_what_it_drags(transport_ms: float, chance: float) -> None:
    scale, transport, early = 0.006, transport_ms / 1000, -0.200
    meet = meeting(0.0, scale * math.log(4.0), chance)

    leaves = early + longest_wait(Seconds(early), meet, Seconds(transport), longest=Seconds(1.0))

    share = [1.0 / (1.0 + math.exp(-at / scale)) for at in (leaves, leaves - transport)]
    assert chance * (1.0 - 2.0 * share[0] + share[1]) == pytest.approx(
        (1.0 - chance) * price_of(Seconds(transport)), abs=1e-9
    )


def test_silence_on_the_way_changes_nothing() -> None:
    meet, transport, now = meeting(0.002, 0.009, 0.8), 0.003, 0.005
    wait = longest_wait(GRID, meet, Seconds(transport))
    ahead = TRIED[now < TRIED]

    later = costs(ahead, GRID, meet, transport, silent_until=now - transport)

    assert wait > now
    assert ahead[later.argmin()] == pytest.approx(wait, abs=0.0003)


def test_where_the_musician_rarely_plays_it_does_not_drag() -> None:
    assert longest_wait(GRID, meeting(0.0, chance=0.05), FAST) == 0.0


def test_it_waits_for_a_musician_who_is_expected_late_only_if_likely_to_come() -> None:
    waits = [longest_wait(GRID, meeting(0.012, 0.006, chance), FAST) for chance in (0.05, 0.95)]

    assert waits[0] == 0.0
    assert waits[1] > 0.012


def test_who_is_expected_early_would_have_been_heard() -> None:
    assert longest_wait(GRID, meeting(-0.040, 0.005, 0.9), FAST) == 0.0


def test_for_a_musician_who_is_sure_to_come_it_waits_to_the_end() -> None:
    assert longest_wait(GRID, meeting(chance=1.0), FAST) == LONGEST


def test_where_the_claim_would_come_too_late_it_leaves_even_if_the_musician_is_sure_to_come() -> None:
    assert longest_wait(GRID, meeting(0.0, 0.005, 1.0), Seconds(0.050)) == pytest.approx(0.0, abs=1e-5)


@given(offsets, spreads, st.lists(chances, min_size=2, max_size=2), transports)
def test_the_likelier_the_musician_the_longer_it_waits(
    expected: float, spread: float, two: list[float], transport: float
) -> None:
    less, more = (longest_wait(GRID, meeting(expected, spread, c), Seconds(transport)) for c in sorted(two))

    assert less <= more + 1e-9


@given(meetings, st.lists(transports, min_size=2, max_size=2))
def test_at_the_same_price_a_slower_transport_waits_shorter(meet: Meeting, two: list[float]) -> None:
    quick, slow = (longest_wait(GRID, meet, Seconds(t), price=0.1) for t in sorted(two))

    assert slow <= quick + 1e-9


def test_dragging_is_cheaper_where_claims_are_long_on_their_way() -> None:
    prices = [price_of(Seconds(ms / 1000)) for ms in (0.0, 1.5, 3.0, 6.0, 10.7)]

    assert prices == sorted(prices, reverse=True)
    assert longest_wait(GRID, meeting(), FAST) == longest_wait(GRID, meeting(), FAST, price=price_of(FAST))


@given(meetings, transports, st.lists(prices, min_size=2, max_size=2))
def test_the_dearer_dragging_the_shorter_it_waits(meet: Meeting, transport: float, two: list[float]) -> None:
    cheap, dear = (longest_wait(GRID, meet, Seconds(transport), price=p) for p in sorted(two))

    assert dear <= cheap + 1e-9


@pytest.mark.parametrize(
    "nonsense",
    [
        meeting(math.nan),
        meeting(math.inf),
        meeting(spread=math.nan),
        meeting(spread=math.inf),
        meeting(spread=0.0),
        meeting(spread=-0.010),
        meeting(chance=math.nan),
        meeting(chance=1.01),
        meeting(chance=-0.5),
    ],
    ids=str,
)
def test_nonsense_does_not_wait_even_for_nothing(nonsense: Meeting) -> None:
    assert longest_wait(Seconds(-0.020), nonsense, FAST, price=0.0) == 0.0


@pytest.mark.parametrize("transport", [math.nan, -math.inf, -0.003])
def test_a_transport_that_cannot_be_does_not_wait(transport: float) -> None:
    assert longest_wait(GRID, meeting(), Seconds(transport)) == 0.0


@pytest.mark.parametrize("forecast", [math.nan, math.inf, -math.inf])
def test_a_forecast_that_cannot_be_does_not_wait(forecast: float) -> None:
    assert longest_wait(Seconds(forecast), meeting(), FAST) == 0.0


@given(anything, st.builds(meeting, anything, anything, anything), anything, anything)
def test_whatever_a_model_says_the_wait_is_within_bounds(
    forecast: float, meet: Meeting, transport: float, price: float
) -> None:
    wait = longest_wait(Seconds(forecast), meet, Seconds(transport), price=price)

    assert 0.0 <= wait <= LONGEST


@given(offsets, spreads, st.floats(0.0, 1.0), transports)
def test_the_extremes_of_what_makes_sense_stay_within_bounds(
    expected: float, spread: float, chance: float, transport: float
) -> None:
    # spreads far below and above what is played, and a chance down to the smallest float
    for tiny in (5e-324, 1e-12, spread, 1e12):
        wait = longest_wait(GRID, meeting(expected, tiny, chance or 5e-324), Seconds(transport))

        assert 0.0 <= wait <= LONGEST
