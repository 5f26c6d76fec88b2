"""The real engine in the drummer's chair: hits on the beat line, sent early, and a musician as recorded.

The engine hears each beat as one pulse on its control port (`jazz_line.BeatClock`), the drummer's hits on
the drum port, ahead of where the line puts them, and one musician. Nothing waits; it is told the time.
"""

from __future__ import annotations

import heapq
import math
from dataclasses import dataclass
from itertools import count

import numpy as np

from benchmarks.jazz import RIDE, Floats, Part, Performance
from benchmarks.jazz_line import BeatClock, nominals
from pocket_core.engine import Engine
from pocket_core.predict import Predictor
from pocket_core.records import TimestepRecord
from pocket_core.settings import Settings
from pocket_core.types import Port, Seconds

TRANSPORT = 0.0015  # seconds: with late commit, from an onset to the earliest output it can cause
HELD = 0.030  # seconds that a drum is held
TAIL = 2.0  # seconds after the last message: whatever waits has left
SAME = 1e-6  # seconds; two nominal times this close are one
PULSE = bytes((0xF8,))
DRUM_ON, DRUM_OFF, HUMAN_ON = 0x99, 0x89, 0x90


@dataclass(frozen=True, slots=True)
class Run:
    """How the engine plays."""

    amount: float  # 0..1
    late_commit: bool

    @property
    def name(self) -> str:
        """Return what rows call it."""
        return f"amount {self.amount:g} late {'on' if self.late_commit else 'off'}"

    @property
    def transport_ms(self) -> float | None:
        """Milliseconds from an onset to the earliest output it can cause; None: it can cause none."""
        return TRANSPORT * 1000 if self.late_commit else None

    @property
    def settings(self) -> Settings:
        """The engine's defaults but for these two."""
        return Settings(amount=self.amount, late_commit=self.late_commit)


@dataclass(frozen=True, slots=True)
class Played:
    """What came of it, `float64[B]`, a beat each, seconds; NaN where the engine had no hit."""

    line: Floats  # nominal times
    drums: Floats  # what sounded


def play(performance: Performance, musician: Part, predictor: Predictor, run: Run) -> Played:
    """Send a performance through an engine of its own.

    A hit is sent wherever the drummer played on the beat, once the clock runs. With late commit, an onset
    acts once everything due up to 1.5 ms after it has left; without, at once.

    Raises:
        RuntimeError: A hit has no timestep, or a timestep is elsewhere than its hit.
    """
    settings = run.settings
    lead = settings.drums_lead
    line = nominals(performance.beats, performance.first, lead)
    engine = Engine(settings, BeatClock(performance.first, lead), predictor)
    order = count()
    queue: list[tuple[float, int, float, Port, bytes]] = []  # delivery, tie, arrival, port, message

    def feed(arrival: float, delay: float, port: Port, data: bytes) -> None:
        heapq.heappush(queue, (arrival + delay, next(order), arrival, port, data))

    for beat in performance.beats:
        if not math.isnan(beat):
            feed(beat, 0.0, Port.CONTROL, PULSE)
    for number, hit in enumerate(performance.drums.on_beat):
        if hit is None or math.isnan(line[number]):
            line[number] = np.nan
            continue
        sent = line[number] - lead
        note = RIDE if settings.voices.index(hit.note) is None else hit.note
        feed(sent, 0.0, Port.DRUMS, bytes((DRUM_ON, note, hit.velocity)))
        feed(sent + HELD, 0.0, Port.DRUMS, bytes((DRUM_OFF, note, 64)))
    for onset in musician.onsets:
        delay = TRANSPORT if run.late_commit else 0.0
        feed(onset.at, delay, Port.HUMAN, bytes((HUMAN_ON, onset.note, onset.velocity)))
    end = 0.0
    records: list[TimestepRecord] = []
    while queue:
        delivery, _, arrival, port, data = heapq.heappop(queue)
        engine.take_due(Seconds(delivery))
        engine.receive(data, port, Seconds(arrival))
        records += engine.take_records()
        end = delivery
    engine.take_due(Seconds(end + TAIL))
    records += engine.take_records()
    return _matched(performance.name, line, records)


def _matched(name: str, line: Floats, records: list[TimestepRecord]) -> Played:
    numbers = np.flatnonzero(np.isfinite(line))
    records = sorted(records, key=lambda record: record.nominal_s)
    if len(records) != len(numbers):
        raise RuntimeError(
            f"{name}: the engine played {len(records)} timesteps, {len(numbers)} hits were sent"
        )
    drums = np.full(len(line), np.nan)
    for number, record in zip(numbers, records, strict=True):
        if abs(record.nominal_s - line[number]) > SAME:
            raise RuntimeError(
                f"{name}: the engine has a timestep at {record.nominal_s:.6f} s, "
                f"beat {number} is at {line[number]:.6f} s"
            )
        drums[number] = record.committed_s
    return Played(line, drums)
