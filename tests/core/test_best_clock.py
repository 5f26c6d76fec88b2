"""Which of two clocks leads."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from pocket_core.best_clock import BestClock
from pocket_core.report import Report
from pocket_core.tempo import Meter
from pocket_core.transport import ClockEvent, Relocated, Started, Stopped, TransportChange
from pocket_core.types import Beats, Pulse, Seconds, Start, Stop

TOP = 10.0  # seconds
TICK = 1 / 48  # seconds at 120 BPM


def midi(start: float, end: float, *, stop: bool = True) -> list[ClockEvent]:
    """MIDI clock at 120 BPM from a time on, its stop included."""
    count = round((end - start) / TICK)
    pulses: list[ClockEvent] = [Pulse(Seconds(start + n * TICK)) for n in range(count)]
    return [Start(Seconds(start)), *pulses, *([Stop(Seconds(end))] if stop else [])]


def jack(start: float, end: float, beat: float = 0.0, *, stop: bool = True) -> list[ClockEvent]:
    """Reports at 120 BPM in 3/4, from a time on and a beat."""
    meter = Meter(3, 4)
    count = round((end - start) * 20)
    found: list[ClockEvent] = [
        Report(Seconds(start + n / 20), Beats(beat + n / 10), 120.0, True, meter) for n in range(count)
    ]
    last = Report(Seconds(end), Beats(beat + 2 * (end - start)), 120.0, False, meter)
    return [*found, *([last] if stop else [])]


def play(
    *parts: Sequence[ClockEvent], until: float = 0.0, clock: BestClock | None = None
) -> list[TransportChange]:
    clock = clock or BestClock()
    changes: list[TransportChange] = []
    for event in sorted((e for part in parts for e in part), key=lambda e: e.at):
        changes += clock.check(event.at)
        changes += clock.feed(event)
    return [*changes, *clock.check(Seconds(until))]


def kinds(changes: Sequence[TransportChange]) -> list[str]:
    return [f"{type(change).__name__} {change.at:g}" for change in changes]


def test_midi_clock_alone_is_followed() -> None:
    assert kinds(play(midi(TOP, 12))) == ["Started 10", "Stopped 12"]


def test_reports_alone_are_followed() -> None:
    clock = BestClock()

    changes = play(jack(TOP, 12, 4.0), clock=clock)

    assert kinds(changes) == ["Started 10", "Stopped 12"]
    assert clock.meter == Meter(3, 4)


def test_where_both_move_the_reports_lead() -> None:
    clock = BestClock()

    changes = play(jack(TOP, 12, 4.0), midi(TOP, 12), clock=clock)

    assert kinds(changes) == ["Started 10", "Stopped 12"]
    assert changes[0] == Started(Seconds(TOP), Beats(4.0), from_top=False)


def test_reports_that_begin_just_behind_the_midi_clock_take_over_without_a_stop() -> None:
    clock = BestClock()

    changes = play(midi(TOP, 12), jack(TOP + 0.1, 12, 0.2), clock=clock)

    assert kinds(changes) == ["Started 10", "Stopped 12"]
    assert clock.meter == Meter(3, 4)


def test_reports_that_take_over_with_another_position_relocate() -> None:
    changes = play(midi(TOP, 12), jack(TOP + 0.1, 12, 8.2))

    assert kinds(changes) == ["Started 10", "Relocated 10.1", "Stopped 12"]
    assert isinstance(changes[1], Relocated)
    assert changes[1].entered == 8.2


def test_reports_that_begin_in_mid_take_change_nothing() -> None:
    clock = BestClock()

    changes = play(midi(TOP, 14), jack(12.0, 14, 0.0), clock=clock)

    assert kinds(changes) == ["Started 10", "Stopped 14"]
    assert clock.meter is None


def test_midi_clock_that_begins_in_mid_take_changes_nothing() -> None:
    assert kinds(play(jack(TOP, 14), midi(12.0, 14))) == ["Started 10", "Stopped 14"]


def test_a_clock_that_moves_on_half_a_second_behind_the_others_stop_leads_then() -> None:
    changes = play(jack(TOP, 12), midi(TOP, 16))

    assert kinds(changes) == ["Started 10", "Stopped 12", "Started 12.5", "Stopped 16"]


def test_a_clock_that_stops_just_behind_the_other_makes_no_take_of_its_own() -> None:
    assert kinds(play(jack(TOP, 12), midi(TOP, 12.3), until=20.0)) == ["Started 10", "Stopped 12"]


def test_a_clock_that_falls_silent_in_that_time_makes_none_either() -> None:
    changes = play(jack(TOP, 12), midi(TOP, 12.1, stop=False), until=20.0)

    assert kinds(changes) == ["Started 10", "Stopped 12"]


def test_reports_that_start_again_lead_again() -> None:
    changes = play(jack(TOP, 12), midi(TOP, 12.2), jack(12.3, 13))

    assert kinds(changes) == ["Started 10", "Stopped 12", "Started 12.3", "Stopped 13"]


def test_another_goes_on_from_what_it_knows() -> None:
    for part in (midi(TOP, 12, stop=False), jack(TOP, 12, 4.0, stop=False)):
        clock = BestClock()
        play(part[:10], clock=clock)

        other = BestClock.of(clock.memory())

        assert other.running
        assert other.meter == clock.meter
        assert [*play(part[10:], until=20.0, clock=other)] == [*play(part[10:], until=20.0, clock=clock)]


spans = st.lists(st.tuples(st.booleans(), st.floats(0.05, 2.0), st.booleans()), max_size=6)


@given(spans, spans, st.lists(st.floats(0.0, 20.0), max_size=40))
def test_when_it_is_asked_changes_nothing(
    of_midi: Sequence[tuple[bool, float, bool]],
    of_jack: Sequence[tuple[bool, float, bool]],
    asked: Sequence[float],
) -> None:
    events: list[ClockEvent] = []
    for spans, make in ((of_midi, midi), (of_jack, jack)):
        at = TOP
        for moves, length, says in spans:
            events += make(at, at + length, stop=says) if moves else []
            at += length
    events.sort(key=lambda e: e.at)
    seldom, often = BestClock(), BestClock()
    seldom.check(Seconds(0.0))
    often.check(Seconds(0.0))

    rarely: list[TransportChange] = []
    frequently: list[TransportChange] = []
    times = sorted((TOP + a for a in asked), reverse=True)
    for event in events:
        while times and times[-1] < event.at:
            frequently += often.check(Seconds(times.pop()))
        rarely += seldom.feed(event)
        frequently += often.feed(event)
        assert seldom.running == often.running
    rarely += seldom.check(Seconds(100.0))
    frequently += often.check(Seconds(100.0))

    assert rarely == frequently
    running = False
    for change in rarely:
        assert isinstance(change, Started) != running
        running = not isinstance(change, Stopped)
