from __future__ import annotations

import pytest

from pocket_core.best_clock import BestClock
from pocket_core.clock import PulseClock
from pocket_core.report import Report, encode_report
from pocket_core.settings import HumanFilter, Settings
from pocket_core.types import Beats, Port, Seconds
from pocket_core.wire import control_change, note_off, note_on
from pocketd.backends.protocol import Incoming
from pocketd.ears import NEWEST, Ears, Heard

KICK = note_on(9, 36, 100)


def ears(settings: Settings | None = None) -> Ears:
    return Ears(settings or Settings(), PulseClock())


def tell(listening: Ears, port: Port, data: bytes, at: float) -> None:
    listening.hear(Incoming(Seconds(at), port, data))


def clocked(listening: Ears, seconds: float, *, port: Port = Port.CONTROL, bpm: float = 120.0) -> None:
    """Start at 1 s, with a kick on each beat 120 ms early on `drums`."""
    tick = 60 / bpm / 24
    timed = [(1.0, port, b"\xfa")]
    timed += [(1.0 + n * tick, port, b"\xf8") for n in range(round(seconds / tick))]
    timed += [(1.0 + n * 24 * tick - 0.12, Port.DRUMS, KICK) for n in range(round(seconds / tick / 24))]
    for at, where, data in sorted(timed, key=lambda each: each[0]):
        tell(listening, where, data, at)


def test_notes_are_counted_by_port_and_those_of_the_musician_that_count_apart() -> None:
    listening = ears(Settings(human=HumanFilter(least_velocity=20)))

    for data in (note_on(0, 60, 19), note_on(0, 60, 20), note_off(0, 60), note_on(0, 60, 0)):
        tell(listening, Port.HUMAN, data, 1.0)
    tell(listening, Port.DRUMS, KICK, 1.0)
    tell(listening, Port.CONTROL, control_change(0, 20, 64), 1.0)

    heard = listening.heard
    assert heard.notes == {Port.HUMAN: 2, Port.DRUMS: 1}
    assert (heard.onsets, heard.moves) == (1, 1)


def test_where_a_transport_reports_no_pulse_is_waited_for() -> None:
    listening = Ears(Settings(), BestClock(120.0))
    report = Report(Seconds(1.0), Beats(4.0), 120.0, rolling=True)

    tell(listening, Port.DRUMS, KICK, 0.9)
    tell(listening, Port.CONTROL, encode_report(report), 1.0)
    tell(listening, Port.DRUMS, KICK, 1.5)

    heard = listening.heard
    assert heard.running
    assert [strike.beat for strike in heard.strikes] == pytest.approx([5.0])


def test_a_program_change_is_a_move_and_a_report_is_none() -> None:
    listening = ears()

    tell(listening, Port.CONTROL, b"\xc0\x03", 1.0)
    tell(listening, Port.CONTROL, encode_report(Report(Seconds(1.1), Beats(0.0), 120.0, rolling=True)), 1.1)

    assert listening.heard.moves == 1


def test_a_drum_note_of_no_voice_is_named() -> None:
    listening = ears()

    for note in (61, 36, 60, 61):
        tell(listening, Port.DRUMS, note_on(9, note, 90), 1.0)

    assert listening.heard.strays == (60, 61)


def test_the_clock_is_followed_and_drums_have_their_place_in_the_song_once_its_tempo_is_known() -> None:
    listening = ears()

    clocked(listening, 4.0, bpm=90)

    heard = listening.heard
    assert heard.running
    assert heard.bpm == pytest.approx(90, abs=0.1)
    assert heard.pulses[Port.CONTROL] == 144
    places = [strike.beat for strike in heard.strikes]
    assert places == pytest.approx([n - 0.18 for n in (2, 3, 4, 5)], abs=0.002)
    assert all(strike.voice == 0 for strike in heard.strikes)


def test_two_clocks_are_not_followed_at_once() -> None:
    listening = ears()

    clocked(listening, 2.0)
    clocked(listening, 2.0, port=Port.DRUMS)

    assert listening.heard.pulses == {Port.CONTROL: 96, Port.DRUMS: 96}
    assert listening.heard.bpm == pytest.approx(120, abs=1)


def test_silence_is_a_stop() -> None:
    listening = ears()
    clocked(listening, 2.0)

    listening.pass_time(Seconds(4.0))

    assert not listening.heard.running
    assert listening.heard.at == 4.0


def test_what_was_heard_since_an_earlier_look_is_told_alone() -> None:
    listening = ears()
    clocked(listening, 2.0)
    before = listening.heard
    tell(listening, Port.DRUMS, KICK, 3.18)
    tell(listening, Port.CONTROL, b"\xf8", 3.19)

    since = listening.heard.since(before)

    assert since.notes == {Port.DRUMS: 1, Port.HUMAN: 0, Port.CONTROL: 0}
    assert since.pulses[Port.CONTROL] == 1
    assert [strike.at for strike in since.strikes] == [3.18]


def test_only_so_many_strikes_are_kept() -> None:
    listening = ears()
    clocked(listening, 2.0)

    for n in range(2 * NEWEST):
        tell(listening, Port.DRUMS, KICK, 3.0 + n / 1000)

    assert len(listening.heard.strikes) == NEWEST


def test_nothing_heard_is_nothing() -> None:
    assert ears().heard == Heard(at=Seconds(0.0))
