"""How close the drums land to the musician: BENCHMARKS' "Follow", pocketd beside its rivals."""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # run as a file, only this folder is on it

from rich.console import Console

from benchmarks import known, players
from benchmarks.duets import ARCHIVE, Duet, load
from benchmarks.options import parser_of
from benchmarks.players import SHIPPED, predictor, weights
from benchmarks.progress import progress
from benchmarks.rivals import RIVALS, TRANSPORTS_MS, follow, own_hands
from benchmarks.scores import Compared, Errors, by_drummer, figures, pair
from benchmarks.table import Column, Report, Row, Section, print_compared, print_drummers, screen
from benchmarks.through_engine import Run, errors, play
from pocket_core.errors import PocketError
from pocket_core.predict import Predictor

COLUMNS = (
    Column("mae_ms", "MAE ms", beside="known"),
    Column("mae_ms_low", "from"),
    Column("mae_ms_high", "to"),
    Column("centred_mae_ms", "centred"),
    Column("sd_ms", "SD ms", beside="known"),
    Column("drummer_mae_ms", "drummer", beside="known"),
    Column("wait_ms", "wait"),
    Column("steps", "steps"),
)
CLOSE_MS = 0.05  # how near a known figure must be met
PLAIN = Run()
RUNS = (PLAIN, *(Run(transport) for transport in TRANSPORTS_MS))
EXPRESSIVE = (Run(expressive=1.0), Run(3.0, expressive=1.0))  # of models that speak of voices
TEMPLATE = "groove template"


@dataclass(frozen=True, slots=True)
class Job:
    """One file through one engine."""

    duet: int  # index
    model: str
    run: Run


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an engine did in one file."""

    forecast: Errors
    committed: Errors


@dataclass(frozen=True, slots=True)
class Scored:
    """A row with what it was made of."""

    row: Row
    files: Sequence[Errors]


def rivals(duets: Sequence[Duet], seed: int, *, test: bool) -> tuple[list[Scored], list[Scored]]:
    """Return the rows of the rivals: forecasts, and with late commit."""
    forecasts = {name: follow(duets, new) for name, new in RIVALS.items()} | {"own hands": own_hands(duets)}
    first = [
        Scored(Row(name, figures(files, seed), known=known.FORECAST[name] if test else {}), files)
        for name, files in forecasts.items()
    ]
    late = []
    for name, rule in (("no model", "quantised"), (TEMPLATE, TEMPLATE)):
        for transport in TRANSPORTS_MS:
            files = follow(duets, RIVALS[rule], transport)
            title = known.late_name(name, transport)
            row = Row(
                title,
                figures(files, seed),
                late_commit=True,
                transport_ms=transport,
                known=known.LATE[title] if test else {},
            )
            late.append(Scored(row, files))
    return first, late


def engine_rows(
    name: str, outcomes: dict[Run, list[Outcome]], seed: int
) -> tuple[list[Scored], list[Scored]]:
    """Return a model's rows: its forecast and what sounded of it, and what sounded with late commit."""
    title = f"engine's {name}" if name in players.SIMPLE else name
    plain = outcomes[PLAIN]
    first = []
    for label, files in (
        (title, [o.forecast for o in plain]),
        (f"{title}, as played", [o.committed for o in plain]),
    ):
        first.append(Scored(Row(label, figures(files, seed), name, late_commit=False), files))
    late = []
    for run, found in outcomes.items():
        files, played = [o.committed for o in found], f"{title}, expressive" if run.expressive else title
        if run.transport_ms is not None:
            label = known.late_name(played, run.transport_ms)
            late.append(Scored(Row(label, figures(files, seed), name, True, run.transport_ms), files))
        elif run != PLAIN:
            first.append(Scored(Row(f"{played}, as played", figures(files, seed), name, False), files))
    return first, late


def run_engines(
    duets: Sequence[Duet], models: Sequence[str], processes: int, console: Console
) -> dict[str, dict[Run, list[Outcome]]]:
    """Send every file through an engine for every model and run, and return the outcomes in file order."""
    runs = {model: _runs(model) for model in models}
    jobs = [Job(i, model, run) for model in models for run in runs[model] for i in range(len(duets))]
    jobs.sort(key=lambda job: -len(duets[job.duet].steps))  # the longest first, so that all end together
    found: dict[tuple[str, Run], dict[int, Outcome]] = {}
    context = multiprocessing.get_context("spawn")
    with (
        context.Pool(processes, _keep, (tuple(duets),)) as pool,
        progress(console, "through the engine", sum(len(duets[job.duet].steps) for job in jobs)) as advance,
    ):
        for job, outcome in pool.imap_unordered(_play, jobs):
            found.setdefault((job.model, job.run), {})[job.duet] = outcome
            advance(len(duets[job.duet].steps))
    return {
        model: {run: [found[model, run][i] for i in range(len(duets))] for run in runs[model]}
        for model in models
    }


