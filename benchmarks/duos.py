"""The engine in the drummer's chair of real duos and trios: BENCHMARKS' "Duos"."""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # run as a file, only this folder is on it

from rich.console import Console

from benchmarks.duos_engine import Run, play
from benchmarks.duos_rows import (
    CLOSE,
    GROUPS,
    HUMAN_RANGE,
    LATENCIES_MS,
    NONE,
    Group,
    Likeness,
    Seat,
    differing,
    group_rows,
    known_rows,
    likeness,
    pair,
    runs,
)
from benchmarks.duos_scores import Pair
from benchmarks.jazz import DUO_FILE, DUOS, TRIO_FOLDER, TRIOS, load
from benchmarks.options import parser_of
from benchmarks.players import TEMPLATE, predictor
from benchmarks.progress import progress
from benchmarks.table import Column, Report, Row, Section, print_grid, screen
from pocket_core.errors import PocketError
from pocket_core.predict import Predictor
from pocketd.champion import FOLLOWER

COLUMNS = (
    Column("sd_ms", "SD ms", 1),
    Column("sd_less_human_ms", "on human", 1),
    Column("sd_less_human_ms_low", "from", 1),
    Column("sd_less_human_ms_high", "to", 1),
    Column("correction", "c", 3),
    Column("correction_low", "from", 3),
    Column("correction_high", "to", 3),
    Column("own_correction", "own c", 3),
    Column("change_correction", "change c", 3, beside="known"),
    Column("steps", "steps"),
)
REMARKS = (
    "SD: of musician - drums, about each recording's mean; on human: less the drummer's over the same beats",
    "c: share of an asynchrony corrected a beat; own c: what is not the beat line's; from, to: 95 %",
    "amount 0 has the beat line's c: the line is made of players who correct, and its own c is 0",
    "change c: fitted to changes of the interval, median of the recordings, as the known figures are",
    "late on: 1.5 ms from an onset to what it causes",
)


@dataclass(frozen=True, slots=True)
class Job:
    """One recording through one engine."""

    seat: int  # index
    model: str
    run: Run


def play_all(
    seats: Sequence[Seat], models: Iterable[str], processes: int, console: Console
) -> dict[tuple[str, Run], list[Pair]]:
    """Send every recording through an engine for every model and run."""
    kinds = [(model, run) for model in models for run in runs(model)]
    jobs = [Job(i, *kind) for kind in kinds for i in range(len(seats))]
    sizes = [len(seat.performance.beats) for seat in seats]
    jobs.sort(key=lambda job: -sizes[job.seat])  # the longest first, so that all end together
    found: dict[tuple[str, Run], dict[int, Pair]] = {kind: {} for kind in kinds}
    context = multiprocessing.get_context("spawn")
    with (
        context.Pool(processes, _keep, (tuple(seats),)) as pool,
        progress(console, "playing along", sum(sizes) * len(kinds)) as advance,
    ):
        for job, outcome in pool.imap_unordered(_play, jobs):
            found[job.model, job.run][job.seat] = outcome
            advance(sizes[job.seat])
    return {kind: [pairs[i] for i in range(len(seats))] for kind, pairs in found.items()}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; 1 if a known figure is not met."""
    options = _options(arguments)
    console = screen()
    began = time.perf_counter()
    seats = [Seat(it, part) for it in load(options.data) for part in it.musicians]
    known = known_rows(seats)
    wrong = differing(known)
    names, missing = _models(dict.fromkeys([NONE, TEMPLATE, *(options.model or [FOLLOWER])]))
    outcomes = play_all(seats, names, options.processes, console)
    groups = [group_rows(group, seats, outcomes, options.seed) for group in GROUPS]
    by_latency = {
        latency: group_rows(Group(DUOS, "piano", (latency,)), seats, outcomes, options.seed)
        for latency in LATENCIES_MS
    }
    alike = likeness(groups)
    reproduced = f"known figures reproduce within {CLOSE:g}"
    report = Report(
        "duos",
        f"{DUO_FILE}, {TRIO_FOLDER}: {_count(seats, DUOS)} duos, {_count(seats, TRIOS)} trios",
        "all",
        options.seed,
        COLUMNS,
        (
            Section("the players, fitted to each other", known),
            *(Section(group.name, rows) for group, rows in zip(GROUPS, groups, strict=True)),
        ),
        (
            *REMARKS,
            "NOT reproduced: " + "; ".join(wrong) if wrong else reproduced,
            *missing,
        ),
        {
            "by_latency": [row.as_json() for rows in by_latency.values() for row in rows],
            "like_a_human": [asdict(line) for line in alike],
        },
    )
    report.print(console)
    _print_latencies(console, by_latency)
    _print_likeness(console, alike)
    console.print(f"took {time.perf_counter() - began:.0f} s on {options.processes} processes")
    if options.json:
        report.write(options.json)
    return 1 if wrong else 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = parser_of(__doc__, data="jazz_duos and jazz_trios", seed="of the bootstrap", processes=True)
    parser.add_argument("--model", "--models", action="append", help=f"repeat for more; default {FOLLOWER}")
    return parser.parse_args(arguments)


def _models(asked: Iterable[str]) -> tuple[list[str], list[str]]:
    """Part the models into those that can be loaded and remarks that say why the others cannot."""
    names, missing = [], []
    for name in asked:
        try:
            predictor(name)
        except PocketError as error:
            missing.append(f"{name} was not measured: {error}")
        else:
            names.append(name)
    return names, missing


def _count(seats: Iterable[Seat], data: str) -> int:
    return len({seat.performance.name for seat in seats if seat.performance.data == data})


def _print_latencies(console: Console, by_latency: Mapping[int, Sequence[Row]]) -> None:
    lines = []
    for same in zip(*by_latency.values(), strict=True):  # one row a latency
        name = same[0].name.removeprefix(GROUPS[0].name).strip()
        corrections = (f"{row.figures['correction']:.3f}" for row in same)
        lines.append((name, *corrections, *(f"{row.figures['sd_ms']:.1f}" for row in same)))
    headings = [f"{what} {latency}" for what in ("c", "SD") for latency in by_latency]
    print_grid(console, "The duos by latency in ms: c, and SD in ms", headings, lines)


def _print_likeness(console: Console, alike: Iterable[Likeness]) -> None:
    low, high = HUMAN_RANGE
    title = f"Like a human? In how many of the {len(GROUPS)} groups"
    headings = [f"c in {low:g} to {high:g}", "SD below human", "surely below", "surely above"]
    lines = [
        (line.name, *map(str, (line.corrects, line.closer, line.surely_closer, line.surely_farther)))
        for line in alike
    ]
    print_grid(console, title, headings, lines)


_seats: tuple[Seat, ...] = ()  # of a worker process


def _keep(seats: tuple[Seat, ...]) -> None:
    global _seats  # noqa: PLW0603
    _seats = seats


@cache
def _loaded(name: str) -> Predictor:
    return predictor(name)


def _play(job: Job) -> tuple[Job, Pair]:
    seat = _seats[job.seat]
    return job, pair(seat, play(seat.performance, seat.musician, _loaded(job.model), job.run))


if __name__ == "__main__":
    try:
        sys.exit(main())
    except PocketError as error:
        print(f"duos: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
