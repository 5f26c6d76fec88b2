"""One port carries the clock."""

from __future__ import annotations

from pocket_core.clock_port import ClockPort
from pocket_core.transport import ClockEvent
from pocket_core.types import Port, Pulse, Seconds, SongPosition, Start

DRUMS, HUMAN, CONTROL = Port.DRUMS, Port.HUMAN, Port.CONTROL


def carries(
    ports: ClockPort, event: ClockEvent, port: Port, *, chosen: Port | None = None, running: bool = True
) -> bool:
    return ports.carries(event, port, chosen=chosen, running=running)


def pulse(at: float) -> Pulse:
    return Pulse(Seconds(at))


def test_the_port_that_carried_it_first_goes_on_carrying_it() -> None:
    ports = ClockPort()

    followed = [carries(ports, pulse(n / 48), (CONTROL, DRUMS)[n % 2]) for n in range(6)]

    assert followed == [True, False] * 3


def test_the_other_port_takes_over_from_one_that_fell_silent() -> None:
    ports = ClockPort()
    carries(ports, pulse(0.0), CONTROL)

    followed = [carries(ports, pulse(at), DRUMS) for at in (0.9, 1.1, 1.2)]

    assert followed == [False, True, True]


def test_a_clock_that_nobody_starts_does_not_keep_out_one_that_is_started() -> None:
    ports = ClockPort()
    carries(ports, pulse(0.0), DRUMS, running=False)

    followed = [
        carries(ports, SongPosition(Seconds(0.01), 4), CONTROL, running=False),
        carries(ports, pulse(0.02), DRUMS, running=False),
        carries(ports, pulse(0.03), CONTROL, running=False),
    ]

    assert followed == [True, False, True]


def test_a_start_on_the_other_port_does_not_disturb_a_running_transport() -> None:
    ports = ClockPort()
    carries(ports, pulse(0.0), CONTROL)

    assert not carries(ports, Start(Seconds(0.01)), DRUMS)


def test_a_chosen_port_is_the_only_one() -> None:
    ports = ClockPort()

    followed = [carries(ports, pulse(9.0), port, chosen=DRUMS) for port in (CONTROL, DRUMS, HUMAN)]

    assert followed == [False, True, False]


def test_the_musicians_clock_is_nobodys() -> None:
    assert not carries(ClockPort(), Start(Seconds(0.0)), HUMAN, running=False)
