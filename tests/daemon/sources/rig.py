"""A loop in virtual time whose drums a generator makes, on the other end of a real socket."""

from __future__ import annotations

import contextlib
import json
import socket
from collections.abc import Callable, Sequence
from typing import Any

from pocket_core.errors import ModelError
from pocket_core.phrases.generator import Ask
from pocket_core.phrases.kit import Kit
from pocket_core.phrases.phrase import Phrase, Stroke
from pocket_core.predict import ZeroPredictor
from pocket_core.types import Beats, Port, Seconds
from pocket_core.wire import note_off, note_on
from pocketd.backends.clock import VirtualClock
from pocketd.backends.loopback import Loopback
from pocketd.config import Config
from pocketd.generators.letters import Letter, Ready, decode_letter, encode_answer
from pocketd.generators.line import Line
from pocketd.generators.session import Session
from pocketd.generators.studio import Studio
from pocketd.loop import Loop
from pocketd.outbox import Outbox
from pocketd.requests import Requests
from pocketd.sources.choice import Choice
from pocketd.sources.file_part import read_file

BEAT = 0.5  # seconds, at 120 BPM
BEGIN = 1.0
KICK, SNARE, HAT, CRASH = 36, 38, 42, 49
START, STOP = b"\xfa", b"\xfc"


class Scale:
    """Plays, on each beat, a note that says how many beats of the run have gone by: 60 on the first."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.asks: list[Ask] = []
        self.broken = False

    def phrase(self, ask: Ask) -> Phrase:
        self.asks.append(ask)
        if self.broken:
            raise ModelError("the generator is broken")
        beats = [Beats(float(n)) for n in range(round(ask.length))]
        return Phrase(tuple(Stroke(b, 60 + round(ask.begin + b) % 60, 100) for b in beats), ask.length)


def of_start(named: str, kit: Kit) -> Phrase:
    """Read nothing: a kick on the one, whatever it is called."""
    return Phrase((Stroke(Beats(0.0), kit.notes[0], 100),), Beats(4.0))


class GeneratorRig:
    """A loop and the studio of its generators, which answers between two turns, or does not.

    Args:
        config: How to play.
    """

    def __init__(self, config: Config) -> None:
        self.backend = Loopback(VirtualClock())
        self.ours, self.desk = socket.socketpair()
        near, self.far = socket.socketpair()
        self.far.setblocking(False)
        self.desk.setblocking(False)
        self.generators: dict[str, Scale] = {}
        self.letters: list[Letter] = []
        self.answers = True  # the studio does
        self._told = b""
        self.line = Line(near)
        self.loop = Loop(
            config,
            self.backend,
            ZeroPredictor(),
            outbox=Outbox(self.ours),
            requests=Requests(),
            source=Choice(config, config.settings(), read_file(config), self.line),
        )
        self.begin_studio()

    def begin_studio(self) -> None:
        """Let a new process take over the line."""
        self.generators.clear()
        self.studio = Studio(Session(self._load, of_start, lambda _, kit: of_start("", kit), _pattern))
        self.far.sendall(b"\n" + encode_answer(Ready()))

    def clock(self, beats: float, at: float = BEGIN, first: Sequence[bytes] = (START,)) -> None:
        """Let the song's clock run."""
        for data in first:
            self.backend.feed(Port.CONTROL, data, Seconds(at - 0.0002))
        for n in range(round(beats * 24)):
            self.backend.feed(Port.CONTROL, b"\xf8", Seconds(at + n * BEAT / 24))

    def note(self, port: Port, note: int, at: float) -> None:
        """Let somebody play a note."""
        self.backend.feed(port, note_on(9, note, 100), Seconds(at))
        self.backend.feed(port, note_off(9, note, 64), Seconds(at + 0.05))

    def turn_knob(self, number: int, value: int, at: float) -> None:
        """Turn a controller on `control`."""
        self.backend.feed(Port.CONTROL, bytes((0xB0, number, value)), Seconds(at))

    def until(self, time: float, then: Callable[[], None] = lambda: None) -> list[tuple[float, int]]:
        """Turn until a time, and return the hits that have left so far: when and which note."""
        while self.backend.now() < time:
            self.loop.turn()
            self.answer()
            self._read()
            then()
        return [(s.at, s.due.data[1]) for s in self.backend.sent if s.due.data[0] & 0xF0 == 0x90]

    def answer(self) -> None:
        """Let the studio read and answer, as its process would."""
        try:
            came = self.far.recv(1 << 20)
        except BlockingIOError:
            return
        self.letters += [decode_letter(line) for line in came.split(b"\n") if line]
        if self.answers:
            self.far.sendall(self.studio.read(came))

    def told(self, kind: str) -> list[dict[str, Any]]:
        """Return the records of a kind that the desk was told so far."""
        self._read()
        while self.loop._outbox.waiting:
            self.loop._outbox.pump()
            self._read()
        lines = self._told.split(b"\n")
        return [record for line in lines[:-1] if (record := json.loads(line))["kind"] == kind]

    def close(self) -> None:
        """Hang up."""
        self.loop._outbox.close(Seconds(0.1))
        self.line.close()
        self.desk.close()
        self.far.close()

    def _read(self) -> None:
        with contextlib.suppress(BlockingIOError):
            self._told += self.desk.recv(1 << 22)

    def _load(self, name: str, kit: Kit) -> Scale:
        return self.generators.setdefault(name, Scale(name))


def _pattern(steps: tuple[int, ...], kit: Kit) -> Phrase:
    struck = (Stroke(Beats(n / 4), kit.notes[0], 100) for n, step in enumerate(steps) if step)
    return Phrase(tuple(struck), Beats(len(steps) / 4))
