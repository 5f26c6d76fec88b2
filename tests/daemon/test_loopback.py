from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pocket_core.types import Due, Port, Seconds
from pocketd.backends.clock import VirtualClock
from pocketd.backends.loopback import Loopback, Sent
from pocketd.backends.protocol import INPUTS, Backend, Incoming

KICK = bytes.fromhex("99 24 64")  # note-on, channel 10, note 36, velocity 100


def loopback() -> Loopback:
    return Loopback(VirtualClock())


def test_what_is_fed_ahead_arrives_at_its_time_and_not_before() -> None:
    backend = loopback()
    backend.feed(Port.DRUMS, KICK, Seconds(0.5))
    before = backend.poll()

    backend.wait(Seconds(0.5))
    after = backend.poll()

    assert before == []
    assert after == [Incoming(Seconds(0.5), Port.DRUMS, KICK)]


@given(st.lists(st.tuples(st.sampled_from(INPUTS), st.floats(0, 10), st.binary(min_size=1, max_size=3))))
def test_messages_of_all_ports_come_once_and_in_order_of_arrival(
    fed: list[tuple[Port, float, bytes]],
) -> None:
    backend = loopback()
    for port, at, data in fed:
        backend.feed(port, data, Seconds(at))

    backend.wait(Seconds(10.0))
    arrived = backend.poll()

    in_order = sorted(fed, key=lambda message: message[1])  # stable: ties as they were fed
    assert arrived == [Incoming(Seconds(at), port, data) for port, at, data in in_order]


def test_a_message_sent_is_kept_with_the_time_it_left() -> None:
    backend = loopback()
    due = Due(Seconds(0.25), Port.OUT, KICK)
    backend.wait(Seconds(0.3))

    backend.send(due)

    assert backend.sent == [Sent(Seconds(0.3), due)]


def test_the_next_arrival_is_told_until_nothing_is_to_come() -> None:
    backend = loopback()
    backend.feed(Port.HUMAN, KICK, Seconds(2.0))
    backend.feed(Port.HUMAN, KICK, Seconds(1.0))
    first = backend.next_arrival

    backend.wait(Seconds(2.0))
    backend.poll()

    assert first == 1.0
    assert backend.next_arrival is None


def test_closing_drops_what_was_to_come() -> None:
    backend: Backend = loopback()
    assert isinstance(backend, Loopback)
    backend.feed(Port.DRUMS, KICK, Seconds(1.0))

    backend.close()
    backend.wait(Seconds(2.0))

    assert backend.poll() == []


def test_virtual_time_never_goes_back() -> None:
    clock = VirtualClock(Seconds(5.0))

    clock.wait(Seconds(4.0))

    assert clock.now() == 5.0
