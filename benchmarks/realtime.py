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

from benchmarks import loop_timing, on_the_frame, on_time
from benchmarks.daemon import cpu_share, daemon, family, private_mib
from benchmarks.engine_share import engine_share
from benchmarks.input_output import over_loopback
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
    "engine": ("p99_ms", 0.5),
    "start": ("p99_ms", 1_500.0),
    "memory": ("mb", 100.0),
    "idle": ("cpu_share", 0.03),
}
WITHIN_MS = 0.1  # of the bare timer
COLUMNS = (
    Column("exact_share", "exact"),
    Column("events", "events", 0),
    Column("lost", "lost", 0),
    Column("doubled", "doubled", 0),
    Column("reordered", "order", 0),
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
    sections.append(Section("no MIDI system", _alone(console, options)))
    try:
        with jack_server("bench") as jack:
            kind = "real time" if jack.real_time else "not real time"
            server = f"jackd -d dummy at {RATE} Hz, {kind}; {FRAMES} frames unless a row says otherwise"
            sections.append(Section(f"the daemon, JACK {FRAMES}", _living(console, on_jack=True)))
            sections.append(Section("events, python-rtmidi", _events(console, options.seconds, options.seed)))
        if options.events:
            sections.append(Section("events, JACK", _frames(console, options)))
        sections.append(Section("late commit, JACK", _pulled(console, options)))
    except NoServerError as error:
        server = f"no JACK server: {error}"
        sections.append(Section("the daemon, loopback", _living(console, on_jack=False)))
        sections.append(Section("events", [_skipped(name, str(error)) for name in _EVENTS]))
    remarks = [
        "timer: how late a bare sleep and spin woke in the same run; what it shows is the machine's doing",
        "engine's share: from hearing an onset to letting the hit go; input to output: with the loop",
        "late commit, JACK: from the frame of a musician's early onset to that of the kick which it pulls",
        "events: actual - wanted of each note; exact: of rtmidi within one frame, of JACK on the very frame",
        "events, JACK: the whole daemon, model, recorder and meter; loaded: as many busy processes as cores",
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
PERIODS = (64, 128, 256, 512, 1024)  # frames
NOTICES = (None, 25.0)  # ms; None: the back end's own


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


def _alone(console: Console, options: argparse.Namespace) -> list[Row]:
    """Measure what no MIDI system is in."""
    name, seconds, seed = _best(), options.seconds, options.seed
    model = predictor(name)
    with progress(console, "engine's share", seconds) as advance:
        share = Row("engine's share", distribution(engine_share(model, seconds, seed, advance)), name, True)
    with progress(console, "loop", 3.0) as advance:
        rows = [_judged("engine", share)]
        rows.append(_reaction("input to output", name, over_loopback(model, seconds, seed)))
        advance(1.0)
        for title, loaded in (("rtmidi alone", False), ("rtmidi alone loaded", True)):
            found = loop_timing.measure(seconds, seed, loaded=loaded)
            rows += _beside(title, distribution(found.loop), distribution(found.timer))
            advance(1.0)
    return rows


def _beside(name: str, loop: dict[str, float], timer: dict[str, float]) -> list[Row]:
    """Judge a loop by the bare timer of the same run."""
    over = {key: loop[key] - timer[key] for key in ("p50_ms", "p99_ms")}
    met = "met" if max(over.values()) < WITHIN_MS else "NOT MET"
    note = f"goal p50 and p99 within {WITHIN_MS:g} ms of the timer: {met}"
    return [Row(name, loop, note=note), Row("timer loaded" if "loaded" in name else "timer", timer)]


def _reaction(name: str, model: str, latencies: Sequence[float]) -> Row:
    if not latencies:
        return Row(name, model=model, late_commit=True, note="no onset pulled a hit")
    return Row(name, distribution(latencies) | {"events": len(latencies)}, model, True)


def _pulled(console: Console, options: argparse.Namespace) -> list[Row]:
    rows = []
    with progress(console, "late commit", len(PERIODS)) as advance:
        for frames in PERIODS:
            with jack_server("bench", frames=frames) as jack:
                row = _reaction(f"input to output jack {frames}", "none", _reactions(options))
            most = max(2 * jack.period * 1000, 5.0)
            met = "met" if row.figures.get("p99_ms", most) < most else "NOT MET"
            rows.append(replace(row, note=f"goal p99_ms < {most:.2f}: {met}", known={"p99_ms": most}))
            advance(1.0)
    return rows


def _reactions(options: argparse.Namespace) -> list[float]:
    return on_the_frame.reactions(2 * options.seconds, options.seed)


def _frames(console: Console, options: argparse.Namespace) -> list[Row]:
    rows, model = [], _best()
    kinds = [(frames, notice) for notice in NOTICES for frames in PERIODS]
    with progress(console, "frames", len(kinds)) as advance:
        for frames, notice in kinds:
            with jack_server("bench", frames=frames):
                found = on_the_frame.measure(
                    options.events, options.seed, loaded=True, model=model, notice_ms=notice
                )
            events = len(found.errors) + found.lost
            figures = {
                "exact_share": found.exact / events,
                "events": events,
                "lost": found.lost,
                "doubled": found.doubled,
                "reordered": found.reordered,
                **distribution(found.errors),
            }
            note = f"{found.exact:,} of {events:,} exact"
            if found.skipped:
                note += f"; JACK skipped {found.skipped:,} frames"
            name = f"jack {frames} loaded" + ("" if notice is None else f", notice {notice:g} ms")
            rows.append(Row(name, figures, model, note=note))
            advance(1.0)
    return rows


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
    parser.add_argument("--events", type=int, default=2_000, help="hits for each of JACK's periods; 0: none")
    parser.add_argument("--seconds", type=float, default=15.0, help="for each distribution")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except PocketError as error:
        print(f"realtime: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
