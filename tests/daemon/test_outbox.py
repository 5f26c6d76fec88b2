from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pocket_core.types import Seconds
from pocketd.desk_records import Bye, Dropped, Fault, Record, decode, encode
from pocketd.outbox import Outbox

LINE = len(encode(Bye(at=Seconds(1.0))))


def number(n: int) -> Bye:
    return Bye(at=Seconds(float(n)))


def drain(channel: socket.socket) -> bytes:
    """Read until the other end has hung up, or nothing more is there."""
    channel.setblocking(False)
    data = b""
    try:
        while piece := channel.recv(65536):
            data += piece
    except BlockingIOError:
        pass
    return data


def records(data: bytes) -> list[Record]:
    return [decode(line) for line in data.splitlines(keepends=True)]


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


steps = st.lists(st.sampled_from(["offer", "offer", "offer", "pump", "read"]), max_size=120)


@given(steps, st.integers(LINE, LINE * 8))
def test_what_is_not_dropped_arrives_in_order_and_every_gap_is_told(todo: list[str], limit: int) -> None:
    ours, theirs = socket.socketpair()
    with theirs:
        outbox, offered, data, most = Outbox(ours, limit), 0, b"", 0
        for step in todo:
            if step == "offer":
                outbox.offer(number(offered))
                offered += 1
            elif step == "pump":
                outbox.pump()
            else:
                data += drain(theirs)
            most = max(most, outbox.waiting)
        dropped = outbox.dropped
        outbox.close(Seconds(5.0))
        data += drain(theirs)

    expected = 0
    for record in records(data):
        if isinstance(record, Dropped):
            expected += record.records
        else:
            assert record == number(expected)
            expected += 1
    assert expected == offered
    assert sum(r.records for r in records(data) if isinstance(r, Dropped)) == dropped == outbox.dropped
    assert most <= limit


def test_what_the_system_takes_only_in_part_arrives_whole(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    pair[0].setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1)  # as small as the system allows
    pair[1].setblocking(False)
    outbox, told = Outbox(pair[0]), [Fault(at=Seconds(n), about="x", text="y" * (37 * n)) for n in range(200)]
    for fault in told:
        outbox.offer(fault)

    data = b""
    for _ in range(5_000):  # a piece each; a few hundred do
        outbox.pump()
        data += drain(pair[1])

    assert records(data) == told


def test_a_desk_that_does_not_read_costs_records_and_no_time(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    outbox = Outbox(pair[0], limit=100_000)

    for n in range(50_000):  # far more than the system's buffer and the limit hold; a wait would hang here
        outbox.offer(number(n))
        outbox.pump()

    assert outbox.alive
    assert outbox.dropped > 0
    assert outbox.waiting <= 100_000


def test_a_dead_desk_is_no_error_and_everything_is_counted(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    outbox = Outbox(pair[0])
    pair[1].close()

    for n in range(10):
        outbox.offer(number(n))
        outbox.pump()
    outbox.close(Seconds(1.0))

    assert not outbox.alive
    assert outbox.dropped == 10
    assert outbox.waiting == 0


def test_without_a_desk_everything_is_dropped() -> None:
    outbox = Outbox(None)

    outbox.offer(number(1))
    outbox.pump()
    outbox.close(Seconds(1.0))

    assert not outbox.alive
    assert outbox.dropped == 1


def test_a_desk_that_stands_still_delays_the_end_by_no_more_than_the_patience(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    outbox = Outbox(pair[0])
    for n in range(100_000):
        outbox.offer(number(n))

    outbox.close(Seconds(0.01))

    assert not outbox.alive
    assert outbox.dropped > 0


def test_nothing_offered_sends_nothing(pair: tuple[socket.socket, socket.socket]) -> None:
    outbox = Outbox(pair[0])

    outbox.pump()
    outbox.close(Seconds(1.0))

    assert drain(pair[1]) == b""


def test_what_the_desk_answers_is_heard_by_whole_lines_in_any_pieces(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    ours, theirs = pair
    outbox = Outbox(ours)

    heard = [outbox.hear()]
    for piece in (b"one\ntw", b"o", b"\n\nthree"):
        theirs.sendall(piece)
        heard.append(outbox.hear())

    assert heard == [[], [b"one"], [], [b"two", b""]]


def test_a_desk_that_is_gone_answers_nothing(pair: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = pair
    outbox = Outbox(ours)
    theirs.close()

    assert outbox.hear() == []
    assert Outbox(None).hear() == []
