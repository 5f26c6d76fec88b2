from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pocketd.backends.packet import first_message


def test_memory_that_follows_a_message_is_not_played() -> None:
    # as Hydrogen 1.2 sends it: a note-off, then its own buffers, with two notes that it sends again
    packet = bytes.fromhex("89 2A 00 03 99 2A 4F 03 89 24 00 03 99 24 6E D0 93 94 D5 5A")

    assert first_message(packet) == bytes.fromhex("89 2A 00")


@pytest.mark.parametrize(
    "message",
    [
        *("80 24 40", "99 24 64", "A0 24 10", "B0 07 64", "C0 05", "D0 40", "E0 00 40"),
        *("F1 12", "F2 10 00", "F3 01", "F6", "F8", "FA", "FB", "FC", "FE", "FF", "F0 7D 01 02 F7"),
    ],
)
def test_whole_messages_stay_as_they_are(message: str) -> None:
    data = bytes.fromhex(message)

    assert first_message(data) == data


def test_a_long_sysex_and_its_continuation_stay_whole() -> None:
    assert first_message([0xF0, *range(100)]) == bytes([0xF0, *range(100)])
    assert first_message([1, 2, 3, 0xF7]) == bytes([1, 2, 3, 0xF7])


@given(st.binary())
def test_any_packet_gives_a_beginning_of_itself(packet: bytes) -> None:
    assert packet.startswith(first_message(packet))
