"""A DAW of a few lines on JACK, a process of its own: it plays drums with its clock, and echoes what it gets.

    python -m tests.real.fake_daw '{"echo": [592]}'

Its ports: `daw:drums`, `daw:clock` and `daw:part` send, `daw:in` receives. All is at exact frames. It prints
`ready`, and begins to play as soon as somebody is connected to the clock; it ends with its input.
"""

from __future__ import annotations

import heapq
import json
import select
import subprocess
import sys
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any

import pytest

from pocket_core.wire import note_off, note_on

NAME = "daw"
CONNECT = {"drums": ["daw:drums"], "control": ["daw:clock"], "human": ["daw:part"], "out": ["daw:in"]}
KICK, SNARE, HAT = 36, 38, 42
COUNT_IN = 1.0  # seconds from the first connection to the start; what is sent early has its time


@dataclass(frozen=True, slots=True)
class Daw:
    """What it does."""

    echo: list[int] = field(
        default_factory=list
    )  # frames from `in` to `part`, by turns; empty: nothing returns
    twice: int = 0  # frames behind each return to another one; 0: none
    bpm: float = 0.0  # 0: nothing is played
    beats: int = 64
    early_ms: float = 0.0  # of the drums; negative: a track delay of the wrong sign
    part: bool = True  # a musician plays on the beats


Event = tuple[int, int, str, bytes]  # frame, number, port, data


def song(daw: Daw, rate: int) -> Iterator[tuple[int, str, bytes]]:
    """Yield frame, port and message from the start of the song on."""
    beat = 60 / daw.bpm * rate
    early = daw.early_ms / 1000 * rate
    yield 0, "clock", b"\xfa"
    for tick in range(daw.beats * 24):
        yield round(tick * beat / 24), "clock", b"\xf8"
    yield round(daw.beats * beat), "clock", b"\xfc"
    for n in range(2 * daw.beats):
        for note in (HAT, *((KICK if n % 4 == 0 else SNARE,) if n % 2 == 0 else ())):
            at = round(n * beat / 2 - early)
            yield at, "drums", note_on(9, note, 100)
            yield at + rate // 20, "drums", note_off(9, note, 64)
    for n in range(daw.beats if daw.part else 0):
        yield round(n * beat), "part", note_on(0, 60, 90)
        yield round(n * beat) + rate // 10, "part", note_off(0, 60, 64)


class Client:
    """The DAW on JACK."""

    def __init__(self, daw: Daw) -> None:
        import jack

        self._daw = daw
        self._client = jack.Client(NAME, use_exact_name=True, no_start_server=True)
        self._in = self._client.midi_inports.register("in")
        self._outs: dict[str, Any] = {
            name: self._client.midi_outports.register(name) for name in ("drums", "clock", "part")
        }
        self._coming: deque[list[tuple[int, str, bytes]]] = (
            deque()
        )  # for the callback, which alone has the heap
        self._waiting: list[Event] = []
        self.late = 0  # messages: JACK did not call in time
        self._number = 0
        self._struck = 0
        self._shift: dict[int, int] = {}  # of a note that sounds
        self._begun = daw.bpm == 0
        self._client.set_process_callback(self._process)
        self._client.activate()

    def begin_when_connected(self) -> None:
        """Put the song on the timeline once somebody listens; called now and then."""
        if self._begun or not self._outs["clock"].connections:
            return
        self._begun = True
        rate = self._client.samplerate
        start = self._client.last_frame_time + round(COUNT_IN * rate)
        self._coming.append([(start + at, port, data) for at, port, data in song(self._daw, rate)])

    def _put(self, frame: int, port: str, data: bytes) -> None:
        self._number += 1
        heapq.heappush(self._waiting, (frame, self._number, port, data))

    def _process(self, frames: int) -> None:
        start = self._client.last_frame_time
        while self._coming:
            for event in self._coming.popleft():
                self._put(*event)
        for offset, data in self._in.incoming_midi_events():
            self._return(start + offset, bytes(data))
        for end in self._outs.values():
            end.clear_buffer()
        while self._waiting and self._waiting[0][0] < start + frames:
            frame, _, port, data = heapq.heappop(self._waiting)
            self.late += frame < start
            self._outs[port].write_midi_event(max(frame - start, 0), data)

    def _return(self, frame: int, data: bytes) -> None:
        if not self._daw.echo:
            return
        if data[0] & 0xF0 == 0x90:
            self._shift[data[1]] = self._daw.echo[self._struck % len(self._daw.echo)]
            self._struck += 1
        shift = self._shift.get(data[1], 0)
        self._put(frame + shift, "part", data)
        if self._daw.twice:
            self._put(frame + shift + self._daw.twice, "part", data)


@dataclass(slots=True)
class Played:
    """How it went, known once it has ended."""

    late: int = 0  # messages that left behind their frame

    def skip_if_late(self) -> None:
        """Skip a test where JACK, or whoever has the machine besides, was at fault."""
        if self.late:
            pytest.skip(f"JACK let {self.late} messages of the DAW be late; is this machine busy?")


@contextmanager
def fake_daw(daw: Daw) -> Iterator[Played]:
    """Run it in a process of its own while the block lasts."""
    command = [sys.executable, "-m", "tests.real.fake_daw", json.dumps(asdict(daw))]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == "ready\n"
        played = Played()
        yield played
    finally:
        said, _ = process.communicate(timeout=20)
    played.late = int(said)


def main(what: str) -> None:
    client = Client(Daw(**json.loads(what)))
    print("ready", flush=True)
    while not select.select([sys.stdin], [], [], 0.05)[0]:
        client.begin_when_connected()
    print(client.late)


if __name__ == "__main__":
    main(sys.argv[1])
