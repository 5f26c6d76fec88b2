"""Hours on end: is any note lost, doubled, stuck or overtaken, and does memory stay where it is?

    python benchmarks/soak.py [--hours 12] [--minutes 30] [--json FILE]

Sixteenths at 200 BPM with a musician, MIDI clock and the default model: `--hours` in virtual time, the loop
and its engine on the in-process back end, each stretch of ten minutes a take; `--minutes` in real time, the
whole daemon on JACK's dummy server, with a recorder behind it.
"""

from __future__ import annotations

import argparse
import gc
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # run as a file, only this folder is on it

import numpy as np
import psutil
from rich.console import Console

from benchmarks.daemon import daemon, written_mib
from benchmarks.jack_server import RATE, NoServerError, jack_server
from benchmarks.on_the_frame import LOOK_AHEAD_MS, Timed, perform
from benchmarks.options import parser_of
from benchmarks.outside import Partner
from benchmarks.players import predictor
from benchmarks.progress import progress
from benchmarks.table import Column, Report, Row, Section, screen
from pocket_core.types import Port, Seconds
from pocketd.backends.clock import VirtualClock
from pocketd.backends.loopback import Loopback
from pocketd.config import Config
from pocketd.loop import Loop
from pocketd.outbox import Outbox
from pocketd.requests import Requests

MODEL = "follower"
BPM = 200.0
PULSE = 60 / BPM / 24  # seconds
SIXTEENTH = 6  # pulses
TAKE = 10 * 60.0  # seconds from start to stop, in virtual time
REST = 2.0  # seconds between two takes
START, STOP, CLOCK = b"\xfa", b"\xfc", b"\xf8"
FEEL = 0.012  # seconds, SD of the musician
VELOCITIES = 127  # that can tell hits apart
NOTES = (36, 42, 38, 42)  # kick, hat, snare, hat
LOOK_EVERY = 10.0  # seconds between two looks at the memory
WARM = 0.25  # share of the time until memory has to be flat
FLAT_MB = 5.0
COLUMNS = (
    Column("hits", "hits", 0),
    Column("lost", "lost", 0),
    Column("doubled", "doubled", 0),
    Column("stuck", "stuck", 0),
    Column("reordered", "order", 0),
    Column("late", "late", 0),
    Column("mb", "MB", 1),
    Column("grew_mb", "grew MB", 1),
    Column("seconds", "took s", 0),
)


