"""A model that reads the score, in the daemon's own loop and in virtual time: who plays, and from where."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from pocket_core.types import Port, Seconds
from pocket_core.wire import note_off, note_on
from pocketd.backends.clock import VirtualClock
from pocketd.backends.loopback import Loopback
from pocketd.casting import make_cast
from pocketd.config import Config
from pocketd.copyist import Copyist
from pocketd.encoder import Contexts
from pocketd.errand import Errand
from pocketd.loop import Loop
from pocketd.outbox import Outbox
from pocketd.reload import Reloaded
from pocketd.requests import Requests
from tests.daemon.reading_pair import Pair
from tests.daemon.test_known_score import write

KICK, SNARE = 36, 38
BEAT = 0.5  # at 120 BPM
PULSE = BEAT / 24
BEGIN = 1.0
LOOP = 4.0  # beats
PLAIN = ((0.0, KICK), (1.0, SNARE), (3.0, KICK))  # a beat, two, and one to the next round
MS = (5.0, 10.0, 5.0)  # what `Pair()` makes of it


@dataclass
class Rig:
    """The daemon's loop, a DAW whose loop is four beats long, and a model that reads."""

    model: Path
    config: dict[str, object] = field(default_factory=dict)
    backend: Loopback = field(default_factory=lambda: Loopback(VirtualClock()))
    _strikes: list[float] = field(default_factory=list)
    _data: bytes = b""  # what the desk has heard

    def __post_init__(self) -> None:
        fixed = {"model": str(self.model), "model_without_score": "none", "restore": 0.0}
        self.chosen = Config.model_validate(fixed | {"drums_lead_ms": 0.0} | self.config)
        here, self.desk = socket.socketpair()
        self.desk.setblocking(False)
        self.errand = Errand[Contexts | None]("score")
        cast = make_cast(self.chosen)
        self.fault = cast.fault
        self.copyist = Copyist(cast, self.errand)
        self.loop = Loop(
            self.chosen,
            self.backend,
            cast.player,
            outbox=Outbox(here),
            requests=Requests(),
            copyist=self.copyist,
        )
        self.end = BEGIN

    def start(self, beat: float = 0.0) -> None:
        """Let the DAW start, at a sixteenth."""
        self._feed(bytes((0xF2, round(beat * 4), 0)), self.end - PULSE / 2)
        self._feed(bytes((0xFA if beat == 0.0 else 0xFB,)), self.end - PULSE / 2)

    def rounds(self, *patterns: Sequence[tuple[float, int]], back: float = 0.0, beats: float = LOOP) -> None:
        """Let the DAW play patterns of (beat, note), one after the other, and jump back behind each."""
        for pattern in patterns:
            self.stretch(pattern, beats)
            self._feed(bytes((0xF2, round(back * 4), 0)), self.end - PULSE / 2)
            self._feed(b"\xfb", self.end - PULSE / 2)

    def stretch(self, pattern: Sequence[tuple[float, int]], beats: float) -> None:
        """Let the DAW go on for some beats; the pattern is counted from here."""
        lead = self.chosen.settings().drums_lead
        for n in range(round(beats * 24)):
            self._feed(b"\xf8", self.end + n * PULSE)
        for beat, note in pattern:
            at = self.end + beat * BEAT - lead
            if at >= BEGIN:
                self._feed(note_on(9, note, 100), at, Port.DRUMS)
                self._feed(note_off(9, note, 64), at + 0.05, Port.DRUMS)
        self.end += beats * BEAT

    def stop(self) -> None:
        """Let the DAW stop."""
        self._feed(b"\xfc", self.end)

    def rest(self) -> None:
        """Let the DAW run through an empty beat, stop, and stand for a second."""
        self.stretch((), 1.0)
        self.stop()
        self.end += 1.0

    def play(self, until: float | None = None) -> None:
        """Turn until then, or until all of it has been played; what is read is read at once."""
        while self.backend.now() < (self.end + 0.3 if until is None else until):
            self.loop.turn()
            self.errand.wait()
            self._hear()

    def close(self) -> None:
        """Hang up."""
        if self.desk.fileno() >= 0:
            self.loop._outbox.close(Seconds(1.0))
            self._hear()
            self.desk.close()

    def moved_ms(self) -> list[float]:
        """How far each hit was moved, in order."""
        latency = self.chosen.settings().look_ahead
        struck = [sent.due.at for sent in self.backend.sent if sent.due.data[0] == 0x99]
        due = sorted(at + latency for at in self._strikes)
        return [round((a - b) * 1000, 1) for a, b in zip(struck, due, strict=True)]

    def told(self, kind: str) -> list[dict[str, object]]:
        """The records of a kind that the desk has been sent."""
        self.close()
        return [r for r in map(json.loads, self._data.splitlines()) if r["kind"] == kind]

    def scores_told(self) -> list[object]:
        """What the meter has shown of the score, in order; empty: all is well."""
        return [record["text"] for record in self.told("fault") if record["about"] == "score"]

    def _feed(self, data: bytes, at: float, port: Port = Port.CONTROL) -> None:
        self.backend.feed(port, data, Seconds(at))
        if data[0] == 0x99:
            self._strikes.append(at)

    def _hear(self) -> None:
        with suppress(BlockingIOError):
            while data := self.desk.recv(1 << 20):
                self._data += data


