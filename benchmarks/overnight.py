"""How long a night takes, and how much memory: half an hour of takes, and ten hours.

    python benchmarks/overnight.py --data DIR [--hours 0.5 --hours 10] [--json FILE]

Takes of a simulated partner are kept as the daemon keeps them (a few, then copied under other dates), and
`pocketd retrain` runs on them as a command, from its start to its report. Memory is what all of its processes
have for themselves and their share of what they share (PSS), at its highest.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # run as a file, only this folder is on it

import psutil

from benchmarks.learning import EVENING, LONG, SONG, Partner
from benchmarks.options import parser_of
from benchmarks.progress import progress
from benchmarks.studio import record
from benchmarks.table import Column, Report, Row, Section, screen
from pocketd.config import Config
from pocketd.model import load_predictor

LENGTH = 10.0  # minutes of a take; shorter where all are to be shorter
PLAYED = 6  # takes that are really played
LOOK_EVERY = 0.2  # seconds
MIB = 2**20
GOALS = {0.5: 120.0, 10.0: 1200.0}  # hours to seconds
MOST_MB = 2048
COLUMNS = (
    Column("hours", "hours", 1),
    Column("takes", "takes", 0),
    Column("seconds", "seconds", 0, beside="goal"),
    Column("peak_mb", "peak MB", 0, beside="goal"),
)


@dataclass(frozen=True, slots=True)
class Night:
    """What a night took."""

    takes: int
    seconds: float
    peak_mb: float
    verdict: str


def fill(root: Path, hours: float) -> int:
    """Keep takes of so many hours; returns how many."""
    minutes = min(LENGTH, hours * 60 / PLAYED)
    song = replace(SONG, bars=round(minutes * 60 / (4 * SONG.pace)))
    partner, player = Partner.by_chance(1), load_predictor("follower", LONG)
    folders = [
        record(
            root,
            song,
            partner.onsets(song, n),
            config=Config(),
            predictor=player,
            at=EVENING + timedelta(hours=n),
        )
        for n in range(min(PLAYED, round(hours * 60 / minutes)))
    ]
    count = round(hours * 60 / minutes)
    for n in range(len(folders), count):
        at = EVENING + timedelta(days=1 + n // 20, minutes=11 * (n % 20))
        shutil.copytree(folders[n % len(folders)], root / f"{at:%Y-%m-%d}" / f"{at:%H%M%S}")
    return count


def night(takes: Path, data: Path | None, home: Path) -> Night:
    """Run a night as a command."""
    words = [sys.executable, "-m", "pocketd", "retrain", "--takes", str(takes)]
    words += [] if data is None else ["--data", str(data)]
    began = time.perf_counter()
    process = psutil.Popen(
        words,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "XDG_DATA_HOME": str(home)},
    )
    peak = 0.0
    while process.poll() is None:
        peak = max(peak, _memory(process))
        time.sleep(LOOK_EVERY)
    said = process.stdout.read()
    if process.returncode:
        raise RuntimeError(f"{' '.join(words)} ended with {process.returncode}: {said}")
    return Night(0, time.perf_counter() - began, peak, said.splitlines()[0])


def _memory(process: psutil.Process) -> float:
    total = 0
    try:
        for each in (process, *process.children(recursive=True)):
            total += each.memory_full_info().pss
    except (psutil.NoSuchProcess, psutil.AccessDenied):  # one has just ended
        return 0.0
    return total / MIB


def row(hours: float, came: Night) -> Row:
    """Return a line."""
    figures = {
        "hours": hours,
        "takes": float(came.takes),
        "seconds": came.seconds,
        "peak_mb": came.peak_mb,
    }
    goal = GOALS.get(hours)
    known = {"peak_mb": float(MOST_MB), **({} if goal is None else {"seconds": goal})}
    met = came.peak_mb < MOST_MB and (goal is None or came.seconds < goal)
    return Row(f"{hours:g} hours of takes", figures, "follower", known=known, note="" if met else "NOT MET")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark."""
    options = _options(arguments)
    console = screen()
    rows, verdicts = [], []
    with progress(console, "nights", len(options.hours)) as advance:
        for hours in options.hours:
            with tempfile.TemporaryDirectory(prefix="pocketd-overnight-") as folder:
                takes = Path(folder) / "takes"
                count = fill(takes, hours)
                came = replace(night(takes, options.data, Path(folder) / "home"), takes=count)
            rows.append(row(hours, came))
            verdicts.append(came.verdict)
            advance(1)
    report = Report(
        "overnight",
        f"a simulated partner, {PLAYED} takes played, the others copies; `pocketd retrain` as a command",
        "none",
        1,
        COLUMNS,
        (Section("a night", rows),),
        verdicts,
    )
    report.print(console)
    if options.json:
        report.write(options.json)
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = parser_of(__doc__)
    parser.add_argument("--data", type=Path, help="the Groove archive, or a folder with it")
    parser.add_argument(
        "--hours", type=float, action="append", help="of takes; more than once for more nights"
    )
    options = parser.parse_args(arguments)
    options.hours = options.hours or list(GOALS)
    return options


if __name__ == "__main__":
    sys.exit(main())
