"""The real engine on a duet: drums quantised and fed early, the musician's onsets as they came.

Times are those of a rig whose DAW sends the drums early by the look-ahead: what the effect delays, the DAW
has advanced. Nothing waits; the engine is told the time.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count

import numpy as np

from benchmarks.duets import Duet, grid_twelfth
from benchmarks.scores import Errors
from pocket_core.clock import MapClock
from pocket_core.engine import Engine
from pocket_core.grid import TWELFTHS
from pocket_core.predict import Predictor
from pocket_core.records import TimestepRecord
from pocket_core.settings import Settings
from pocket_core.tempo import MeterMap, TempoChange, TempoMap
from pocket_core.types import Beats, Port, Seconds
from pocketd.casting import tell_score
from pocketd.known_score import KnownScore, make_steps

ORIGIN = Seconds(1.0)  # when beat 0 sounds, so that nothing arrives before 0
TAIL = Seconds(2.0)  # after the last message: whatever waits has left, every window is closed
SAME = 1e-6  # seconds; two nominal times this close are one
NOTE_ON, NOTE_OFF = 0x99, 0x89  # channel 10
SHORT = 1 / 24  # quarter notes that a drum note is held: half the least distance on the grid


@dataclass(frozen=True, slots=True)
class Run:
    """How a duet is played.

    Args:
        transport_ms: With late commit, from the musician's onset to the earliest output it can cause.
            None: no late commit, and onsets are known at once.
        expressive: How far the voices go their own ways, 0..1.
        notice_ms: How long before its time a hit is handed over; nothing pulls it after that.
    """

    transport_ms: float | None = None
    expressive: float = 0.0
    notice_ms: float = 0.0

    @property
    def settings(self) -> Settings:
        """The engine's defaults, with late commit or without."""
        if self.transport_ms is None:
            return Settings(late_commit=False, expressive=self.expressive)
        return Settings(
            transport=Seconds(self.transport_ms / 1000),
            expressive=self.expressive,
            notice=Seconds(self.notice_ms / 1000),
        )


def play(duet: Duet, predictor: Predictor, run: Run) -> list[TimestepRecord]:
    """Send a duet through an engine of its own and return what happened, in order.

    A musician's onset acts once everything due up to `transport_ms` after it has left.
    """
    clock = MapClock(TempoMap([TempoChange(Beats(0.0), duet.bpm)]), ORIGIN)
    return play_through(Engine(run.settings, clock, predictor), duet, predictor, run)


def play_through(engine: Engine, duet: Duet, predictor: Predictor, run: Run) -> list[TimestepRecord]:
    """Send a duet through an engine whose song begins at `ORIGIN`; the predictor is the engine's."""
    settings = engine.settings
    transport = (run.transport_ms or 0.0) / 1000
    order = count()
    queue: list[tuple[float, int, float, Port, bytes]] = []  # delivery, tie, arrival, port, message
    pace = 60.0 / duet.bpm

    def feed(arrival: float, delay: float, port: Port, data: bytes) -> None:
        heapq.heappush(queue, (arrival + delay, next(order), arrival, port, data))

    quantised = _quantised(duet)
    tell_score(predictor, _score(duet, quantised))
    for twelfth, notes in quantised.items():
        arrival = ORIGIN + twelfth / TWELFTHS * pace - settings.look_ahead
        for number, velocity in notes.items():
            feed(arrival, 0.0, Port.DRUMS, bytes((NOTE_ON, number, velocity)))
            feed(arrival + SHORT * pace, 0.0, Port.DRUMS, bytes((NOTE_OFF, number, 64)))
    for note in duet.human:
        feed(ORIGIN + note.beat * pace, transport, Port.HUMAN, bytes((NOTE_ON, note.note, note.velocity)))
    end = ORIGIN
    records: list[TimestepRecord] = []
    while queue:
        delivery, _, arrival, port, data = heapq.heappop(queue)
        engine.take_due(Seconds(delivery))
        engine.receive(data, port, Seconds(arrival))
        records += engine.take_records()
        end = Seconds(delivery)
    engine.take_due(Seconds(end + TAIL))
    return records + engine.take_records()


def _score(duet: Duet, quantised: Mapping[int, Mapping[int, int]]) -> KnownScore:
    """Return the drum track as a model knows it that reads the score beforehand."""
    voices = Settings().voices
    struck = (
        (Beats(twelfth / TWELFTHS), [v for note in notes if (v := voices.index(note)) is not None])
        for twelfth, notes in quantised.items()
    )
    return KnownScore(make_steps(struck), TempoMap([TempoChange(Beats(0.0), duet.bpm)]), MeterMap())


def errors(duet: Duet, records: list[TimestepRecord], *, committed: bool) -> Errors:
    """Score an engine's records by BENCHMARKS' protocol: its timesteps, its `h` and `k`.

    Args:
        duet: What was played.
        records: What came of it.
        committed: Score what sounded; else the forecast.

    Raises:
        RuntimeError: A drum timestep of the protocol has no record, or a record has no timestep.
    """
    human: list[float] = []
    drummer: list[float] = []
    waits: list[float] = []
    pace = 60.0 / duet.bpm
    drums = [step for step in duet.steps if step.drums_ms is not None]
    records = sorted(records, key=lambda r: r.nominal_s)
    if len(records) != len(drums):
        raise RuntimeError(
            f"{duet.name}: the engine played {len(records)} timesteps, the file has {len(drums)}"
        )
    for step, record in zip(drums, records, strict=True):
        nominal = ORIGIN + step.twelfth / TWELFTHS * pace
        if abs(record.nominal_s - nominal) > SAME:
            raise RuntimeError(
                f"{duet.name}: the engine has a timestep at {record.nominal_s:.6f} s, "
                f"the file at {nominal:.6f} s"
            )
        sounded = (record.committed_s - record.nominal_s) * 1000
        drummer.append(_known(step.drums_ms) - record.forecast_ms)
        if step.human_ms is None:
            waits.append(sounded - record.forecast_ms)
        else:
            human.append(step.human_ms - (sounded if committed else record.forecast_ms))
    return Errors(duet.name, duet.drummer, np.array(human), np.array(drummer), np.array(waits))


def _quantised(duet: Duet) -> dict[int, dict[int, int]]:
    """Return for each drum timestep, rising, its notes and their velocities; a flam's first note stands."""
    steps: dict[int, dict[int, int]] = {}
    for note in duet.drums:
        steps.setdefault(grid_twelfth(note.beat), {}).setdefault(note.note, note.velocity)
    return dict(sorted(steps.items()))


def _known(value: float | None) -> float:
    if value is None:
        raise ValueError("a drum timestep has an offset")
    return value
