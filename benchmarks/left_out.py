"""BENCHMARKS' "Follow" with the drummer left out: how well does a model follow whom it has never heard?

For each drummer of the test files the model is trained anew on the train and validation files of all the
others, and scored, through the engine, on that drummer's test files; the errors of all are pooled.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from platformdirs import user_cache_path
from rich.console import Console

from benchmarks.duets import ARCHIVE, Duet, load
from benchmarks.follow import COLUMNS, PLAIN, Outcome, engine_rows, run_engines
from benchmarks.options import parser_of
from benchmarks.progress import progress
from benchmarks.scores import by_drummer
from benchmarks.table import Report, Row, Section, print_drummers, screen
from benchmarks.through_engine import Run
from pocket_core.errors import PocketError

MODEL = "follower"
LEFT_OUT = "drummer left out"
EPOCHS = 24  # half as many as what ships, for six trainings take their time
WITHIN = 0.05  # of the figure with every drummer known: the goal


class TrainingError(PocketError):
    """A training of the benchmark's broke off."""


def train(model: str, drummer: int, data: Path, cache: Path, epochs: int) -> Path:
    """Train a model without one drummer, if that has not been done; return its .onnx file.

    Raises:
        TrainingError: The training ended with an error.
    """
    folder = cache / f"{model}-without-drummer{drummer}-{epochs}-epochs"
    path = folder / f"{model}.onnx"
    if path.is_file():
        return path
    command = [sys.executable, "-m", "pocketd", "pretrain", "--data", str(data), "--model", model]
    command += ["--without", f"drummer{drummer}", "--out", str(folder), "--epochs", str(epochs)]
    command += ["--threads", "1", "--resume"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode or not path.is_file():
        last = re.sub(r"\s+", " ", (done.stderr or done.stdout).strip())[-300:]
        raise TrainingError(
            f"training {model} without drummer {drummer} ended with {done.returncode}: {last}"
        )
    return path


def train_all(
    model: str,
    drummers: Sequence[int],
    data: Path,
    *,
    cache: Path,
    epochs: int,
    processes: int,
    console: Console,
) -> dict[int, Path]:
    """Train once a drummer, some at a time; what is in the cache is taken from there."""
    with (
        progress(console, f"training {model} without each drummer", len(drummers)) as advance,
        ThreadPoolExecutor(processes) as pool,
    ):

        def one(drummer: int) -> tuple[int, Path]:
            made = drummer, train(model, drummer, data, cache, epochs)
            advance(1)
            return made

        return dict(pool.map(one, drummers))


def score(
    duets: Sequence[Duet], trained: dict[int, Path], processes: int, console: Console
) -> dict[Run, list[Outcome]]:
    """Send each drummer's files through the engine with the model that never heard them, in file order."""
    found: dict[Run, list[Outcome | None]] = {}
    for drummer, path in trained.items():
        mine = [i for i, duet in enumerate(duets) if duet.drummer == drummer]
        outcomes = run_engines([duets[i] for i in mine], [str(path)], processes, console)[str(path)]
        for run, played in outcomes.items():
            for i, outcome in zip(mine, played, strict=True):
                found.setdefault(run, [None] * len(duets))[i] = outcome
    return {run: [outcome for outcome in played if outcome is not None] for run, played in found.items()}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; 1 if the goal is missed."""
    options = _options(arguments)
    console, began = screen(), time.perf_counter()
    duets = load(options.data, "test")
    drummers = sorted({duet.drummer for duet in duets})
    cache = options.cache or user_cache_path("pocketd", appauthor=False) / "left-out"
    trained = train_all(
        options.model,
        drummers,
        options.data,
        cache=cache,
        epochs=options.epochs,
        processes=options.processes,
        console=console,
    )
    left_out = score(duets, trained, options.processes, console)
    known = run_engines(duets, [options.model], options.processes, console)[options.model]
    rows: list[Row] = []
    for name, outcomes in ((f"{options.model}, {LEFT_OUT}", left_out), (options.model, known)):
        forecast, late = engine_rows(options.model, outcomes, options.seed)
        rows += [replace(s.row, name=s.row.name.replace(options.model, name, 1)) for s in (*forecast, *late)]
    half = len(rows) // 2
    ratio = rows[0].figures["mae_ms"] / rows[half].figures["mae_ms"]
    met = ratio <= 1 + WITHIN
    report = Report(
        "left_out",
        f"Groove MIDI Dataset v1.0.0 ({ARCHIVE}), {len(duets)} files, {len(drummers)} trainings",
        "test",
        options.seed,
        COLUMNS,
        (Section(LEFT_OUT, rows[:half]), Section("every drummer known", rows[half:])),
        [
            f"forecast with the drummer left out: {ratio - 1:+.1%} against every drummer known; goal "
            f"{WITHIN:.0%}: {'met' if met else 'NOT MET'}",
            f"without the drummer: {options.epochs} epochs at most; the model that ships: see its card",
            f"weights: {cache}",
        ],
    )
    report.print(console)
    lines = {
        name: by_drummer([outcome.forecast for outcome in runs[PLAIN]])
        for name, runs in (("left out", left_out), ("known", known))
    }
    print_drummers(console, "MAE ms by drummer, forecast", lines)
    console.print(f"took {time.perf_counter() - began:.0f} s on {options.processes} processes")
    if options.json:
        report.write(options.json)
    return 0 if met else 1


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = parser_of(
        __doc__, data=ARCHIVE, seed="of the bootstrap; trainings have the usual seed", processes=True
    )
    parser.add_argument("--model", default=MODEL, help="a model that `pocketd pretrain` makes")
    parser.add_argument("--cache", type=Path, help="where trained weights are kept; else the user's cache")
    parser.add_argument(
        "--epochs", type=int, default=EPOCHS, help=f"of each training, at most; default {EPOCHS}"
    )
    return parser.parse_args(arguments)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except PocketError as error:
        print(f"left_out: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
