"""How near the clock is to the true position, where MIDI clock jitters or arrives in periods.

    python benchmarks/clock.py [--seeds 3] [--json FILE]

Pulses of a steady tempo are shifted by uniform jitter, or put off until the next period begins, as rtmidi
over JACK does at 48 kHz, with another phase for each seed. At each pulse from the third bar on the clock's
position is compared with the true one. Half a period late on the whole is the transport's own, and the hits'
too: of periods the constant delay is taken out. A tick within 1 % of a period looks like one for minutes.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # run as a file, only this folder is on it

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from benchmarks.options import parser_of
from benchmarks.progress import progress
from benchmarks.table import Column, Report, Row, Section, screen
from pocket_core.clock import PulseClock
from pocket_core.types import Pulse, Seconds, Start

Times = NDArray[np.float64]

SEEDS = 3
BARS, SETTLED = 24, 2  # that are played, and that are not counted
BAR = 96  # pulses
RATE = 48_000  # Hz
APART = 0.01  # share by which tick and period have to differ
JITTER_GOAL_MS, PERIOD_GOAL_MS = 1.0, 2.0
COLUMNS = (
    Column("tempi", "tempi", 0),
    Column("mean_ms", "RMS ms, mean", 2),
    Column("worst_ms", "worst", 2, beside="goal"),
    Column("worst_bpm", "at BPM", 1),
    Column("early_ms", "3rd bar, worst", 2),
)


@dataclass(frozen=True, slots=True)
class Range:
    """Tempi that are tried."""

    name: str
    bpms: Sequence[float]


@dataclass(frozen=True, slots=True)
class Arrival:
    """What happens to pulses on their way."""

    name: str
    jitter: float = 0.0  # seconds, either way
    frames: int = 0  # a period; 0: none
    goal_ms: float | None = None

    def of(self, true: Times, rng: np.random.Generator) -> Times:
        """Return when the pulses arrive."""
        heard = true + rng.uniform(-self.jitter, self.jitter, len(true)) if self.jitter else true
        period = self.frames / RATE
        return np.sort(np.ceil(heard / period) * period if self.frames else heard)

    def tells(self, bpm: float) -> bool:
        """Say whether tick and period differ enough."""
        return not self.frames or abs(2.5 / bpm / (self.frames / RATE) - 1) > APART


def steps(first: float, last: float, by: float) -> list[float]:
    """Return tempi, none of them round."""
    return [float(bpm) for bpm in np.arange(first + by / 3, last, by)]


SLOW = Range("60 to 100 BPM", steps(60, 100, 2))
USUAL = Range("100 to 140 BPM", steps(100, 140, 1))
FAST = Range("140 to 240 BPM", steps(140, 240, 4))
WHOLE = Range("60 to 240 BPM", list(range(60, 241, 4)))
ARRIVALS = (
    (Arrival("jitter of 1 ms", jitter=0.001, goal_ms=JITTER_GOAL_MS), (WHOLE,)),
    (Arrival("jitter of 5 ms", jitter=0.005, goal_ms=JITTER_GOAL_MS), (SLOW, USUAL, FAST)),
    (Arrival("64 frames", frames=64), (WHOLE,)),
    (Arrival("128 frames", frames=128), (WHOLE,)),
    (Arrival("256 frames", frames=256), (SLOW, USUAL, FAST)),
    (Arrival("512 frames", frames=512, goal_ms=PERIOD_GOAL_MS), (SLOW, USUAL, FAST, WHOLE)),
    (Arrival("1,024 frames", frames=1024, goal_ms=PERIOD_GOAL_MS), (SLOW, USUAL, FAST, WHOLE)),
)


def late(heard: Times, true: Times) -> Times:
    """Return how late a clock finds the position at each pulse, seconds."""
    clock = PulseClock()
    clock.feed(Start(Seconds(heard[0])))
    tick = (true[-1] - true[0]) / (len(true) - 1)
    found = np.empty(len(heard))
    for n, at in enumerate(heard):
        clock.check(Seconds(at))
        clock.feed(Pulse(Seconds(at)))
        found[n] = at - true[0] - clock.beat_at(Seconds(at)) * 24 * tick
    return found


def play(arrival: Arrival, bpm: float, seed: int) -> tuple[float, float]:
    """Return the RMS error from the third bar on, and within that bar, milliseconds."""
    rng = np.random.default_rng([seed, round(bpm * 1000), arrival.frames])
    true: Times = 10.0 + rng.uniform(0.0, 0.1) + np.arange(BARS * BAR, dtype=np.float64) * (2.5 / bpm)
    errors = 1000 * late(arrival.of(true, rng), true)[SETTLED * BAR :]
    if arrival.frames:
        errors = errors - errors.mean()
    return float(np.sqrt(np.mean(errors**2))), float(np.sqrt(np.mean(errors[:BAR] ** 2)))


def row(arrival: Arrival, tempi: Range, seeds: int, advance: Callable[[float], None]) -> Row:
    """Play all tempi of a range."""
    told = [bpm for bpm in tempi.bpms if arrival.tells(bpm)]
    found = []
    for bpm in told:
        found += [(*play(arrival, bpm, seed), bpm) for seed in range(seeds)]
        advance(1)
    worst, _, at = max(found)
    figures = {
        "tempi": len(told),
        "mean_ms": float(np.mean([rms for rms, _, _ in found])),
        "worst_ms": worst,
        "worst_bpm": at,
        "early_ms": max(early for _, early, _ in found),
    }
    goal = {} if arrival.goal_ms is None else {"worst_ms": arrival.goal_ms}
    note = "over its goal" if worst > goal.get("worst_ms", worst) else ""
    return Row(tempi.name, figures, known=goal, note=note)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; 1 if a row is over its goal."""
    options = _options(arguments)
    console: Console = screen()
    total = sum(len(tempi.bpms) for _, ranges in ARRIVALS for tempi in ranges)
    with progress(console, "playing", total) as advance:
        found = [
            Section(arrival.name, [row(arrival, tempi, options.seeds, advance) for tempi in ranges])
            for arrival, ranges in ARRIVALS
        ]
    report = Report(
        "clock",
        f"made up: {BARS} bars of MIDI clock, {options.seeds} seeds a tempo; from bar {SETTLED + 1} on",
        "none",
        0,
        COLUMNS,
        found,
        ["In periods: without the constant delay, and without tempi whose tick is within 1 % of one."],
    )
    report.print(console)
    if options.json is not None:
        report.write(options.json)
    return int(any(line.note for section in found for line in section.rows))


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = parser_of(__doc__)
    parser.add_argument("--seeds", type=int, default=SEEDS, help="runs a tempo")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