Make = Callable[..., Rig]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    """Make rigs with a model of these gains, and a configuration."""
    rigs = []

    def build(pair: Pair | None = None, **config: object) -> Rig:
        rigs.append(Rig((pair or Pair()).write(tmp_path), config))
        return rigs[-1]

    yield build
    for rig in rigs:
        rig.close()


@pytest.fixture
def song(tmp_path: Path) -> str:
    """A file of sixteen beats of the plain pattern."""
    return str(write(tmp_path / "song.mid", [(n * 4 + beat, note) for n in range(4) for beat, note in PLAIN]))


def test_a_loop_is_known_once_it_was_repeated_and_the_model_plays_from_the_next_loop_point(
    make: Make,
) -> None:
    rig = make()
    rig.start()
    rig.rounds(PLAIN, PLAIN, PLAIN, PLAIN)

    rig.play()

    assert rig.moved_ms() == [0.0] * 6 + [*MS, *MS]
    assert [r["model"] for r in rig.told("hello")] == ["none", "reading"]


def test_until_then_it_is_said_that_another_model_plays(make: Make, caplog: pytest.LogCaptureFixture) -> None:
    rig = make()
    rig.start()
    rig.rounds(PLAIN, PLAIN, PLAIN)

    rig.play()

    unknown = (
        "model reading does not know the score, which `score:` may name; "
        "model none plays until the DAW has repeated a loop"
    )
    assert rig.scores_told() == [unknown, ""]
    assert unknown in caplog.messages
    assert "model reading knows the score of this loop and plays" in caplog.messages


def test_drums_that_come_early_for_the_next_round_have_its_contexts(make: Make) -> None:
    rig = make(drums_lead_ms=None)
    rig.start()
    rig.rounds(*[PLAIN] * 5)

    rig.play()

    # The first hit would have come before the start, so the first pass has none; what the model plays the
    # third from at first does not have it either.
    assert rig.moved_ms() == [0.0] * 5 + [0.0, 10.0, 5.0, *MS, *MS]


def test_a_pass_that_differs_renews_the_score_behind_it_and_keeps_the_state(make: Make) -> None:
    other = ((0.0, KICK), (2.0, SNARE), (3.0, KICK))  # 1 s, 0.5 s, 0.5 s
    rig = make(Pair(step_gain=0.001))
    rig.start()
    rig.rounds(PLAIN, PLAIN, PLAIN, other, other, other)
    rig.stretch((), 1.0)

    rig.play()

    third, fourth, fifth, sixth = (rig.moved_ms()[n : n + 3] for n in (6, 9, 12, 15))
    assert third == [5.0, 11.0, 7.0]  # the state counts the steps
    assert fourth == [5.0, 1.0, 7.0]  # the score has nothing at the snare
    assert fifth == [5.0, 6.0, 7.0]  # its first hit came before all of the fourth was over
    assert sixth == [10.0, 6.0, 7.0]
    assert rig.copyist.strangers == 1


def test_timesteps_that_the_score_does_not_have_are_told_behind_the_pass(make: Make) -> None:
    rig = make()
    rig.start()
    rig.rounds(PLAIN, PLAIN, PLAIN, [*PLAIN, (2.0, SNARE), (2.5, SNARE)])
    rig.stretch((), 1.0)
    rig.play()

    assert rig.scores_told()[2] == "timesteps that are not in the score, the last time through: 2"
    assert rig.copyist.strangers == 2


def test_outside_the_loop_the_other_model_plays_again(make: Make) -> None:
    rig = make()
    rig.start()
    rig.rounds(PLAIN, PLAIN)
    rig.stretch(PLAIN, LOOP)
    rig.stretch([(beat, KICK) for beat in range(8)], 8.0)

    rig.play()

    moved = rig.moved_ms()
    assert moved[6:9] == list(MS)
    assert moved[-5:] == [0.0] * 5
    assert rig.copyist.player.name == "none"
    assert len(rig.scores_told()) == 3  # not known, known, not known


def test_a_start_at_the_known_loop_is_played_by_the_model_at_once(make: Make) -> None:
    rig = make()
    rig.start()
    rig.rounds(PLAIN)
    rig.rest()
    rig.start()
    rig.stretch(PLAIN, LOOP)

    rig.play()

    assert rig.moved_ms() == [0.0, 0.0, 0.0, *MS]


def test_a_start_elsewhere_is_not_played_by_the_model(make: Make) -> None:
    rig = make()
    rig.start()
    rig.rounds(PLAIN, PLAIN, PLAIN)
    rig.rest()
    rig.start(16.0)
    rig.stretch(PLAIN, LOOP)

    rig.play()

    assert rig.moved_ms()[-3:] == [0.0, 0.0, 0.0]


