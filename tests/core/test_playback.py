"""A part that is played by the clock: on time from the first beat, round a loop, through jumps and stops."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pocket_core.clock import MapClock, PulseClock
from pocket_core.engine import Engine
from pocket_core.playback import Cue, Part, Playback, withdrawal, withdrawn
from pocket_core.predict import Predictor, ZeroPredictor
from pocket_core.score_features import Repeat
from pocket_core.settings import Settings
from pocket_core.tempo import TempoChange, TempoMap
from pocket_core.testing import HAT, KICK, SNARE, FixedPredictor, strikes
from pocket_core.transport import SongClock
from pocket_core.types import Beats, Due, Port, Seconds
from pocket_core.wire import note_on, song_position

BEAT = 0.5  # seconds, at 120 BPM
LENGTH = Beats(0.25)
START, CONTINUE, STOP = b"\xfa", b"\xfb", b"\xfc"
TURN = 0.003  # seconds from one look at the clock to the next


def cue(beat: float, note: int = KICK) -> Cue:
    return Cue(Beats(beat), note_on(9, note, 100), LENGTH)


@dataclass
class Rig:
    """An engine and a playback, turned as the loop turns them."""

    part: Part
    predictor: Predictor = field(default_factory=ZeroPredictor)
    clock: SongClock = field(default_factory=lambda: MapClock(TempoMap([TempoChange(Beats(0), 120.0)])))
    settings: Settings = field(default_factory=lambda: Settings(restore=0.0))
    now: float = 0.0
    due: list[Due] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.engine = Engine(self.settings, self.clock, self.predictor)
        self.playback = Playback(None if self.part.repeat else self.part)
        self.playback.use(self.part)

    def tell(self, at: float, *messages: bytes) -> None:
        """Let messages come on `control`."""
        self.until(at)
        for data in messages:
            self.engine.receive(data, Port.CONTROL, Seconds(at))
        self.turn()

    def until(self, time: float) -> None:
        while self.now + TURN < time:
            self.now += TURN
            self.turn()
        self.now = time
        self.turn()

    def turn(self) -> None:
        self.due += self.engine.take_due(Seconds(self.now))
        changes = self.engine.take_changes()
        told = [fed for change in changes for fed in self.playback.follow(change)]
        told += self.playback.turn(self.clock, self.settings.look_ahead, Seconds(self.now))
        for fed in told:
            self.engine.receive(fed.data, Port.DRUMS, fed.at)
        self.due += self.engine.take_due(Seconds(self.now))

    def end(self) -> list[tuple[float, int]]:
        self.engine.flush(Seconds(self.now))
        self.due += self.engine.take_due(Seconds(math.inf))
        assert unended(self.due) == []
        assert self.engine.counts.lost == 0
        return strikes(self.due)


def unended(due: Sequence[Due]) -> list[int]:
    sounding: list[int] = []
    for message in due:
        if message.data[0] & 0xF0 == 0x90:
            assert message.data[1] not in sounding
            sounding.append(message.data[1])
        elif message.data[0] & 0xF0 == 0x80:
            sounding.remove(message.data[1])
    return sounding


def part(*cues: Cue, repeat: tuple[float, float] | None = None) -> Part:
    return Part(cues, None if repeat is None else Repeat(Beats(repeat[0]), Beats(repeat[1])))


def test_a_file_sounds_on_the_clock_from_the_very_first_beat() -> None:
    rig = Rig(part(cue(0), cue(1, SNARE), cue(1.5, HAT), cue(2)))

    rig.tell(1.0, START)
    rig.until(2.6)

    struck = rig.end()
    assert struck[0][0] == pytest.approx(1.0, abs=TURN)  # nobody knew before that it would start
    assert struck[1:] == [(1.5, SNARE), (1.75, HAT), (2.0, KICK)]


def test_hits_may_be_early_though_nobody_sends_them_early() -> None:
    rig = Rig(part(*(cue(n) for n in range(4))), FixedPredictor(-0.05))

    rig.tell(1.0, START)
    rig.until(2.9)

    assert rig.end()[1:] == [(1.45, KICK), (1.95, KICK), (2.45, KICK)]


def test_it_goes_on_where_the_song_does() -> None:
    rig = Rig(part(*(cue(n, KICK + n) for n in range(8))))

    rig.tell(1.0, song_position(4 * 5), CONTINUE)
    rig.until(2.2)

    assert [note for _, note in rig.end()] == [KICK + 5, KICK + 6, KICK + 7]


def test_a_stop_ends_what_sounds_and_what_comes_behind_it_is_not_played() -> None:
    rig = Rig(part(*(cue(n) for n in range(8))))

    rig.tell(1.0, START)
    rig.tell(2.05, STOP)
    rig.until(4.0)

    assert [at for at, _ in rig.end()] == [pytest.approx(1.0, abs=TURN), 1.5, 2.0]


def round_and_round(laps: int, predictor: Predictor | None = None) -> Rig:
    """Play a loop of two beats from beat 4 that is known beforehand."""
    rig = Rig(
        part(cue(4), cue(5, SNARE), cue(5.75, HAT), repeat=(4.0, 6.0)), predictor or FixedPredictor(-0.04)
    )
    rig.tell(1.0, song_position(16), CONTINUE)
    for lap in range(1, laps):
        rig.tell(1.0 + lap * 2 * BEAT, song_position(16), CONTINUE)
    rig.until(1.0 + laps * 2 * BEAT - 0.2)
    return rig


def test_a_known_loop_goes_round_and_its_first_hit_may_be_before_the_jump() -> None:
    struck = round_and_round(3).end()

    expected = [
        (lap + beat, note) for lap in range(3) for beat, note in ((1, KICK), (1.5, SNARE), (1.875, HAT))
    ]
    early = [(round(at - 0.04, 6), note) for at, note in expected][1:]
    assert struck[1 : len(early) + 1] == early[: len(struck) - 1]
    assert len(struck) >= 8


def test_a_jump_that_nobody_knew_of_takes_back_what_waits_behind_it() -> None:
    rig = Rig(part(*(cue(n, KICK + n) for n in range(8))))
    rig.tell(1.0, START)

    rig.tell(1.0 + 4 * BEAT, song_position(0), CONTINUE)  # beat 4 has been handed over
    rig.until(1.0 + 6 * BEAT - 0.2)

    assert [note - KICK for _, note in rig.end()] == [0, 1, 2, 3, 0, 1]


def test_a_loop_that_does_not_go_round_is_left_and_its_beginning_is_not_played_again() -> None:
    rig = Rig(part(cue(0), cue(1, SNARE), repeat=(0.0, 2.0)))
    rig.tell(1.0, START)

    rig.until(4.0)

    assert [note for _, note in rig.end()][:2] == [KICK, SNARE]
    assert len(rig.due) <= 6  # a hit at the loop's point had left before it was known
    assert rig.playback.part is None


def test_it_says_when_it_has_something_to_hand_over_next() -> None:
    rig = Rig(part(cue(0), cue(4)))
    before = rig.playback.next_at(rig.clock, Seconds(0.12))

    rig.tell(1.0, START)
    rig.until(1.5)

    assert before is None
    assert rig.playback.next_at(rig.clock, Seconds(0.12)) == pytest.approx(1.0 + 4 * BEAT - 0.12)


@given(st.integers(0, 10**8))
def test_a_withdrawal_says_from_where(ticks: int) -> None:
    beat = ticks / 960

    data = withdrawal(Beats(beat + 1 / 48))

    assert withdrawn(data) == pytest.approx(beat)
    assert data[0] == 0xF0
    assert data[-1] == 0xF7
    assert max(data[1:-1]) < 0x80


@pytest.mark.parametrize("data", [b"", b"\xf0\x7d\x77\xf7", b"\xf0\x7e\x7f\x09\x01\xf7", bytes(9)])
def test_any_other_message_withdraws_nothing(data: bytes) -> None:
    assert withdrawn(data) is None


def pulses(rig: Rig, begin: float, beats: float) -> None:
    """Let MIDI clock come; the first pulse at once."""
    for n in range(round(beats * 24)):
        rig.tell(begin + n * BEAT / 24, b"\xf8")


def test_by_midi_clock_it_goes_round_a_hundred_times_and_every_hit_sounds_once() -> None:
    rig = Rig(
        part(cue(0), cue(0.5, HAT), cue(1, SNARE), cue(1.75, HAT), repeat=(0.0, 2.0)),
        FixedPredictor(-0.03),
        clock=PulseClock(),
    )
    rig.tell(0.9999, START)
    pulses(rig, 1.0, 2.0)
    for lap in range(1, 101):
        rig.tell(1.0 + lap * 2 * BEAT - 0.0001, song_position(0), CONTINUE)
        pulses(rig, 1.0 + lap * 2 * BEAT, 2.0)

    struck = rig.end()
    notes = [note for _, note in struck]
    off = [
        at - (1.0 + n // 4 * 2 * BEAT + (0.0, 0.25, 0.5, 0.875)[n % 4] - 0.03)
        for n, (at, _) in enumerate(struck)
    ]
    assert max(map(abs, off[1:])) < 0.0005
    assert notes[: 4 * 101] == [KICK, HAT, SNARE, HAT] * 101
    assert notes[4 * 101 :] in ([], [KICK])
