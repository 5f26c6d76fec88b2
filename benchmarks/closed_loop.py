"""Two listeners who follow each other: BENCHMARKS' "Closed loop". Nothing may run away."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import product
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # run as a file, only this folder is on it

import numpy as np
from rich.console import Console

from benchmarks.options import parser_of
from benchmarks.partner import BEATS_A_BAR, Cell, Played, play
from benchmarks.players import SIMPLE, predictor
from benchmarks.side_by_side import side_by_side
from benchmarks.table import Column, Report, Row, Section, screen
from pocket_core.errors import PocketError
from pocket_core.predict import Predictor
from pocket_core.settings import Settings
from pocket_core.types import Seconds

ALPHAS = (0.0, 0.2, 0.5, 0.9)
AMOUNTS = (0.0, 0.25, 0.5, 1.0)
LATENCIES_MS = (0.0, 10.0)
BARS, SEEDS = 500, 20  # BENCHMARKS' own
FEW = 2  # seeds by default, so that it ends within minutes
LAST_BARS = 100  # that the drift is taken of
MOST_AT_LIMIT = 0.01  # share; beyond it the loop has run away
MOST_DRIFT_MS = 15.0
COLUMNS = (
    Column("sd_ms", "SD ms"),
    Column("drift_ms", "drift ms", 1),
    Column("drift_worst_ms", "worst seed", 1),
    Column("at_limit_share", "at limit", 4),
)


@dataclass(frozen=True, slots=True)
class Job:
    """One simulation."""

    cell: Cell
    seed: int
    model: str
    settings: Settings
    bars: int


def cells() -> list[Cell]:
    """Return the whole table's lines in order."""
    return [
        Cell(alpha, amount, late, latency)
        for latency, late, alpha, amount in product(LATENCIES_MS, (False, True), ALPHAS, AMOUNTS)
    ]


def row(cell: Cell, model: str, runs: Sequence[Played]) -> Row:
    """Return a line: SD of partner - drums, mean offset of the drums at the end, and hits at the limit."""
    last = LAST_BARS * BEATS_A_BAR
    drifts = np.array([run.drums[-last:].mean() for run in runs]) * 1000
    figures = {
        "sd_ms": float(np.std(np.concatenate([run.partner - run.drums for run in runs])) * 1000),
        "drift_ms": float(drifts.mean()),
        "drift_worst_ms": float(drifts[np.abs(drifts).argmax()]),
        "at_limit_share": float(np.concatenate([run.at_limit for run in runs]).mean()),
    }
    away = figures["at_limit_share"] >= MOST_AT_LIMIT or abs(figures["drift_ms"]) > MOST_DRIFT_MS
    return Row(cell.name, figures, model, cell.late_commit, 1.5, note="runs away" if away else "")


def simulate(jobs: Sequence[Job], processes: int, console: Console) -> dict[Cell, list[Played]]:
    """Run the simulations; the runs of a line come in the order of the jobs."""
    found: dict[Cell, list[Played]] = {}
    played = side_by_side(_play, jobs, processes, console, "playing together")
    for job, run in zip(jobs, played, strict=True):
        found.setdefault(job.cell, []).append(run)
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; 1 if anything runs away."""
    options = _options(arguments)
    console = screen()
    began = time.perf_counter()
    predictor(options.model)  # a model that cannot be loaded says so here, and not in every process
    settings = replace(Settings(), restore=options.restore, free=Seconds(options.free_ms / 1000))
    wanted = [cell for cell in cells() if all(part in cell.name for part in options.only)]
    seeds = range(options.seed, options.seed + options.seeds)
    jobs = [Job(cell, seed, options.model, settings, options.bars) for cell in wanted for seed in seeds]
    runs = simulate(jobs, options.processes, console)
    rows = [row(cell, options.model, runs[cell]) for cell in wanted]
    away = [line.name for line in rows if line.note]
    few = "" if options.seeds >= SEEDS else f"; BENCHMARKS asks for {SEEDS}: --seeds {SEEDS}"
    remarks = [
        "sd: partner - drums; drift: mean offset of the drums in the last "
        f"{LAST_BARS} bars, over seeds, and of the seed that is worst",
        f"{options.seeds} seeds of {options.bars} bars{few}; latency: partner's sound to its arrival",
        _verdict(len(away), len(rows)),
        f"took {time.perf_counter() - began:.0f} s on {options.processes} processes",
    ]
    report = Report(
        "closed_loop",
        f"simulated partner, 120 BPM, 4/4, an onset a beat; {options.model} in the engine, "
        f"restore {settings.restore:g}, free {settings.free * 1000:g} ms",
        "none",
        options.seed,
        COLUMNS,
        (Section(options.model, rows),),
        remarks,
    )
    report.print(console)
    if options.json:
        report.write(options.json)
    return 1 if away else 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = parser_of(__doc__, seed="of the first simulation", processes=True)
    parser.add_argument("--model", default="follower", help=f"a shipped model, or {', '.join(SIMPLE)}")
    parser.add_argument("--seeds", type=int, default=FEW, help="how many simulations a line")
    parser.add_argument("--bars", type=int, default=BARS)
    default = Settings()
    parser.add_argument("--restore", type=float, default=default.restore, help="restoring force, 0..1")
    parser.add_argument("--free-ms", type=float, default=default.free * 1000, help="what it leaves alone")
    parser.add_argument(
        "--only", action="append", default=[], help='lines with this in their name: "alpha 0.9"'
    )
    return parser.parse_args(arguments)


def _verdict(away: int, lines: int) -> str:
    if away:
        return f"RUNS AWAY in {away} of {lines} lines"
    return f"nothing runs away: at the limit under {MOST_AT_LIMIT:.0%}, drift within {MOST_DRIFT_MS:.0f} ms"


@cache
def _loaded(name: str) -> Predictor:
    return predictor(name)


def _play(job: Job) -> Played:
    beats = job.bars * BEATS_A_BAR
    return play(job.cell, _loaded(job.model), job.settings, beats, job.seed)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except PocketError as error:
        print(f"closed_loop: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