def test_a_start_before_the_loop_is_not_played_by_the_model(make: Make) -> None:
    rig = make(Pair(step_gain=0.001))
    rig.start(4.0)
    rig.rounds(PLAIN, PLAIN, PLAIN, back=4.0)
    rig.rest()
    rig.start()
    rig.stretch(PLAIN, LOOP)

    rig.play()

    assert rig.moved_ms()[-6:] == [5.0, 11.0, 7.0, 0.0, 0.0, 0.0]


def test_what_was_played_there_in_an_earlier_run_is_no_part_of_a_loop(make: Make) -> None:
    rig = make()
    rig.start()
    rig.stretch([(0.5, KICK), (2.0, SNARE)], LOOP)
    rig.stop()
    rig.end += 1.0
    rig.start()
    rig.rounds(PLAIN, PLAIN)
    rig.stretch(PLAIN[:2], LOOP)

    rig.play()

    assert rig.moved_ms()[-2:] == [5.0, 10.0]


def test_a_pass_that_began_in_the_middle_teaches_nothing(make: Make) -> None:
    rig = make()
    rig.start(2.0)
    rig.rounds(((1.0, KICK),), beats=2.0)
    rig.rounds(PLAIN, PLAIN, PLAIN)

    rig.play()

    assert rig.moved_ms() == [0.0] * 7 + list(MS)


def test_a_score_that_a_file_has_is_known_from_the_first_hit(make: Make, song: str) -> None:
    rig = make(score=song)
    rig.start()
    rig.stretch(PLAIN, LOOP)
    rig.stretch([*PLAIN, (2.0, KICK)], LOOP)

    rig.play()

    assert rig.moved_ms() == [*MS, 5.0, 10.0, 0.0, 5.0]  # the file does not have the seventh beat
    assert rig.copyist.strangers == 1
    assert rig.scores_told() == ["timesteps that are not in the score, the last time through: 1"]


def test_a_loop_that_differs_from_the_file_is_read_and_the_file_holds_again_outside(
    make: Make, song: str
) -> None:
    other = ((0.0, KICK), (2.0, SNARE))  # 1 s, 1 s
    rig = make(score=song)
    rig.start()
    rig.rounds(other, other)
    rig.stretch(other, LOOP)
    rig.stretch((), LOOP)
    rig.stretch(PLAIN, LOOP)

    rig.play()

    assert rig.moved_ms() == [5.0, 0.0, 5.0, 10.0, 10.0, 10.0, *MS]


def test_a_loop_that_has_been_left_before_it_was_read_is_not_played_from(make: Make, song: str) -> None:
    other = ((0.0, KICK), (2.0, SNARE))
    rig = make(score=song)
    rig.start(8.0)
    rig.rounds(other, back=8.0)
    rig.rounds((), back=0.0, beats=0.25)
    rig.stretch(PLAIN, LOOP)

    rig.play()

    assert rig.moved_ms()[-3:] == list(MS)


def test_a_file_that_cannot_be_read_is_a_fault_and_the_other_model_plays(make: Make, tmp_path: Path) -> None:
    rig = make(score=str(tmp_path / "gone.mid"))
    rig.start()
    rig.rounds(PLAIN, PLAIN)
    rig.stretch(PLAIN, LOOP)

    rig.play()

    assert rig.fault is not None
    assert "gone.mid" in rig.fault
    assert rig.moved_ms() == [0.0] * 6 + list(MS)  # loops are read all the same


def test_an_encoder_that_fails_is_told_and_the_other_model_plays_on(make: Make) -> None:
    rig = make(Pair(one=float("nan")))
    rig.start()
    rig.rounds(PLAIN, PLAIN, PLAIN)

    rig.play()

    assert rig.moved_ms() == [0.0] * 9
    assert rig.scores_told()[-1] == "model reading: its encoder gave NaN or infinity; export it again"


def test_a_reload_of_the_same_keeps_what_is_known(make: Make) -> None:
    rig = make()
    rig.start()
    rig.rounds(PLAIN, PLAIN, PLAIN)
    reloaded = rig.end
    rig.stretch(PLAIN, LOOP)
    rig.play(until=reloaded)

    rig.loop.take_over(Reloaded(rig.chosen, make_cast(rig.chosen)))
    rig.play()

    assert rig.moved_ms()[-3:] == list(MS)


def test_a_reload_with_a_score_plays_from_it(make: Make, song: str) -> None:
    rig = make()
    rig.start()
    rig.stretch(PLAIN, LOOP)
    reloaded = rig.end - 0.1
    rig.stretch(PLAIN, LOOP)
    rig.play(until=reloaded)
    known = rig.chosen.model_copy(update={"score": song})

    rig.loop.take_over(Reloaded(known, make_cast(known)))
    rig.play()

    assert rig.moved_ms() == [0.0, 0.0, 0.0, *MS]