def _runs(model: str) -> tuple[Run, ...]:
    if model in players.SIMPLE:
        return RUNS[:2]
    return (*RUNS, *EXPRESSIVE) if players.speaks_of_voices(predictor(model)) else RUNS


def paired(scored: Sequence[Scored], seed: int) -> list[Compared]:
    """Compare every engine's row with the groove template's of the same transport, file by file."""
    templates = {
        s.row.transport_ms: s for s in scored if s.row.model is None and s.row.name.startswith(TEMPLATE)
    }
    return [
        Compared(s.row.name, against.row.name, pair(s.files, against.files, seed))
        for s in scored
        if s.row.model is not None
        for against in [templates[s.row.transport_ms]]
    ]


def differing(scored: Sequence[Scored]) -> list[str]:
    """Name the known figures that were not met."""
    return [
        f"{s.row.name}: {key} is {s.row.figures[key]:.2f}, known is {value:.2f}"
        for s in scored
        for key, value in s.row.known.items()
        if abs(s.row.figures[key] - value) > (CLOSE_MS if key.endswith("_ms") else 0)
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; 1 if a known figure is not met."""
    options = _options(arguments)
    console = screen()
    began = time.perf_counter()
    duets = load(options.data, options.split)
    forecast, late = rivals(duets, options.seed, test=options.split == "test")
    names, missing = _models(dict.fromkeys([players.TEMPLATE, *(options.model or SHIPPED)]))
    for model, outcomes in run_engines(duets, names, options.processes, console).items():
        more, more_late = engine_rows(model, outcomes, options.seed)
        forecast += more
        late += more_late
    scored = [*forecast, *late]
    pairs = paired(scored, options.seed)
    wrong = differing(scored)
    drummers = {s.row.name: by_drummer(s.files) for s in forecast}
    remarks = [
        "error: h - forecast, or h - committed where it says late commit or as played",
        "from, to: 95 % bootstrap interval of MAE over files; centred: each file's mean error removed",
        "drummer: MAE of k - forecast, every drum step",
        "wait: mean of committed - forecast where the musician does not play",
        "expressive: at 1, each voice goes its own way where the musician is unlikely; the earliest counts",
        "engine: default settings, drums 120 ms early; as played: the forecast within the engine's limits",
    ]
    if options.split == "test":
        remarks.append(
            "NOT reproduced: " + "; ".join(wrong)
            if wrong
            else f"known rows reproduce: every figure within {CLOSE_MS} ms, every count equal"
        )
    report = Report(
        "follow",
        f"Groove MIDI Dataset v1.0.0 ({ARCHIVE}), {len(duets)} files, hands against feet",
        options.split,
        options.seed,
        COLUMNS,
        (
            Section("forecast", [s.row for s in forecast] + missing),
            Section("late commit", [s.row for s in late]),
            *_reference(test=options.split == "test"),
        ),
        remarks,
        {
            "paired": [compared.as_json() for compared in pairs],
            "by_drummer": drummers,
            "weights": weights(options.model or SHIPPED),
        },
    )
    report.print(console)
    print_drummers(console, "MAE ms by drummer, forecast", drummers)
    print_compared(console, "the groove template's", pairs)
    console.print(f"took {time.perf_counter() - began:.0f} s on {options.processes} processes")
    if options.json:
        report.write(options.json)
    return 1 if wrong else 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = parser_of(__doc__, data=ARCHIVE, seed="of the bootstrap", processes=True)
    parser.add_argument("--split", choices=("test", "validation"), default="test")
    parser.add_argument("--model", action="append", help=f"repeat for more; default {' and '.join(SHIPPED)}")
    return parser.parse_args(arguments)


def _models(asked: Iterable[str]) -> tuple[list[str], list[Row]]:
    """Part the models into those that can be loaded and rows that say why the others cannot."""
    names, missing = [], []
    for name in asked:
        try:
            predictor(name)
        except PocketError as error:
            missing.append(Row(name, model=name, note=f"not measured: {error}"))
        else:
            names.append(name)
    return names, missing


_duets: tuple[Duet, ...] = ()  # of a worker process


def _keep(duets: tuple[Duet, ...]) -> None:
    global _duets  # noqa: PLW0603
    _duets = duets


@cache
def _loaded(name: str) -> Predictor:
    return predictor(name)


def _play(job: Job) -> tuple[Job, Outcome]:
    duet = _duets[job.duet]
    records = play(duet, _loaded(job.model), job.run)
    return job, Outcome(errors(duet, records, committed=False), errors(duet, records, committed=True))


def _reference(*, test: bool) -> list[Section]:
    if not test:
        return []
    rows = [Row(name, known=values) for name, values in (*known.PILOT.items(), *known.LATE_PILOT.items())]
    return [Section("known, not re-run", rows, reference=True)]


if __name__ == "__main__":
    try:
        sys.exit(main())
    except PocketError as error:
        print(f"follow: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
