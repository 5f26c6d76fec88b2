from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pocket_core.errors import TakeError
from pocket_core.likeness import Figure, Likeness, Sum, Visit
from pocket_core.memory import Arrival, ClockMemory, Corner, LoopMemory, Memory, RoundedMemory
from pocket_core.records import TimestepRecord
from pocket_core.status import Counts
from pocket_core.tempo import Meter
from pocket_core.transport import Relocated, Started, Stopped
from pocket_core.types import Beats, Port, Seconds
from pocket_core.voices import VOICES
from pocketd.desk_records import (
    Dropped,
    Fault,
    Message,
    Record,
    Remembered,
    Timestep,
    TransportJump,
    decode,
    encode,
    transport_record,
)
from tests.daemon.take_story import story

numbers = st.floats(allow_nan=False, allow_infinity=False)
times = numbers.map(Seconds)
words = st.text(st.characters(codec="utf-8"))
messages = st.builds(
    Message, at=times, port=st.sampled_from(Port), data=st.binary(max_size=40), told=st.none() | times
)
faults = st.builds(Fault, at=times, about=words, text=words)
timesteps = st.builds(
    Timestep,
    timestep=st.builds(
        TimestepRecord,
        index=st.integers(0, 10**9),
        nominal_s=times,
        bar=st.integers(-10, 10**6),
        beat=numbers,
        voices=st.lists(st.sampled_from(VOICES)).map(tuple),
        forecast_ms=numbers,
        refined_ms=numbers,
        played_ms=numbers,
        committed_s=times,
        human_s=st.none() | times,
        diff_ms=st.none() | numbers,
    ),
)
small = st.integers(-(10**6), 10**6)
sums = st.lists(st.builds(Sum, small, numbers, numbers), max_size=3).map(tuple)
figures = st.lists(st.builds(Figure, small, numbers), max_size=3).map(tuple)
visits = st.lists(st.builds(Visit, small, numbers, st.none() | numbers), max_size=3).map(tuple)
arrivals = st.lists(st.builds(Arrival, times, small), max_size=3).map(tuple)
likenesses = st.builds(
    Likeness,
    mean=numbers,
    shape=figures,
    everywhere=st.builds(Sum, small, numbers, numbers),
    by_beat=sums,
    by_half_bar=sums,
    by_bar=sums,
    by_voice=sums,
    fast=numbers,
    slow=numbers,
    newest=visits,
    meets=figures,
    velocity=figures,
)
corners = st.lists(st.builds(Corner, numbers, numbers), max_size=3).map(tuple)
grids = st.builds(RoundedMemory, numbers, numbers, small, corners, arrivals, numbers, *[small] * 5)
runs = st.lists(numbers, max_size=3).map(tuple)
loops = st.builds(
    LoopMemory, small, *[numbers] * 3, small, *[numbers] * 6, arrivals, runs, small, st.none() | grids
)
meters = st.builds(Meter, st.integers(1, 64), st.sampled_from([2, 4, 8]))
clocks = st.builds(
    ClockMemory, times, times, st.booleans(), st.none() | loops, st.none() | numbers, st.none() | meters
)
memories = st.builds(
    Remembered,
    memory=st.builds(
        Memory,
        at=times,
        running=st.booleans(),
        anew=st.booleans(),
        waiting=small,
        amount=numbers,
        bypass=st.booleans(),
        laid_back=times,
        likeness=likenesses,
        clock=st.none() | clocks,
        clock_port=st.none() | st.sampled_from(Port),
        hit=st.none() | times,
    ),
)
records: st.SearchStrategy[Record] = st.one_of(
    messages, faults, timesteps, memories, st.builds(Dropped, records=st.integers(0, 10**12))
)


@given(records)
def test_a_record_comes_back_from_its_line_bit_for_bit(record: Record) -> None:
    line = encode(record)

    assert decode(line) == record
    assert line.count(b"\n") == 1
    assert line.endswith(b"\n")


@pytest.mark.parametrize("record", story(), ids=lambda r: r.kind)
def test_every_record_of_a_take_comes_back_from_its_line(record: Record) -> None:
    assert decode(encode(record)) == record


@given(st.binary(max_size=80))
def test_any_bytes_are_a_record_or_an_error_of_one_line(line: bytes) -> None:
    problem = ""
    try:
        decode(line)
    except TakeError as error:
        problem = str(error)

    assert "\n" not in problem


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ('{"kind":"message","at":1.0,"port":"cowbell","data":"f8"}', "message.port"),
        ('{"kind":"message","at":1.0,"port":"out","data":"f8","more":1}', "message.more"),
        ('{"kind":"message","at":"1","port":"out","data":"f8"}', "message.at"),
        ('{"kind":"message","at":NaN,"port":"out","data":"f8"}', "message.at"),
        ('{"kind":"massage"}', "massage"),
        ("[]", "object"),
    ],
)
def test_a_wrong_line_says_what_is_wrong_with_it(line: str, says: str) -> None:
    with pytest.raises(TakeError, match=says):
        decode(line.encode())


def test_a_message_is_written_in_hexadecimal() -> None:
    line = encode(Message(at=Seconds(1.5), port=Port.OUT, data=bytes.fromhex("992464")))

    assert json.loads(line) == {
        "kind": "message",
        "at": 1.5,
        "port": "out",
        "data": "992464",
        "told": None,
    }


def test_changes_of_the_transport_are_told_with_what_the_engine_counted() -> None:
    counts, meter = Counts(events_in=3, events_out=2), Meter(7, 8)

    told = [
        transport_record(change, 90.0, meter, counts)
        for change in (
            Started(Seconds(1.0), Beats(0.0), True),
            Relocated(Seconds(2.0), Beats(8.0), Beats(4.0)),
            Stopped(Seconds(3.0), Beats(6.0)),
        )
    ]

    assert [record.kind for record in told] == ["start", "jump", "stop"]
    assert told[1] == TransportJump(at=Seconds(2.0), left=Beats(8.0), entered=Beats(4.0))
    assert not isinstance(told[0], TransportJump)
    assert told[0].tally.lost == 1
