from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pocket_core.wire import MAX_SYSEX
from pocketd.backends.sysex import PIECE, Joiner, is_sysex, pieces

DUMP = bytes((0xF0, *(n % 128 for n in range(1000)), 0xF7))


def test_a_long_message_leaves_in_pieces_of_sysex() -> None:
    parts = list(pieces(DUMP))

    assert b"".join(parts) == DUMP
    assert max(map(len, parts)) == PIECE
    assert all(map(is_sysex, parts))


def test_any_other_message_leaves_whole() -> None:
    parts = list(pieces(bytes.fromhex("99 24 64")))

    assert parts == [bytes.fromhex("99 24 64")]
    assert not is_sysex(parts[0])


def test_pieces_of_two_senders_are_kept_apart() -> None:
    joiner = Joiner()
    joiner.join("a", bytes.fromhex("F0 01"))
    joiner.join("b", bytes.fromhex("F0 02"))

    first = joiner.join("a", bytes.fromhex("03 F7"))
    second = joiner.join("b", bytes.fromhex("04 F7"))

    assert (first, second) == (bytes.fromhex("F0 01 03 F7"), bytes.fromhex("F0 02 04 F7"))


def test_a_piece_without_a_beginning_is_dropped() -> None:
    assert Joiner().join("a", bytes.fromhex("03 F7")) is None


def test_one_that_never_ends_is_let_go_at_the_longest_that_is_kept() -> None:
    joiner = Joiner()
    joiner.join("a", bytes.fromhex("F0"))
    for _ in range(MAX_SYSEX // PIECE + 1):
        joiner.join("a", bytes(PIECE))

    assert joiner.join("a", bytes.fromhex("F7")) is None


@given(st.binary(max_size=4 * PIECE).map(lambda data: bytes(byte & 0x7F for byte in data)))
def test_what_is_cut_and_joined_is_as_it_was(inner: bytes) -> None:
    message = bytes((0xF0, *inner, 0xF7))
    joiner = Joiner()

    joined = [joiner.join("a", piece) for piece in pieces(message)]

    assert joined[-1] == message
    assert set(joined[:-1]) <= {None}
