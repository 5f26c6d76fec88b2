"""Whatever comes in, in whatever order: no stuck note, no lost note, no note-off before its note-on."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from pocket_core.best_clock import BestClock
from pocket_core.clock import MapClock, PulseClock
from pocket_core.engine import Engine
from pocket_core.predict import Prediction, Predictor
from pocket_core.report import Report, encode_report
from pocket_core.report_clock import ReportClock
from pocket_core.settings import Settings
from pocket_core.tempo import Meter, TempoChange, TempoMap
from pocket_core.testing import (
    BrokenPredictor,
    ChainPredictor,
    EagerPredictor,
    FixedPredictor,
    MoodyPredictor,
    SayingPredictor,
    voicing,
)
from pocket_core.transport import SongClock
from pocket_core.types import Beats, Due, Port, Seconds
from pocket_core.wire import control_change, note_off, note_on, song_position

DRUMS, HUMAN, CONTROL = Port.DRUMS, Port.HUMAN, Port.CONTROL

Act = tuple[float, Port, bytes]  # seconds since the act before, where, what

LAST = 1.5  # seconds; nothing is still to leave so long behind the last that came, at any of these tempos

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
reports = st.builds(
    Report,
    st.just(Seconds(0.0)),
    st.sampled_from([0.0, 0.0, 4.0, 7.9, 33.0, 3.96, -1.0]).map(Beats),
    st.sampled_from([120.0, 120.0, 90.0]),
    st.sampled_from([True, True, True, False]),
    st.sampled_from([None, Meter(4, 4), Meter(7, 8)]),
).map(encode_report)
controls = st.builds(
    control_change, st.just(0), st.sampled_from([20, 21, 22]), st.sampled_from([0, 30, 64, 100, 127])
)
acts = st.lists(
    st.one_of(
        st.tuples(gaps, st.just(DRUMS), drum_messages),
        st.tuples(gaps, st.just(DRUMS), drum_messages),
        st.tuples(gaps, st.just(HUMAN), drum_messages),
        st.tuples(gaps, st.sampled_from([CONTROL, DRUMS]), clock_messages),
        st.tuples(gaps, st.just(CONTROL), reports),
        st.tuples(gaps, st.just(CONTROL), controls),
    ),
    min_size=60,
    max_size=200,
)
ABSURD = voicing({0: -1e30, 1: 1e30, 2: 0.3}, {0: -1e30, 1: 1e30}, spread=0.5, velocity_spread=0.5)
clocks = st.sampled_from(["pulses", "reports", "best", "map", "by hit"])


@dataclass(frozen=True)
class Player:
    """A model, and how it is listened to."""

    predictor: Predictor
    expressive: float = 0.0
    dynamics: float = 0.0
    notice: float = 0.0  # seconds


players = st.sampled_from(
    [
        Player(FixedPredictor(0.03)),
        Player(FixedPredictor(-0.5)),
        Player(EagerPredictor()),
        Player(BrokenPredictor()),
        Player(MoodyPredictor()),
        Player(MoodyPredictor(-0.08), expressive=1.0, dynamics=1.0),
        Player(MoodyPredictor(0.04), expressive=0.5),
        Player(SayingPredictor(Prediction(Seconds(0.0), None, ABSURD)), expressive=1.0, dynamics=1.0),
        Player(EagerPredictor(), notice=0.005),
        Player(FixedPredictor(-0.5), notice=0.005),
        Player(MoodyPredictor(0.04), expressive=0.5, notice=0.025),
    ]
)


def new(kind: str, player: Player) -> Engine:
    tempo = TempoMap(
        [TempoChange(Beats(0), 120.0), TempoChange(Beats(3), 150.0), TempoChange(Beats(5), 90.0)]
    )
    clock: SongClock = MapClock(tempo, origin=Seconds(0.0) if kind == "map" else None)
    if kind in ("pulses", "reports", "best"):
        others: list[SongClock] = [PulseClock(), ReportClock(), BestClock()]
        clock = others[("pulses", "reports", "best").index(kind)]
    settings = Settings(
        start_on_hit=kind == "by hit",
        expressive=player.expressive,
        dynamics=player.dynamics,
        notice=Seconds(player.notice),
    )
    return Engine(settings, clock, player.predictor)


def played_out(due: list[Due]) -> list[Due]:
    """Return the order in which a back end lets out what it was handed ahead of its time."""
    return sorted(due, key=lambda d: d.at)


def play(
    kind: str, player: Player, played: list[Act], *, poll: bool, asked: Sequence[float] = ()
) -> tuple[Engine, list[Due]]:
    """Feed an engine; poll it at each act or not, and, in turn, at these parts of the times between acts."""
    engine = new(kind, player)
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
    return engine, played_out(due + engine.take_due(Seconds(math.inf)))


@settings(max_examples=150, deadline=None)
@given(clocks, players, acts)
def test_no_note_is_lost_stuck_or_released_before_it_sounds(
    kind: str, player: Player, played: list[Act]
) -> None:
    engine, due = play(kind, player, played, poll=True)

    hard = not player.dynamics  # velocities are as they came
    struck = Counter(
        (d[0] & 15, d[1], hard and d[2]) for _, p, d in played if p is DRUMS and d[0] >> 4 == 9 and d[2] > 0
    )
    left = Counter((d.data[0] & 15, d.data[1], hard and d.data[2]) for d in due if d.data[0] >> 4 == 9)
    assert left == struck
    assert all(1 <= d.data[2] <= 127 for d in due if d.data[0] >> 4 == 9)
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
@given(clocks, players, acts)
def test_messages_leave_within_the_limits(kind: str, player: Player, played: list[Act]) -> None:
    engine, due = play(kind, player, played, poll=True)

    times = [d.at for d in due]
    assert not times or times[-1] < sum(gap for gap, _, _ in played) + LAST
    for record in engine.take_records():
        assert record.played_ms >= -109
        assert math.isfinite(record.forecast_ms)


@settings(max_examples=100, deadline=None)
@given(clocks, players, acts)
def test_how_often_the_engine_is_asked_changes_nothing(kind: str, player: Player, played: list[Act]) -> None:
    _, polled = play(kind, player, played, poll=True)
    _, at_the_end = play(kind, player, played, poll=False)

    assert polled == at_the_end


@settings(max_examples=100, deadline=None)
@given(clocks, players, acts, st.lists(st.floats(0.01, 0.99), min_size=1, max_size=7))
def test_when_the_engine_is_asked_changes_nothing(
    kind: str, player: Player, played: list[Act], asked: list[float]
) -> None:
    _, often = play(kind, player, played, poll=False, asked=asked)
    _, at_the_end = play(kind, player, played, poll=False)

    assert often == at_the_end


@settings(max_examples=50, deadline=None)
@given(clocks, acts, st.lists(st.floats(0.01, 0.99), min_size=1, max_size=7))
def test_when_the_engine_is_asked_changes_nothing_of_what_a_model_hears(
    kind: str, played: list[Act], asked: list[float]
) -> None:
    player = Player(ChainPredictor(-0.05))
    often, _ = play(kind, player, played, poll=True, asked=asked)
    at_the_end, _ = play(kind, player, played, poll=False)

    (one,), (other,) = often._decider._state, at_the_end._decider._state  # all that it was asked of what left
    np.testing.assert_array_equal(one, other)


@settings(max_examples=100, deadline=None)
@given(clocks, players, acts, st.lists(st.floats(0.0, 0.03), min_size=1, max_size=7))
def test_what_is_stamped_late_or_out_of_order_leaves_whole_and_not_in_the_past(
    kind: str, player: Player, played: list[Act], lateness: list[float]
) -> None:
    engine = new(kind, player)
    now, due, late = 0.0, list[Due](), cycle(lateness)
    for gap, port, data in played:
        before, now = now, now + gap
        left = engine.take_due(Seconds(now))
        assert all(before <= d.at <= now + player.notice + 1e-9 for d in left)
        assert left == played_out(left)
        due += left
        engine.receive(data, port, Seconds(now - next(late)))
    engine.flush(Seconds(now))
    due += engine.take_due(Seconds(math.inf))

    assert player.notice or due == played_out(due)
    assert engine.idle
    assert engine.counts.lost == 0


@settings(max_examples=50, deadline=None)
@given(clocks, players, acts)
def test_doing_what_is_due_until_nothing_is_comes_to_an_end(
    kind: str, player: Player, played: list[Act]
) -> None:
    engine = new(kind, player)
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
    engine, _ = play("pulses", Player(FixedPredictor(0.02)), played, poll=True)

    assert engine.idle
    assert engine.counts.lost == 0
