"""On time: model steps, input to output, start, memory, idle, and events wanted against events sent."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # run as a file, only this folder is on it

from rich.console import Console

from benchmarks import on_time
from benchmarks.daemon import cpu_share, daemon, family, private_mib
from benchmarks.input_output import over_jack, over_loopback
from benchmarks.jack_server import FRAMES, RATE, NoServerError, jack_server
from benchmarks.options import parser_of
from benchmarks.players import SHIPPED, predictor
from benchmarks.progress import progress
from benchmarks.table import Column, Report, Row, Section, screen
from benchmarks.timing import distribution, time_steps
from pocket_core.errors import PocketError

STARTS = 10
SETTLE_S = 2.0  # from ready until the desk is up and nothing more is loaded
IDLE_S = 10.0
#: What is to be met on two cores: the row, the figure, and what it has to stay under.
GOALS = {
    "step": ("p99_ms", 0.5),  # of the default
    "start": ("p99_ms", 1_500.0),
    "memory": ("mb", 100.0),
    "idle": ("cpu_share", 0.03),
}
COLUMNS = (
    Column("exact_share", "exact"),
    Column("lost", "lost"),
    Column("reordered", "order"),
    Column("p50_ms", "p50 ms"),
    Column("p99_ms", "p99 ms"),
    Column("p999_ms", "p99.9 ms"),
    Column("max_ms", "max ms"),
    Column("mb", "MB", 1),
    Column("cpu_share", "CPU", 4),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark."""
    options = _options(arguments)
    console = screen()
    began = time.perf_counter()
    sections = [Section("a step every 20 ms", _steps(console, options.seconds))]
    try:
        with jack_server("bench") as jack:
            kind = "real time" if jack.real_time else "not real time"
            server = f"jackd -d dummy, {FRAMES} frames at {RATE} Hz, {kind}"
            sections += _sections(console, options, on_jack=True)
    except NoServerError as error:
        server = f"no JACK server: {error}"
        sections += _sections(console, options, on_jack=False)
        sections.append(Section("events", [_skipped(name, str(error)) for name in _EVENTS]))
    remarks = [
        "timer: how late a bare sleep and spin woke in the same run; what it shows is the machine's doing",
        "input to output: a musician's early onset to the kick that late commit lets go at once",
        "events: actual - wanted of each note; exact: within one frame; order: came before an earlier one",
        f"start: {STARTS} starts, until another client sees the ports; memory: private (USS), model loaded",
        f"idle: {IDLE_S:g} s with the transport stopped, ports open, the desk counted in; one core = 1",
        f"took {time.perf_counter() - began:.0f} s",
    ]
    report = Report("realtime", server, "none", options.seed, COLUMNS, sections, remarks)
    report.print(console)
    if options.json:
        report.write(options.json)
    return 0


_EVENTS = (f"rtmidi {FRAMES}", f"rtmidi {FRAMES} loaded")


def _sections(console: Console, options: argparse.Namespace, *, on_jack: bool) -> list[Section]:
    system = f"JACK {FRAMES}" if on_jack else "loopback"
    sections = [
        Section("late commit", _reactions(console, options, on_jack=on_jack)),
        Section(f"the daemon, {system}", _living(console, on_jack=on_jack)),
    ]
    if on_jack:
        sections.append(Section("events", _events(console, options.seconds, options.seed)))
    return sections


def _steps(console: Console, seconds: float) -> list[Row]:
    rows: list[Row] = []
    late: list[float] = []
    for name in SHIPPED:
        try:
            model = predictor(name)
        except PocketError as error:
            rows.append(_skipped(f"step {name}", str(error), name))
            continue
        with progress(console, f"step {name}", seconds) as advance:
            steps = time_steps(model, seconds, advance)
        late += steps.late
        row = Row(f"step {name}", distribution(steps.taken), name)
        rows.append(_judged("step", row) if name == _best() else row)
    if late:
        rows.append(Row("timer", distribution(late)))
    return rows


def _reactions(console: Console, options: argparse.Namespace, *, on_jack: bool) -> list[Row]:
    name = _best()
    model = predictor(name)
    seconds = options.seconds
    with progress(console, "input to output", 2.0 if on_jack else 1.0) as advance:
        rows = [_reaction("input to output", name, over_loopback(model, seconds, options.seed))]
        advance(1.0)
        if on_jack:
            rows.append(_reaction(f"input to output jack {FRAMES}", "none", over_jack(seconds, options.seed)))
            advance(1.0)
    return rows


def _reaction(name: str, model: str, latencies: Sequence[float]) -> Row:
    if not latencies:
        return Row(name, model=model, late_commit=True, note="no onset pulled a hit")
    return Row(name, distribution(latencies) | {"onsets": len(latencies)}, model, True)


def _living(console: Console, *, on_jack: bool) -> list[Row]:
    opened, ready = [], []
    model = _best()
    with progress(console, "start, memory, idle", STARTS + IDLE_S) as advance:
        for _ in range(STARTS):
            with daemon(on_jack, model=model) as started:
                ready.append(started.ready)
                opened.append(started.ready if started.ports_open is None else started.ports_open)
            advance(1.0)
        with daemon(on_jack, model=model) as started:
            time.sleep(SETTLE_S)
            processes = family(started.process)
            share = cpu_share(processes, IDLE_S)
            memory = [private_mib(process) for process in processes]
            advance(IDLE_S)
    return [
        _judged("start", Row("start", distribution(opened), model)),
        Row("start to model ready", distribution(ready), model),
        _judged("memory", Row("memory", {"mb": memory[0]}, model)),
        Row("memory with the desk", {"mb": sum(memory)}, model),
        _judged("idle", Row("idle", {"cpu_share": share}, model)),
    ]


def _events(console: Console, seconds: float, seed: int) -> list[Row]:
    rows = []
    with progress(console, "events", 2.0) as advance:
        for name, loaded in zip(_EVENTS, (False, True), strict=True):
            found = on_time.measure(seconds, seed, loaded=loaded)
            exact = sum(abs(error) < 1 / RATE for error in found.errors) / max(len(found.errors), 1)
            counts = {"exact_share": exact, "lost": found.lost, "reordered": found.reordered}
            counts["events"] = len(found.errors) + found.lost
            rows.append(Row(name, {**counts, **distribution(found.errors)}))
            rows.append(Row("timer loaded" if loaded else "timer beside it", distribution(found.timer)))
            advance(1.0)
    return rows


def _judged(goal: str, row: Row) -> Row:
    """Say in the row's note whether it meets its goal."""
    key, limit = GOALS[goal]
    met = "met" if row.figures[key] < limit else "NOT MET"
    return replace(row, note=f"goal {key} < {limit:g}: {met}", known={key: limit})


def _skipped(name: str, why: str, model: str | None = None) -> Row:
    return Row(name, model=model, note=f"skipped: {why}")


def _best() -> str:
    """Return the model that is used, or whatever there is of it."""
    for name in reversed(SHIPPED):
        with suppress(PocketError):
            predictor(name)
            return name
    return "none"


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = parser_of(__doc__, seed="of when events come")
    parser.add_argument("--seconds", type=float, default=15.0, help="for each distribution")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except PocketError as error:
        print(f"realtime: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
