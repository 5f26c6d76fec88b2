"""A generators' process that has lost its mind, through the loop: it costs variety, never a note or time."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable, Iterator

import pytest

from pocketd.config import Config
from pocketd.generators.letters import (
    Anew,
    Failed,
    Ready,
    Turned,
    Wanted,
    decode_letter,
    encode_answer,
)
from pocketd.sources.ahead import PLAIN
from tests.daemon.sources.rig import BEAT, BEGIN, GeneratorRig

DENSITY_CC, PRESET_CC = 24, 29
BEATS = 16
A_TURN = 0.010  # seconds of the processor's time; the guard is 12 ms
Says = Callable[[Wanted], bytes]


class HostileRig(GeneratorRig):
    """A loop whose generators answer each question with whatever a test wants.

    Args:
        says: What is answered.
    """

    def __init__(self, says: Says) -> None:
        super().__init__(Config(source="bars", model="none", restore=0, late_commit=False))
        self.says = says
        self.worst = 0.0  # turn, in seconds of the processor's time

    def answer(self) -> None:
        """Answer as the test says."""
        try:
            came = self.far.recv(1 << 20)
        except BlockingIOError:
            return
        letters = [decode_letter(line) for line in came.split(b"\n") if line]
        self.letters += letters
        for wanted in (letter for letter in letters if isinstance(letter, Wanted)):
            with contextlib.suppress(BlockingIOError):  # as much as there is room for
                self.far.send(self.says(wanted))

    def timed(self, time_: float) -> list[tuple[float, int]]:
        """Turn until a time, and keep how long the longest turn took."""
        while self.backend.now() < time_:
            began = time.thread_time()
            self.loop.turn()
            self.worst = max(self.worst, time.thread_time() - began)
            self.answer()
            self._read()
        return self.until(0.0)


def made(wanted: Wanted, strokes: object, **keys: object) -> bytes:
    """Return an answer, be it ever so wrong."""
    told = {"kind": "made", "number": wanted.number, "source": "bars", "strokes": strokes}
    told |= {"begin": wanted.begin, "length": wanted.length, **keys}
    return json.dumps(told).encode() + b"\n"


def scale(wanted: Wanted, note: int = 60) -> bytes:
    """Return an answer as it should be: a note on each beat."""
    return made(wanted, [[float(n), note, 100, 0.0] for n in range(round(wanted.length))])


def of(note: object = 60, velocity: object = 100, beat: object = 0.0) -> Says:
    return lambda wanted: made(wanted, [[beat, note, velocity, 0.0]])


WRONG: dict[str, Says] = {
    "a note above 127": of(note=200),
    "a note below 0": of(note=-1),
    "a velocity of 0": of(velocity=0),
    "a velocity of 200": of(velocity=200),
    "a stroke before the beginning": of(beat=-4.0),
    "not a number": of(beat=float("nan")),
    "no length": lambda wanted: made(wanted, [], length=0.0),
    "an endless length": lambda wanted: made(wanted, [], length=1e12),
    "an endless beginning": lambda wanted: made(wanted, [], begin=1e300),
    "somewhere else": lambda wanted: made(wanted, [], begin=wanted.begin + 4),
    "an old question's number": lambda wanted: made(wanted, [], number=wanted.number - 1),
    "a thousand strokes a beat": lambda wanted: made(wanted, [[n / 999, 60, 100, 0.0] for n in range(4000)]),
    "a line without an end": lambda _: b"x" * 50_000,
}


@pytest.fixture
def rigs() -> Iterator[list[GeneratorRig]]:
    """Rigs that are closed at the end."""
    used: list[GeneratorRig] = []
    yield used
    for rig in used:
        rig.close()


@pytest.mark.parametrize("what", WRONG)
def test_an_answer_that_cannot_be_played_is_none_and_the_beat_goes_on(
    what: str, rigs: list[GeneratorRig]
) -> None:
    rig = HostileRig(WRONG[what])
    rigs.append(rig)
    rig.clock(BEATS)

    struck = rig.timed(BEGIN + (BEATS - 0.1) * BEAT)

    assert len(struck) == BEATS / 4 * len(PLAIN.strokes)
    assert rig.loop.stumbles == 0
    assert rig.told("fault")[-1]["about"] == "source"


def test_strokes_in_any_order_and_twice_are_played_in_order_and_once(rigs: list[GeneratorRig]) -> None:
    def says(wanted: Wanted) -> bytes:
        beats = [float(n) for n in range(round(wanted.length))]
        return made(wanted, [[beat, 60, 100, 0.0] for beat in (*reversed(beats), *beats)]) * 2

    rig = HostileRig(says)
    rigs.append(rig)
    rig.clock(BEATS)

    struck = rig.timed(BEGIN + (BEATS - 0.5) * BEAT)

    assert [round((at - BEGIN) / BEAT) for at, _ in struck] == list(range(BEATS))


@pytest.mark.parametrize("flood", [b"{}\n", encode_answer(Ready()), encode_answer(Failed(number=9, text=""))])
def test_a_flood_of_answers_costs_no_turn_its_time(flood: bytes, rigs: list[GeneratorRig]) -> None:
    rig = HostileRig(scale)
    rigs.append(rig)
    rig.until(0.9)
    rig.clock(BEATS)
    rig.far.sendall(flood * (150_000 // len(flood)))

    struck = rig.timed(BEGIN + (BEATS - 0.5) * BEAT)

    assert len({round((at - BEGIN) / BEAT) for at, _ in struck}) == BEATS
    assert rig.worst < A_TURN


def test_a_process_that_was_stopped_hears_at_last_where_the_knobs_stand(rigs: list[GeneratorRig]) -> None:
    rig = GeneratorRig(Config(source="bars", model="none", restore=0, late_commit=False))
    rigs.append(rig)
    rig.until(0.9)
    rig.clock(48)
    reads, rig.answer = rig.answer, lambda: None  # type: ignore[method-assign]
    for _ in range(20_000):
        rig.line.send(Turned(density=0.25))
    rig.turn_knob(DENSITY_CC, 127, BEGIN + 4 * BEAT)
    rig.until(BEGIN + 16 * BEAT)
    dropped = rig.line.dropped
    rig.answer = reads  # type: ignore[method-assign]

    rig.until(BEGIN + 46 * BEAT)

    assert dropped > 0
    assert rig.generators["bars"].asks[-1].knobs.density == 1.0
    assert any(isinstance(letter, Anew) for letter in rig.letters)
    assert not rig.told("generated")[-1]["held"]


def test_what_cannot_be_read_is_told_until_it_can(rigs: list[GeneratorRig]) -> None:
    rig = HostileRig(scale)
    rigs.append(rig)
    rig.until(0.5)
    rig.far.sendall(encode_answer(Failed(number=None, text="there is no file riff.mid")))
    rig.clock(8)
    rig.until(BEGIN + 6 * BEAT)
    while_broken = rig.told("fault")[-1]["text"]
    rig.turn_knob(PRESET_CC, 3, BEGIN + 6.5 * BEAT)

    rig.until(BEGIN + 7.5 * BEAT)

    assert while_broken == "there is no file riff.mid"
    assert rig.told("fault")[-1]["text"] == ""
