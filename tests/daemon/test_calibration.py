from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pocket_core.errors import ConfigError
from pocket_core.settings import AT_ONCE, Timing
from pocket_core.types import Seconds
from pocketd.calibration import Proposal, propose_latencies, propose_lead
from pocketd.config import Config
from pocketd.lead import Lead
from pocketd.round_trip import MeasureError, RoundTrip

JACK = Timing(Seconds(0.003), Seconds(256 / 48_000), Seconds(0.0032))


def trip(milliseconds: float) -> RoundTrip:
    return RoundTrip(Seconds(milliseconds / 1000), Seconds(0.0), Seconds(0.0))


def led(early_ms: float, config: Config | None = None, timing: Timing = JACK) -> Proposal:
    return propose_lead(Lead(Seconds(early_ms / 1000), Seconds(0.0), 48), config or Config(), timing)


def test_a_round_trip_is_all_on_the_way_out_but_for_what_is_known_of_the_way_in() -> None:
    whole = propose_latencies(trip(17.67), Config(), add_ms=0.0, input_ms=0.0)
    split = propose_latencies(trip(17.67), Config(), add_ms=8.5, input_ms=4.0)

    assert whole.numbers == {"output_latency_ms": 17.7}
    assert split.numbers == {"input_latency_ms": 4.0, "output_latency_ms": 22.2}


def test_what_is_so_already_is_not_proposed() -> None:
    config = Config(input_latency_ms=4.0, output_latency_ms=13.7)

    assert propose_latencies(trip(17.7), config, add_ms=0.0, input_ms=4.0).numbers == {}


@pytest.mark.parametrize(("add", "way_in"), [(-20.0, 0.0), (0.0, 20.0), (600.0, 0.0)])
def test_what_leaves_less_than_nothing_or_too_much_is_refused(add: float, way_in: float) -> None:
    with pytest.raises(ConfigError, match=r"17\.0 ms of round trip"):
        propose_latencies(trip(17.0), Config(), add_ms=add, input_ms=way_in)


def test_a_lead_as_configured_changes_nothing() -> None:
    assert led(120.0).numbers == {}
    assert led(120.0, Config(drums_lead_ms=120.0)).numbers == {}


def test_another_lead_takes_the_look_ahead_along() -> None:
    assert led(150.0).numbers == {"look_ahead_ms": 150.0}
    assert led(150.0, Config(drums_lead_ms=120.0)).numbers == {"look_ahead_ms": 150.0, "drums_lead_ms": 150.0}


def test_what_takes_time_to_be_heard_is_taken_off_the_look_ahead() -> None:
    proposal = led(150.0, Config(output_latency_ms=20.0))

    assert proposal.numbers == {"look_ahead_ms": 130.0, "drums_lead_ms": 150.0}
    assert proposal.because[0] == "heard on the grid, and a hit may be 117.7 ms early (12.3 ms are the guard)"


def test_a_lead_that_went_with_the_look_ahead_is_written_where_that_becomes_another() -> None:
    config = Config(output_latency_ms=17.7)  # drums_lead_ms: null, so 120

    proposal = led(120.0, config)
    after = config.model_copy(update=dict(proposal.numbers))

    assert proposal.numbers == {"look_ahead_ms": 102.3, "drums_lead_ms": 120.0}
    assert led(120.0, after).numbers == {}


@pytest.mark.parametrize(("early_ms", "spread_ms"), [(-2.9, 0.0), (-5.4, 1.5)])
def test_drums_that_come_a_little_late_are_on_the_grid_as_doctor_says(
    early_ms: float, spread_ms: float
) -> None:
    lead = Lead(Seconds(early_ms / 1000), Seconds(spread_ms / 1000), 48)

    assert propose_lead(lead, Config(drums_lead_ms=0), JACK).numbers == {}


def test_drums_that_come_later_than_that_by_a_buffer_are_not_blamed_on_a_delay() -> None:
    with pytest.raises(MeasureError) as caught:
        led(-25.0)

    assert "wrong sign" not in str(caught.value)
    assert "set `snap_ms` to more" in str(caught.value)


def test_a_lead_that_leaves_the_model_too_little_room_is_told_what_it_takes() -> None:
    proposal = led(90.0)

    assert proposal.numbers == {"look_ahead_ms": 90.0}
    assert (
        proposal.because[1]
        == "from straight to triplets takes 83.3 ms: for all of it send them 95.7 ms early"
    )


def test_a_lead_that_is_too_little_for_any_look_ahead_keeps_it_and_is_told() -> None:
    proposal = led(15.0)

    assert proposal.numbers == {"drums_lead_ms": 15.0}
    assert "so all sounds 105 ms late" in proposal.because[0]


def test_drums_that_are_not_sent_early_set_the_lead_to_nothing() -> None:
    proposal = led(0.4)

    assert proposal.numbers == {"drums_lead_ms": 0.0}
    assert "all drums sound 120 ms late" in proposal.because[0]


def test_drums_that_come_late_are_no_lead() -> None:
    with pytest.raises(
        MeasureError, match=r"120\.0 ms late: the drum track's delay has the wrong sign; flip it"
    ):
        led(-120.0)


@given(
    early=st.floats(0, 900),
    output=st.floats(0, 100).map(lambda ms: round(ms, 1)),
    timing=st.sampled_from([JACK, AT_ONCE]),
    guard=st.floats(1, 15),
)
def test_whatever_the_lead_the_configuration_that_is_proposed_can_be_used(
    early: float, output: float, timing: Timing, guard: float
) -> None:
    config = Config(output_latency_ms=output, guard_ms=guard)

    proposal = led(early, config, timing)

    after = Config.model_validate({**config.model_dump(), **proposal.numbers})
    settings = after.settings(timing)
    if early > 2 and "heard on the grid" in proposal.because[0]:
        heard = settings.look_ahead + settings.output_latency - early / 1000
        assert heard == pytest.approx(0, abs=0.0002)
        assert settings.drums_lead == pytest.approx(early / 1000, abs=0.0002)
