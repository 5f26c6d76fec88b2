"""The byte decoder, with real bytes, and the encoders."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pocket_core.types import (
    Continue,
    ControlChange,
    Event,
    Hit,
    Other,
    Pulse,
    Release,
    Seconds,
    Sensing,
    SongPosition,
    Start,
    Stop,
)
from pocket_core.wire import (
    CONTINUE,
    PULSE,
    START,
    STOP,
    Decoder,
    Faults,
    control_change,
    note_off,
    note_on,
    song_position,
)

T = Seconds(12.5)
LATER = Seconds(13.0)
KICK = Hit(T, 9, 36, 100)


def decode(spaced_hex: str) -> tuple[list[Event], Faults]:
    decoder = Decoder()
    return decoder.feed(bytes.fromhex(spaced_hex), T), decoder.faults


def test_clock_byte_inside_a_note_leaves_the_note_whole() -> None:
    # 99 24 [F8] 64: kick on channel 10 with a timing clock between its data bytes
    events, faults = decode("99 24 F8 64")

    assert events == [Pulse(T), KICK]
    assert faults == Faults()


def test_running_status_gives_a_note_for_every_pair() -> None:
    # 99 24 64 | 26 50 | 24 00: kick, snare, kick off, one status byte
    events, faults = decode("99 24 64 26 50 24 00")

    assert events == [KICK, Hit(T, 9, 38, 80), Release(T, 9, 36, 0)]
    assert faults == Faults()


def test_note_on_with_velocity_0_is_a_release() -> None:
    events, _ = decode("90 3C 00")

    assert events == [Release(T, 0, 60, 0)]


def test_every_kind_of_message_has_its_event() -> None:
    # off, pressure, controller, program, channel pressure, bend
    events, faults = decode("83 3C 40  A3 3C 41  B3 07 7F  C3 05  D3 06  E3 00 40")

    assert events == [
        Release(T, 3, 60, 64),
        Other(T, bytes.fromhex("A3 3C 41")),
        ControlChange(T, 3, 7, 127),
        Other(T, bytes.fromhex("C3 05")),
        Other(T, bytes.fromhex("D3 06")),
        Other(T, bytes.fromhex("E3 00 40")),
    ]
    assert faults == Faults()


def test_system_messages_have_their_events() -> None:
    # time code, song position 8 * 128 + 16, song select, tune request, then all real-time bytes
    events, faults = decode("F1 23  F2 10 08  F3 02  F6  F8 FA FB FC FE FF")

    assert events == [
        Other(T, bytes.fromhex("F1 23")),
        SongPosition(T, 1040),
        Other(T, bytes.fromhex("F3 02")),
        Other(T, b"\xf6"),
        Pulse(T),
        Start(T),
        Continue(T),
        Stop(T),
        Sensing(T),
        Other(T, b"\xff"),
    ]
    assert faults == Faults()


def test_message_cut_off_by_a_new_status_is_dropped_and_counted() -> None:
    # 99 24 (velocity lost) 99 26 50; then a status with nothing at all before the next
    events, faults = decode("99 24  99 26 50  99  B0 07 10")

    assert events == [Hit(T, 9, 38, 80), ControlChange(T, 0, 7, 16)]
    assert faults == Faults(truncated=2)


def test_running_status_that_ends_between_messages_is_not_a_fault() -> None:
    _, faults = decode("99 24 64  B0 07 10")

    assert faults == Faults()


def test_data_without_a_status_is_dropped_and_counted() -> None:
    # joined in mid-stream: velocity of a note that began before
    events, faults = decode("24 64 99 24 64")

    assert events == [KICK]
    assert faults == Faults(stray=2)


def test_system_common_ends_running_status() -> None:
    # 99 24 64, tune request, then two data bytes that no longer belong to 99
    events, faults = decode("99 24 64 F6 26 50")

    assert events == [KICK, Other(T, b"\xf6")]
    assert faults == Faults(stray=2)


@pytest.mark.parametrize("byte", ["F4", "F5"])
def test_undefined_common_byte_ends_what_is_under_way(byte: str) -> None:
    events, faults = decode(f"99 24 {byte} 64 99 24 64")

    assert events == [KICK]
    assert faults == Faults(truncated=1, undefined=1, stray=1)


@pytest.mark.parametrize("byte", ["F9", "FD"])
def test_undefined_real_time_byte_changes_nothing_around_it(byte: str) -> None:
    events, faults = decode(f"99 24 {byte} 64")

    assert events == [KICK]
    assert faults == Faults(undefined=1)


def test_sysex_comes_out_whole_after_the_clock_inside_it() -> None:
    # identity request with a clock byte inside
    events, faults = decode("F0 7E 7F F8 06 01 F7")

    assert events == [Pulse(T), Other(T, bytes.fromhex("F0 7E 7F 06 01 F7"))]
    assert faults == Faults()


def test_sysex_cut_off_by_a_note_is_dropped_and_the_note_kept() -> None:
    events, faults = decode("F0 7E 7F 99 24 64")

    assert events == [KICK]
    assert faults == Faults(truncated=1)


def test_end_of_sysex_that_ends_none_is_stray() -> None:
    events, faults = decode("F7 99 24 64")

    assert events == [KICK]
    assert faults == Faults(stray=1)


def test_sysex_of_just_the_cap_is_kept() -> None:
    decoder = Decoder(max_sysex=6)

    events = decoder.feed(bytes.fromhex("F0 01 02 03 04 F7"), T)

    assert events == [Other(T, bytes.fromhex("F0 01 02 03 04 F7"))]


def test_sysex_one_byte_beyond_the_cap_is_not() -> None:
    decoder = Decoder(max_sysex=6)

    events = decoder.feed(bytes.fromhex("F0 01 02 03 04 05 F7"), T)

    assert events == []
    assert decoder.faults == Faults(oversized=1)


@pytest.mark.parametrize("end", ["F7", ""])
def test_endless_sysex_is_swallowed_up_to_its_end(end: str) -> None:
    decoder = Decoder(max_sysex=6)

    events = decoder.feed(bytes.fromhex("F0 01 02 03 04 05 06 F8 07" + end + "99 24 64"), T)

    assert events == [Pulse(T), KICK]
    assert decoder.faults == Faults(oversized=1)


def test_message_over_two_packets_has_the_time_of_the_second() -> None:
    decoder = Decoder()
    decoder.feed(bytes.fromhex("99 24"), T)

    events = decoder.feed(bytes.fromhex("64"), LATER)

    assert events == [Hit(LATER, 9, 36, 100)]


@pytest.mark.parametrize("values", [(16, 0, 0), (-1, 0, 0), (0, 128, 0), (0, -1, 0), (0, 0, 128)])
def test_value_that_is_no_midi_is_refused(values: tuple[int, int, int]) -> None:
    for encode in (note_on, note_off, control_change):
        with pytest.raises(ValueError, match="not in"):
            encode(*values)


@pytest.mark.parametrize("sixteenths", [-1, 16384])
def test_song_position_out_of_range_is_refused(sixteenths: int) -> None:
    with pytest.raises(ValueError, match=r"0\.\.16383"):
        song_position(sixteenths)


channels = st.integers(0, 15)
sevens = st.integers(0, 127)
encoded = st.one_of(
    st.tuples(channels, sevens, st.integers(1, 127)).map(lambda v: (note_on(*v), Hit(T, *v))),
    st.tuples(channels, sevens, sevens).map(lambda v: (note_off(*v), Release(T, *v))),
    st.tuples(channels, sevens).map(lambda v: (note_on(*v, 0), Release(T, *v, 0))),
    st.tuples(channels, sevens, sevens).map(lambda v: (control_change(*v), ControlChange(T, *v))),
    st.integers(0, 16383).map(lambda n: (song_position(n), SongPosition(T, n))),
    st.sampled_from([(PULSE, Pulse(T)), (START, Start(T)), (CONTINUE, Continue(T)), (STOP, Stop(T))]),
    st.binary(max_size=20)
    .map(lambda b: b"\xf0" + bytes(x & 0x7F for x in b) + b"\xf7")
    .map(lambda b: (b, Other(T, b))),
)
# any bytes, with status bytes as likely as data
messy = st.lists(st.one_of(st.integers(0, 255), st.integers(0x80, 0xFF)), max_size=200).map(bytes)


@given(st.lists(encoded))
def test_what_is_encoded_decodes_to_itself(messages: list[tuple[bytes, Event]]) -> None:
    decoder = Decoder()

    events = decoder.feed(b"".join(data for data, _ in messages), T)

    assert events == [event for _, event in messages]
    assert decoder.faults == Faults()


@given(messy, st.lists(st.integers(0, 200)))
def test_any_cut_of_the_stream_gives_the_same_events(stream: bytes, cuts: list[int]) -> None:
    whole, parts = Decoder(), Decoder()
    edges = [0, *sorted(cut for cut in cuts if cut < len(stream)), len(stream)]

    events = [e for a, b in pairwise(edges) for e in parts.feed(stream[a:b], T)]

    assert events == whole.feed(stream, T)
    assert parts.faults == whole.faults


@given(messy, st.lists(st.tuples(st.integers(0, 200), st.sampled_from([0xF8, 0xFA, 0xFB, 0xFC, 0xFE]))))
def test_real_time_bytes_anywhere_leave_the_other_events_unchanged(
    stream: bytes, insertions: list[tuple[int, int]]
) -> None:
    real_time = (Pulse, Start, Continue, Stop, Sensing)
    pierced = bytearray(stream)
    for place, byte in insertions:
        pierced.insert(place, byte)

    events = Decoder().feed(bytes(pierced), T)

    plain = [e for e in Decoder().feed(stream, T) if not isinstance(e, real_time)]
    assert [e for e in events if not isinstance(e, real_time)] == plain


@given(messy, messy)
def test_after_any_bytes_a_note_with_its_status_is_heard(stream: bytes, more: bytes) -> None:
    decoder = Decoder(max_sysex=16)
    decoder.feed(stream, T)
    decoder.feed(more, T)

    events = decoder.feed(bytes.fromhex("99 24 64"), T)

    assert events == [KICK]


@given(messy)
def test_no_event_is_longer_than_the_cap(stream: bytes) -> None:
    events = Decoder(max_sysex=8).feed(stream, T)

    assert all(len(e.data) <= 8 for e in events if isinstance(e, Other))


def test_endless_sysex_keeps_no_more_than_the_cap() -> None:
    decoder = Decoder(max_sysex=1024)
    decoder.feed(b"\xf0", T)

    held = []
    for _ in range(2000):
        decoder.feed(b"\x01", T)
        held.append(decoder.held)

    assert max(held) == 1023  # and F7, had it come
    assert decoder.faults == Faults(oversized=1)
