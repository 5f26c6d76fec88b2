"""Whatever comes in, in whatever order: no stuck note, no lost note, no note-off before its note-on."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from itertools import cycle

from hypothesis import given, settings
from hypothesis import strategies as st

from pocket_core.clock import MapClock, PulseClock
from pocket_core.engine import Engine
from pocket_core.settings import Settings
from pocket_core.tempo import TempoChange, TempoMap
from pocket_core.testing import BrokenPredictor, EagerPredictor, FixedPredictor
from pocket_core.transport import SongClock
from pocket_core.types import Beats, Due, Port, Seconds
from pocket_core.wire import control_change, note_off, note_on, song_position

DRUMS, HUMAN, CONTROL = Port.DRUMS, Port.HUMAN, Port.CONTROL

Act = tuple[float, Port, bytes]  # seconds since the act before, where, what

gaps = st.sampled_from([0.0, 0.0, 0.0005, 0.004, 0.0208, 0.0208, 0.06, 0.13, 0.4])
notes = st.sampled_from([36, 38, 42, 60])  # the last is outside the map
channels = st.sampled_from([0, 9])
drum_messages = st.one_of(
    st.builds(note_on, channels, notes, st.integers(0, 127)),
    st.builds(note_off, channels, notes, st.integers(0, 127)),
    st.builds(control_change, channels, st.sampled_from([1, 120, 123]), st.just(0)),
    st.just(bytes.fromhex("A9 24 40")),
    st.just(bytes.fromhex("F0 7E 7F F7")),
)
clock_messages = st.one_of(
    st.sampled_from([b"\xf8"] * 8 + [b"\xfa", b"\xfa", b"\xfb", b"\xfc"]),
    st.builds(song_position, st.integers(0, 64)),
)
controls = st.builds(
    control_change, st.just(0), st.sampled_from([20, 21, 22]), st.sampled_from([0, 30, 64, 100, 127])
)
acts = st.lists(
    st.one_of(
        st.tuples(gaps, st.just(DRUMS), drum_messages),
        st.tuples(gaps, st.just(DRUMS), drum_messages),
        st.tuples(gaps, st.just(HUMAN), drum_messages),
        st.tuples(gaps, st.sampled_from([CONTROL, DRUMS]), clock_messages),
        st.tuples(gaps, st.just(CONTROL), controls),
    ),
    min_size=60,
    max_size=200,
)
clocks = st.sampled_from(["pulses", "map", "by hit"])
predictors = st.sampled_from(
    [FixedPredictor(0.03), FixedPredictor(-0.5), EagerPredictor(), BrokenPredictor()]
)


def new(kind: str, predictor: FixedPredictor) -> Engine:
    tempo = TempoMap(
        [TempoChange(Beats(0), 120.0), TempoChange(Beats(3), 150.0), TempoChange(Beats(5), 90.0)]
    )
    clock: SongClock = PulseClock()
    if kind != "pulses":
        clock = MapClock(tempo, origin=Seconds(0.0) if kind == "map" else None)
    return Engine(Settings(start_on_hit=kind == "by hit"), clock, predictor)


def play(
    kind: str, predictor: FixedPredictor, played: list[Act], *, poll: bool, asked: Sequence[float] = ()
) -> tuple[Engine, list[Due]]:
    """Feed an engine; poll it at each act or not, and, in turn, at these parts of the times between acts."""
    engine = new(kind, predictor)
    now, due = 0.0, []
    parts = cycle(asked)
    for gap, port, data in played:
        due += [] if not asked else engine.take_due(Seconds(now + next(parts) * gap))
        now += gap
        if poll:
            due += engine.take_due(Seconds(now))
        engine.receive(data, port, Seconds(now))
    due += engine.take_due(Seconds(now))
    engine.flush(Seconds(now))
    return engine, due + engine.take_due(Seconds(math.inf))


@settings(max_examples=150, deadline=None)
@given(clocks, predictors, acts)
def test_no_note_is_lost_stuck_or_released_before_it_sounds(
    kind: str, predictor: FixedPredictor, played: list[Act]
) -> None:
    engine, due = play(kind, predictor, played, poll=True)

    struck = Counter(
        (d[0] & 15, d[1], d[2]) for _, p, d in played if p is DRUMS and d[0] >> 4 == 9 and d[2] > 0
    )
    left = Counter((d.data[0] & 15, d.data[1], d.data[2]) for d in due if d.data[0] >> 4 == 9)
    assert left == struck
    sounding: set[tuple[int, int]] = set()
    for message in due:
        key = (message.data[0] & 15, message.data[1])
        if message.data[0] >> 4 == 9:
            assert key not in sounding
            sounding.add(key)
        elif message.data[0] >> 4 == 8:
            assert key in sounding
            sounding.remove(key)
    assert not sounding
    assert engine.idle
    assert engine.counts.lost == 0


@settings(max_examples=100, deadline=None)
@given(clocks, predictors, acts)
def test_messages_leave_in_order_of_time_and_within_the_limits(
    kind: str, predictor: FixedPredictor, played: list[Act]
) -> None:
    engine, due = play(kind, predictor, played, poll=True)

    times = [d.at for d in due]
    assert times == sorted(times)
    for record in engine.take_records():
        assert record.played_ms >= -109
        assert math.isfinite(record.forecast_ms)


@settings(max_examples=100, deadline=None)
@given(clocks, predictors, acts)
def test_how_often_the_engine_is_asked_changes_nothing(
    kind: str, predictor: FixedPredictor, played: list[Act]
) -> None:
    _, polled = play(kind, predictor, played, poll=True)
    _, at_the_end = play(kind, predictor, played, poll=False)

    assert polled == at_the_end


@settings(max_examples=100, deadline=None)
@given(clocks, predictors, acts, st.lists(st.floats(0.01, 0.99), min_size=1, max_size=7))
def test_when_the_engine_is_asked_changes_nothing(
    kind: str, predictor: FixedPredictor, played: list[Act], asked: list[float]
) -> None:
    _, often = play(kind, predictor, played, poll=False, asked=asked)
    _, at_the_end = play(kind, predictor, played, poll=False)

    assert often == at_the_end


@settings(max_examples=100, deadline=None)
@given(clocks, predictors, acts, st.lists(st.floats(0.0, 0.03), min_size=1, max_size=7))
def test_what_is_stamped_late_or_out_of_order_leaves_whole_and_not_in_the_past(
    kind: str, predictor: FixedPredictor, played: list[Act], lateness: list[float]
) -> None:
    engine = new(kind, predictor)
    now, due, late = 0.0, list[Due](), cycle(lateness)
    for gap, port, data in played:
        now += gap
        left = engine.take_due(Seconds(now))
        assert all(d.at >= due[-1].at for d in left[:1] if due)
        due += left
        engine.receive(data, port, Seconds(now - next(late)))
    engine.flush(Seconds(now))
    due += engine.take_due(Seconds(math.inf))

    assert [d.at for d in due] == sorted(d.at for d in due)
    assert engine.idle
    assert engine.counts.lost == 0


@settings(max_examples=50, deadline=None)
@given(clocks, predictors, acts)
def test_doing_what_is_due_until_nothing_is_comes_to_an_end(
    kind: str, predictor: FixedPredictor, played: list[Act]
) -> None:
    engine = new(kind, predictor)
    now, turns = 0.0, 0
    for gap, port, data in played:
        now += gap
        while (at := engine.next_due()) is not None and at < now:
            engine.take_due(Seconds(math.nextafter(at, math.inf)))
            turns += 1
        engine.receive(data, port, Seconds(now))
    while (at := engine.next_due()) is not None:
        engine.take_due(Seconds(math.nextafter(at, math.inf)))
        turns += 1
        assert turns < 10 * len(played)

    assert engine.counts.lost == 0


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(gaps, st.sampled_from([DRUMS, HUMAN, CONTROL]), st.binary(max_size=8)), max_size=60)
)
def test_any_bytes_on_any_port_leave_no_note_behind(played: list[Act]) -> None:
    engine, _ = play("pulses", FixedPredictor(0.02), played, poll=True)

    assert engine.idle
    assert engine.counts.lost == 0