@dataclass(slots=True)
class Notes:
    """Counts note-ons and note-offs as they leave; each hit's velocity is one on from the last one's."""

    hits: int = 0
    wrong_order: int = 0
    doubled: int = 0
    unended: int = 0
    _sounding: set[tuple[int, int]] = field(default_factory=set)
    _newest: int = -1

    def hear(self, data: bytes) -> None:
        """Take in a message."""
        kind, key = data[0] & 0xF0, (data[0] & 0x0F, data[1])
        if kind == 0x90 and data[2]:
            self.hits += 1
            self.unended += key in self._sounding
            self._sounding.add(key)
            due = self._newest + 1
            number = due + (data[2] - 1 - due + VELOCITIES // 2) % VELOCITIES - VELOCITIES // 2
            self.doubled += number == self._newest
            self.wrong_order += number < self._newest
            self._newest = max(self._newest, number)
        elif kind in (0x80, 0x90):
            self._sounding.discard(key)

    def begin(self) -> None:
        """Begin another take."""
        self._newest = -1

    @property
    def stuck(self) -> int:
        """Notes that sound at the end, or were struck anew without having ended."""
        return self.unended + len(self._sounding)


def sixteenths(seconds: float, seed: int) -> Iterator[tuple[float, Port, bytes]]:
    """Yield clock, drums and musician in order of time; a hit's number is in its velocity."""
    chance = np.random.default_rng(seed)
    lead = LOOK_AHEAD_MS / 1000
    pulses = int(seconds / PULSE)
    coming: list[tuple[float, Port, bytes]] = [(lead - 0.001, Port.CONTROL, START)]
    for n in range(pulses):
        at = lead + n * PULSE
        coming.append((at, Port.CONTROL, CLOCK))
        if n % SIXTEENTH == 0:
            number = n // SIXTEENTH
            note = NOTES[number % 4]
            on, off = bytes((0x99, note, 1 + number % VELOCITIES)), bytes((0x89, note, 64))
            coming += [(at - lead, Port.DRUMS, on), (at - lead + 0.03, Port.DRUMS, off)]
            human = at + float(chance.normal(0.0, FEEL))
            coming.append((human, Port.HUMAN, bytes((0x90, 60, 1 + number % VELOCITIES))))
        if n % 96 == 95:
            coming.sort(key=lambda item: item[0])
            edge = at - lead - 0.1
            ready = [item for item in coming if item[0] < edge]
            coming = coming[len(ready) :]
            yield from ready
    coming.append((lead + pulses * PULSE, Port.CONTROL, STOP))
    yield from sorted(coming, key=lambda item: item[0])


def virtual(hours: float, seed: int, console: Console) -> Row:
    """Play for hours in virtual time."""
    began = time.perf_counter()
    backend, requests = Loopback(VirtualClock()), Requests()
    config = Config.model_validate({"backend": "loopback", "model": MODEL})
    loop = Loop(config, backend, predictor(MODEL), outbox=Outbox(None), requests=requests)
    process, memory, notes, wanted = psutil.Process(), list[float](), Notes(), 0
    takes = max(round(hours * 3600 / TAKE), 1)
    length = hours * 3600 / takes
    with progress(console, f"{hours:g} hours in virtual time", takes) as advance:
        for take in range(takes):
            begin = backend.now() + REST
            notes.begin()
            wanted += _play(loop, backend, begin, sixteenths(length, seed + take))
            for sent in backend.sent:
                notes.hear(sent.due.data)
            backend.sent.clear()
            gc.collect()
            memory.append(written_mib(process))
            advance(1.0)
    figures = _figures(notes, wanted, memory, began) | {"late": loop.counts.late}
    return Row(f"virtual, {hours:g} h", figures, MODEL, True, note=f"{takes} takes")


def _figures(notes: Notes, wanted: int, memory: Sequence[float], began: float) -> dict[str, float]:
    settled = memory[int(len(memory) * WARM) :] or [0.0]
    return {
        "hits": wanted,
        "lost": wanted - notes.hits,
        "doubled": notes.doubled,
        "stuck": notes.stuck,
        "reordered": notes.wrong_order,
        "mb": settled[-1],
        "grew_mb": settled[-1] - settled[0],
        "seconds": time.perf_counter() - began,
    }


def _play(loop: Loop, backend: Loopback, begin: float, messages: Iterator[tuple[float, Port, bytes]]) -> int:
    hits = 0
    for at, port, data in messages:
        hits += port is Port.DRUMS and data[0] & 0xF0 == 0x90
        while backend.now() < begin + at - 0.2:
            loop.turn()
        backend.feed(port, data, Seconds(begin + at))
    end = backend.now() + REST
    while backend.now() < end:
        loop.turn()
    return hits


def real(minutes: float, seed: int, console: Console) -> Row:
    """Play for minutes on the server that the environment names."""
    began = time.perf_counter()
    cues = [
        Timed(round(at * RATE), port, data) for at, port, data in sixteenths(minutes * 60, seed) if at >= 0
    ]
    memory: list[float] = []
    over = threading.Event()

    def look(process: psutil.Process) -> None:
        while not over.wait(LOOK_EVERY):
            memory.append(written_mib(process))

    settings = {"meter_display": "lines", "look_ahead_ms": LOOK_AHEAD_MS}
    with daemon(True, model=MODEL, **settings) as started, Partner(perform, cues) as daw:
        daw.expect("connected")
        watcher = threading.Thread(target=look, args=(psutil.Process(started.process.pid),))
        watcher.start()
        daw.tell("go")
        with progress(console, f"{minutes:g} minutes on JACK", 1.0):
            sent, heard, skipped = daw.expect("performed", minutes * 60 + 120.0)
        over.set()
        watcher.join()
    notes = Notes()
    for message in heard:
        notes.hear(message.data)
    wanted = sum(m.port is Port.DRUMS and m.data[0] & 0xF0 == 0x90 for m in sent)
    note = f"JACK skipped {skipped:,} frames" if skipped else ""
    return Row(f"JACK, {minutes:g} min", _figures(notes, wanted, memory, began), MODEL, True, note=note)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; 1 if a note was lost, doubled, stuck or overtaken, or memory grew."""
    options = _options(arguments)
    console = screen()
    rows = [virtual(options.hours, options.seed, console)] if options.hours else []
    if options.minutes:
        try:
            with jack_server("soak"):
                rows.append(real(options.minutes, options.seed, console))
        except NoServerError as error:
            rows.append(Row("JACK", note=f"skipped: {error}"))
    report = Report(
        "soak",
        f"sixteenths at {BPM:g} BPM with a musician and MIDI clock",
        "none",
        options.seed,
        COLUMNS,
        [Section("no note lost, doubled, stuck or overtaken; memory flat", rows)],
        [
            "MB: private memory that was written to; "
            f"grew: from a quarter of the time to its end, goal under {FLAT_MB:g}"
        ],
    )
    report.print(console)
    if options.json:
        report.write(options.json)
    faults = ("lost", "doubled", "stuck", "reordered")
    bad = any(row.figures.get(key) for row in rows for key in faults)
    return int(bad or any(row.figures.get("grew_mb", 0.0) > FLAT_MB for row in rows))


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = parser_of(__doc__, seed="of the musician")
    parser.add_argument("--hours", type=float, default=12.0, help="in virtual time; 0: none")
    parser.add_argument("--minutes", type=float, default=30.0, help="in real time on JACK; 0: none")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
