"""What an engine knew at a start or a stop, and another that goes on from it."""

from __future__ import annotations

from itertools import accumulate

from hypothesis import given, settings
from hypothesis import strategies as st

from pocket_core.clock import MapClock, PulseClock
from pocket_core.engine import Engine
from pocket_core.likeness import Likeness
from pocket_core.predict import ZeroPredictor
from pocket_core.settings import Settings
from pocket_core.tempo import TempoChange, TempoMap
from pocket_core.testing import FixedPredictor, hit
from pocket_core.types import Beats, Port, Pulse, Seconds, Start
from pocket_core.wire import control_change

START, CONTINUE, STOP = b"\xfa", b"\xfb", b"\xfc"
SLOW = TempoMap([TempoChange(Beats(0.0), 120.0)])
LATE = Likeness(mean=0.02)


def engine() -> Engine:
    return Engine(Settings(), MapClock(SLOW, None), FixedPredictor())


def say(engine: Engine, data: bytes, at: float) -> None:
    engine.receive(data, Port.CONTROL, Seconds(at))


def test_a_start_from_the_top_begins_with_whom_is_recalled() -> None:
    machine = engine()
    machine.recall(LATE)

    say(machine, START, 1.0)

    (memory,) = machine.take_memories()
    assert (memory.at, memory.running, memory.anew) == (1.0, True, True)
    assert memory.likeness.mean == 0.02


def test_to_continue_goes_on_with_whom_was_heard() -> None:
    machine = engine()
    say(machine, START, 1.0)
    hit(machine, 1.51, port=Port.HUMAN)
    say(machine, STOP, 2.0)
    machine.recall(LATE)

    say(machine, CONTINUE, 3.0)

    _, stopped, went_on = machine.take_memories()
    assert stopped.likeness.everywhere.weight == 1.0
    assert went_on.likeness == stopped.likeness
    assert not went_on.anew


def test_without_anybody_to_recall_a_start_begins_with_whom_was_heard() -> None:
    machine = engine()
    say(machine, START, 1.0)
    hit(machine, 1.51, port=Port.HUMAN)
    say(machine, STOP, 2.0)

    say(machine, START, 3.0)

    _, stopped, again = machine.take_memories()
    assert again.likeness == stopped.likeness
    assert again.anew


def test_what_controllers_have_moved_is_remembered_and_gone_on_from() -> None:
    machine, other = engine(), Engine(Settings(), PulseClock(), ZeroPredictor())
    say(machine, control_change(0, 20, 0), 0.5)
    say(machine, control_change(0, 22, 74), 0.5)
    say(machine, START, 1.0)
    (memory,) = machine.take_memories()

    other.resume(memory)

    assert (other.settings.amount, other.settings.laid_back) == (0.0, 0.010)
    assert memory.clock_port is Port.CONTROL


def test_what_nobody_takes_is_kept_up_to_a_limit() -> None:
    machine = engine()

    for n in range(40):
        say(machine, START, 1.0 + n)
        say(machine, STOP, 1.5 + n)

    assert [m.at for m in machine.take_memories()] == [n / 2 for n in range(66, 82)]
    assert machine.take_memories() == []


gaps = st.lists(st.floats(0.001, 0.2), min_size=2, max_size=80)


@settings(max_examples=200, deadline=None)
@given(gaps, st.data())
def test_a_clock_goes_on_from_what_another_knew(between: list[float], data: st.DataObject) -> None:
    times = list(accumulate(between))
    cut = data.draw(st.integers(1, len(times)))
    clock = PulseClock()
    clock.feed(Start(Seconds(0.0)))
    for at in times[:cut]:
        clock.feed(Pulse(Seconds(at)))

    other = PulseClock.of(clock.memory())

    for at in times[cut:]:
        assert other.feed(Pulse(Seconds(at))) == clock.feed(Pulse(Seconds(at)))
        if not clock.running:
            break
        assert other.memory().loop == clock.memory().loop
        assert abs(other.beat_at(Seconds(at)) - clock.beat_at(Seconds(at))) < 1e-9


def test_a_known_tempo_goes_on_from_where_it_was() -> None:
    clock = MapClock(SLOW, None)
    clock.feed(Start(Seconds(3.0)))
    clock.check(Seconds(4.0))

    other = MapClock.of(clock.memory(), SLOW)

    assert other.running
    assert other.beat_at(Seconds(5.0)) == 4.0
