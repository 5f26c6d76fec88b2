from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from pocket_core.settings import AT_ONCE, Timing
from pocket_core.types import Due, Port, Seconds
from pocketd.backends.clock import VirtualClock
from pocketd.backends.loopback import Loopback
from pocketd.impulses import Impulse, measure
from pocketd.round_trip import MeasureError, RoundTrip

SIDE_STICK = Impulse(37, 110)
HANDED_OVER = Timing(Seconds(0.003), Seconds(0.005), Seconds(0.003))


@dataclass
class Echo:
    """A back end whose impulses come back."""

    delays: list[float]  # seconds, by turns; negative: it is lost
    port: Port = Port.HUMAN
    timing: Timing = AT_ONCE
    struck: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        outer = self

        class Cable(Loopback):
            def send(self, due: Due) -> None:
                super().send(due)
                if due.data[0] & 0xF0 == 0x90:
                    delay = outer.delays[outer.struck % len(outer.delays)]
                    outer.struck += 1
                    if delay >= 0:
                        self.feed(outer.port, due.data, Seconds(self.sent[-1].at + delay))

        self.backend = Cable(VirtualClock(Seconds(50.0)), self.timing)

    def measured(self, port: Port = Port.HUMAN) -> RoundTrip:
        return measure(self.backend, SIDE_STICK, port, 8, patience=Seconds(5.0), tell=lambda _: None)


@pytest.mark.parametrize("timing", [AT_ONCE, HANDED_OVER])
@pytest.mark.parametrize("delay", [0.0, 0.0123, 0.45])
def test_a_known_delay_is_found_whether_notes_are_handed_over_ahead_or_at_once(
    timing: Timing, delay: float
) -> None:
    trip = Echo([delay], timing=timing).measured()

    assert trip.seconds == pytest.approx(delay, abs=1e-6)
    assert trip.spread < 1e-6


def test_every_impulse_is_ended() -> None:
    echo = Echo([0.01])

    echo.measured()

    sent = [each.due.data for each in echo.backend.sent]
    assert sent[0::2] == [bytes.fromhex("99256e")] * (len(sent) // 2)
    assert sent[1::2] == [bytes.fromhex("892540")] * (len(sent) // 2)
    assert len(sent) == 2 * (1 + 8 + 8)  # one until the first came back


def test_the_first_answers_may_be_waited_for_while_somebody_connects() -> None:
    assert Echo([*[-1.0] * 4, *[0.02] * 30]).measured().seconds == pytest.approx(0.02)


def test_silence_is_told_with_both_ports() -> None:
    with pytest.raises(MeasureError) as caught:
        Echo([-1.0]).measured()

    assert str(caught.value) == (
        "nothing came back on loopback:human within 5 s of impulses on loopback:out; connect loopback:out to "
        "what plays or passes them on, and that to loopback:human (--wait gives more time)"
    )


def test_what_comes_back_elsewhere_is_told() -> None:
    with pytest.raises(MeasureError, match=r"but notes did on loopback:drums; .* --back drums"):
        Echo([0.01], port=Port.DRUMS).measured()

    assert Echo([0.01], port=Port.DRUMS).measured(Port.DRUMS).seconds == pytest.approx(0.01)


def test_a_wandering_return_is_no_measure() -> None:
    with pytest.raises(MeasureError, match="wanders"):
        Echo([0.01, 0.03, 0.05]).measured()
