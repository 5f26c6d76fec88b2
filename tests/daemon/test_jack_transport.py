"""What is said of JACK's transport, cycle by cycle."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pocket_core.report import Report, encode_report
from pocket_core.tempo import Meter
from pocketd.backends.jack_transport import BBT, ROLLING, STOPPED, TransportWatch

STARTING = 3
RATE, FRAMES = 48_000, 256
FOUR, SIX = Meter(4, 4), Meter(6, 8)
GARBAGE = 738_200_896


@dataclass
class Place:
    """A position as JACK tells it."""

    frame: int = 0
    frame_rate: int = RATE
    valid: int = BBT
    bar: int = 1
    beat: int = 1
    tick: int = 0
    beats_per_bar: float = 4.0
    beat_type: float = 4.0
    ticks_per_beat: float = 1920.0
    beats_per_minute: float = 120.0
    bbt_offset: int = 0


def place(frame: int, bpm: float = 120.0, meter: Meter = FOUR, *, quarters: bool = False) -> Place:
    """What a timebase master makes of a frame; `quarters`: its tempo is of these, whatever the unit."""
    unit = meter.denominator / 4 if quarters else 1.0
    beats = frame / RATE * bpm * unit / 60
    bar = int(beats // meter.numerator)
    beat = int(beats - bar * meter.numerator)
    tick = int((beats % 1) * 1920)
    return Place(frame, RATE, BBT, bar + 1, beat + 1, tick, meter.numerator, meter.denominator, 1920.0, bpm)


def bare(frame: int) -> Place:
    return Place(frame, valid=0, bar=GARBAGE, beat=GARBAGE, beats_per_minute=1e-312)


def roll(watch: TransportWatch, start: int, cycles: int, bpm: float = 120.0) -> list[Report]:
    found = (watch.look(ROLLING, place(start + n * FRAMES, bpm), FRAMES) for n in range(cycles))
    return [report for report in found if report is not None]


def test_a_transport_that_begins_to_roll_says_where() -> None:
    watch = TransportWatch()
    watch.look(STOPPED, place(RATE * 3), FRAMES)

    report = watch.look(ROLLING, place(RATE * 3, meter=Meter(3, 4)), FRAMES)

    assert report is not None
    assert (report.beat, report.bpm, report.rolling, report.meter) == (6.0, 120.0, True, Meter(3, 4))


def test_while_it_stands_it_says_nothing() -> None:
    watch = TransportWatch()

    found = [watch.look(STOPPED, place(n * 1000), FRAMES) for n in range(100)]

    assert found == [None] * 100


def test_while_it_rolls_it_is_heard_of_twenty_times_a_second() -> None:
    watch = TransportWatch()

    reports = roll(watch, 0, 10 * RATE // FRAMES)

    assert 180 <= len(reports) <= 202
    assert all(r.beat * RATE / 2 % FRAMES < 15 or r.beat * RATE / 2 % FRAMES > FRAMES - 15 for r in reports)


def test_it_says_once_that_it_stands() -> None:
    watch = TransportWatch()
    roll(watch, 0, 10)

    found = [watch.look(STOPPED, place(10 * FRAMES), FRAMES) for _ in range(5)]

    assert found[0] is not None
    assert not found[0].rolling
    assert found[1:] == [None] * 4


def test_a_relocation_is_told_as_soon_as_its_bar_is_known() -> None:
    watch = TransportWatch()
    roll(watch, 0, 12)
    during = [watch.look(STARTING, bare(RATE), FRAMES), watch.look(ROLLING, bare(RATE), FRAMES)]

    report = watch.look(ROLLING, place(RATE + FRAMES), FRAMES)

    assert during == [None, None]
    assert report is not None
    assert report.beat == pytest.approx(2 + 2 * FRAMES / RATE, abs=1e-3)


def test_a_loop_is_told_in_its_first_cycle() -> None:
    watch = TransportWatch()
    roll(watch, RATE, 12)

    report = watch.look(ROLLING, place(0), FRAMES)

    assert report is not None
    assert report.beat == 0.0


def test_a_new_tempo_is_told_at_once() -> None:
    watch = TransportWatch()
    roll(watch, 0, 12)

    report = watch.look(ROLLING, place(12 * FRAMES, 90.0), FRAMES)

    assert report is not None
    assert report.bpm == 90.0


@pytest.mark.parametrize("quarters", [True, False])
def test_a_tempo_in_other_units_than_quarter_notes_is_known_by_how_the_song_moves(quarters: bool) -> None:
    watch = TransportWatch()
    places = [place(n * FRAMES, meter=SIX, quarters=quarters) for n in range(40)]

    reports = [watch.look(ROLLING, each, FRAMES) for each in places]

    told = [r for r in reports if r is not None]
    assert told[-1].bpm == (120.0 if quarters else 60.0)
    assert told[1].bpm == told[-1].bpm
    assert told[-1].meter == SIX


def test_bare_frames_say_nothing_where_nobody_has_said_a_tempo() -> None:
    watch = TransportWatch()

    found = [watch.look(ROLLING, bare(n * FRAMES), FRAMES) for n in range(200)]

    assert found == [None] * 200


def test_bare_frames_are_counted_at_a_tempo_that_was_asked_for() -> None:
    watch = TransportWatch(90.0)

    report = watch.look(ROLLING, bare(2 * RATE), FRAMES)

    assert report is not None
    assert (report.beat, report.bpm, report.meter) == (3.0, 90.0, None)


def test_a_master_that_says_nothing_for_a_cycle_is_waited_for() -> None:
    watch = TransportWatch(90.0)
    watch.look(STOPPED, place(0), FRAMES)

    found = [watch.look(ROLLING, bare(n * FRAMES), FRAMES) for n in range(3)]

    assert found == [None] * 3


def test_another_server_is_begun_with_anew() -> None:
    watch = TransportWatch()
    roll(watch, 0, 12)
    watch.begin()

    standing = watch.look(STOPPED, place(0), FRAMES)
    (first, *_) = roll(watch, 0, 1)

    assert standing is None
    assert first.beat == 0.0


anything = st.floats() | st.sampled_from([0.0, 4.0, -1.0])
whole = st.integers(-(2**31), 2**31 - 1)
places = st.builds(
    Place, st.integers(0, 2**32 - 1), st.just(RATE), st.sampled_from([0, BBT, 0x50]), whole, whole, whole,
    anything, anything, anything, anything, whole,
)  # fmt: skip


@given(st.lists(st.tuples(st.sampled_from([0, 1, 1, 1, 3, 4]), places), max_size=20), st.booleans())
def test_whatever_jack_says_every_report_can_be_sent(script: list[tuple[int, Place]], told: bool) -> None:
    watch = TransportWatch(100.0 if told else None)
    for state, found in script:
        report = watch.look(state, found, FRAMES)

        assert report is None or len(encode_report(report)) == 20
