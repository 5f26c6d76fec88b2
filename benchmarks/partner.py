"""A simulated partner who follows the drums that follow the partner: BENCHMARKS' "Closed loop"."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pocket_core.clock import MapClock
from pocket_core.engine import Engine
from pocket_core.predict import Predictor
from pocket_core.settings import Settings
from pocket_core.tempo import TempoChange, TempoMap
from pocket_core.types import Beats, Due, Port, Seconds

BPM = 120.0
BEAT = 60.0 / BPM  # seconds
BEATS_A_BAR = 4
BAND = 0.05  # share of the partner's offset that the rest of the band, on the grid, takes back each beat
OWN_NOISE, HEARD_NOISE = 0.010, 0.005  # seconds, SD: of the partner's timing, and of how it is detected
TRANSPORT = 0.0015  # seconds, from the partner's onset to the earliest output it can cause
ORIGIN = 1.0  # seconds; when beat 0 sounds
LIMIT = 1e-6  # seconds; a hit this near to a limit is at it
KICK_ON, KICK_OFF = bytes((0x99, 36, 100)), bytes((0x89, 36, 64))
PARTNER = bytes((0x90, 60, 100))
HELD = 0.030  # seconds that the kick is held


@dataclass(frozen=True, slots=True)
class Cell:
    """One line of the table."""

    alpha: float  # share of an asynchrony that the partner corrects a beat
    amount: float
    late_commit: bool
    latency_ms: float  # from the partner's sound to its arrival, compensated by nobody

    @property
    def name(self) -> str:
        """Return the row's name."""
        late = "on" if self.late_commit else "off"
        return f"alpha {self.alpha:g} amount {self.amount:g} late {late} latency {self.latency_ms:g}"

    def settings(self, base: Settings) -> Settings:
        """Return the engine's settings."""
        return replace(base, amount=self.amount, late_commit=self.late_commit)


@dataclass(frozen=True, slots=True)
class Played:
    """Offsets from the grid in seconds, one a beat; positive is late."""

    partner: NDArray[np.float64]
    drums: NDArray[np.float64]
    at_limit: NDArray[np.bool_]  # the hit was as early or as late as it may be


def play(cell: Cell, predictor: Predictor, base: Settings, beats: int, seed: int) -> Played:
    """Let the two play together.

    Raises:
        RuntimeError: A hit had not left when its beat was over.
    """
    settings = cell.settings(base)
    clock = MapClock(TempoMap([TempoChange(Beats(0.0), BPM)]), Seconds(ORIGIN))
    engine = Engine(settings, clock, predictor)
    noise = np.random.default_rng(seed).normal(0.0, 1.0, (beats, 2)) * (OWN_NOISE, HEARD_NOISE)
    earliest, latest = settings.guard - settings.look_ahead, settings.max_late
    partner, drums = np.zeros(beats), np.zeros(beats)
    human, drum = 0.0, 0.0
    for n in range(beats):
        human += -cell.alpha * (human - drum) - BAND * human + noise[n, 0]
        nominal = ORIGIN + n * BEAT
        arrival = nominal - settings.drums_lead
        onset = nominal + human + noise[n, 1] + cell.latency_ms / 1000
        messages = sorted(
            [
                (arrival, arrival, Port.DRUMS, KICK_ON),
                (arrival + HELD, arrival + HELD, Port.DRUMS, KICK_OFF),
                (onset + TRANSPORT, onset, Port.HUMAN, PARTNER),
            ]
        )
        left: list[Due] = []
        for delivery, at, port, data in messages:
            left += engine.take_due(Seconds(delivery))
            engine.receive(data, port, Seconds(at))
        left += engine.take_due(Seconds(max(nominal + latest, messages[-1][0]) + LIMIT))
        struck = [due.at for due in left if due.data[0] == KICK_ON[0]]
        if len(struck) != 1:
            raise RuntimeError(f"{cell.name}: {len(struck)} hits left in beat {n}, not 1")
        drum = struck[0] - nominal
        partner[n], drums[n] = human, drum
        engine.take_records()
    return Played(partner, drums, (drums <= earliest + LIMIT) | (drums >= latest - LIMIT))
