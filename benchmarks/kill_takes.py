"""Kill a recording daemon, its desk, or both, at random moments, and see what its takes have lost."""

from __future__ import annotations

import argparse
import csv
import io
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # run as a file, only this folder is on it

import psutil

from benchmarks.options import parser_of
from benchmarks.progress import progress
from benchmarks.recording import FIRST, REST, song
from benchmarks.table import Column, Report, Row, Section, screen
from pocket_core.errors import PocketError
from pocket_core.types import Port
from pocketd.desk_records import Message, Record, Timestep
from pocketd.journal import JOURNAL, LOCK, read_journal
from pocketd.midifile import read_score
from pocketd.takes import MIDI, REPORT, TABLE, read_report, recover, take_folders

TIMES = 200
MAY_LOSE_MS = 50.0
VICTIMS = ("daemon", "desk", "both")
#: Kills come from shortly after the first start until the second take has run for a while: as a take begins,
#: runs, settles and is finished, and as the next one does meanwhile.
WHEN = (0.02, FIRST + REST + 1.0)
PATIENCE = 30.0  # seconds for a process to come up, or to end
COLUMNS = (
    Column("kills", "kills", 0),
    Column("takes", "takes", 0),
    Column("lost_p50_ms", "lost p50 ms"),
    Column("lost_p99_ms", "p99 ms"),
    Column("lost_max_ms", "max ms"),
    Column("broken", "broken", 0),
)


@dataclass(frozen=True, slots=True)
class Killed:
    """What a kill has left."""

    victim: str
    takes: int
    lost_ms: float  # from the first message that is missing to the kill; 0: none is
    wrong: tuple[str, ...]  # what is half written or otherwise not as it should be


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; 1 where a take lost more than it may, or is broken."""
    options = _options(arguments)
    console = screen()
    chance = random.Random(options.seed)
    began = time.perf_counter()
    with progress(console, "killing", float(options.times)) as advance:
        killed = kill_often(options.times, chance, lambda: advance(1.0))
    rows = [_row(victim, [k for k in killed if k.victim == victim]) for victim in VICTIMS]
    rows.append(_row("all", killed))
    remarks = [
        f"lost: from the first message that the takes lack to the kill; goal: at most {MAY_LOSE_MS:g} ms",
        "broken: takes whose journal, MIDI file, table or report is damaged, or that disagree",
        "a daemon is killed at the earliest when its desk has come up, half a second after it",
        "the takes are looked at once the desk has ended and the next start has recovered what it left",
        *(f"broken: {text}" for text in sorted({text for k in killed for text in k.wrong})),
        f"took {time.perf_counter() - began:.0f} s",
    ]
    data = "a made-up song: 48 pulses, 8 drum hits and 48 onsets a second, two takes"
    report = Report("kill_takes", data, "none", options.seed, COLUMNS, [Section("kill -9", rows)], remarks)
    report.print(console)
    if options.json:
        report.write(options.json)
    return int(any(k.wrong or k.lost_ms > MAY_LOSE_MS for k in killed))


def kill_often(times: int, chance: random.Random, done: Callable[[], None]) -> list[Killed]:
    """Kill so many daemons, each victim as often as the others."""
    killed = []
    for number in range(times):
        killed.append(kill_once(VICTIMS[number % len(VICTIMS)], chance.uniform(*WHEN)))
        done()
    return killed


def kill_once(victim: str, after: float) -> Killed:
    """Start a daemon, kill it so many seconds after its song began, and look at what it has left.

    Raises:
        RuntimeError: The daemon does not come up, or does not go on without its desk.
    """
    with tempfile.TemporaryDirectory(prefix="pocketd-kill-") as folder:
        takes = Path(folder) / "takes"
        command = [sys.executable, "-m", "benchmarks.recording", str(takes)]
        root = Path(__file__).resolve().parents[1]
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            cwd=root,
        )
        try:
            told = _begin(process)
            desk, begin = psutil.Process(told["desk"]), float(told["begin"])
            time.sleep(max(begin + after - time.perf_counter(), 0.0))
            family = [desk, *desk.children()]  # it may just be finishing a take
            at = time.perf_counter() - begin
            if victim != "daemon":
                os.kill(desk.pid, signal.SIGKILL)
            if victim != "desk":
                process.kill()
            for member in family:
                _until_ended(member)  # left alone they finish the takes
            if victim == "desk" and process.poll() is not None:
                raise RuntimeError("the daemon ended with its desk")
        finally:
            process.kill()
            process.communicate(timeout=PATIENCE)
        wrong = _recovered(takes)
        return Killed(victim, len(take_folders(takes)), lost_ms(takes, at), (*wrong, *broken(takes)))


def _begin(process: subprocess.Popen[str]) -> dict[str, Any]:
    """Let a daemon begin once its desk reads, and return what it says of itself."""
    assert process.stdin is not None
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("playing by"):  # the desk has read the first record
            process.stdin.write("go\n")
            process.stdin.flush()
        elif line.startswith("{"):
            told: dict[str, Any] = json.loads(line)
            return told
    raise RuntimeError("the daemon did not start; try `python -m benchmarks.recording FOLDER`")


def _until_ended(process: psutil.Process) -> None:
    """Wait for a process that is not ours to end; one that nobody has buried yet has ended, too."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        try:
            if process.status() == psutil.STATUS_ZOMBIE:
                return
        except psutil.NoSuchProcess:
            return
        time.sleep(0.01)
    raise RuntimeError("the desk does not end")


def _recovered(takes: Path) -> list[str]:
    """Recover as the next start does."""
    return [f"not recovered: {taken.why}" for taken in recover(takes) if not hasattr(taken, "summary")]


def lost_ms(takes: Path, at: float) -> float:
    """Return how long before the kill the first message came that the takes do not have in its place."""
    had: dict[Port, list[bytes]] = {port: [] for port in Port}
    for folder in take_folders(takes):
        for record in read_journal(folder / JOURNAL):
            if isinstance(record, Message):
                had[record.port].append(record.data)
    left = {port: iter(data) for port, data in had.items()}
    for cue in song():
        if cue.at > at:
            return 0.0
        if next(left[cue.port], None) != cue.data:
            return (at - cue.at) * 1000
    return 0.0


def broken(takes: Path) -> list[str]:
    """Say what is half written, or does not agree with the journal."""
    wrong = []
    for folder in take_folders(takes):
        try:
            wrong += _disagreements(folder, list(read_journal(folder / JOURNAL)))
        except (PocketError, OSError, ValueError) as error:
            wrong.append(str(error).replace(str(folder), "a take"))
    return wrong


def _disagreements(folder: Path, records: Sequence[Record]) -> list[str]:
    steps = sum(isinstance(record, Timestep) for record in records)
    told = len(read_report(folder)["timesteps"])
    rows = len(list(csv.DictReader(io.StringIO((folder / TABLE).read_text("utf-8")))))
    wrong = []
    if not steps == told == rows:
        wrong.append(f"{steps} timesteps in the journal, {told} in {REPORT}, {rows} in {TABLE}")
    if any(isinstance(record, Message) and record.port is Port.HUMAN for record in records):
        read_score(folder / MIDI)
    strangers = {path.name for path in folder.iterdir()} - {JOURNAL, MIDI, TABLE, REPORT, LOCK}
    return wrong + [f"{name} was left behind" for name in sorted(strangers)]


def _row(name: str, killed: Sequence[Killed]) -> Row:
    lost = sorted(k.lost_ms for k in killed)
    if not lost:
        return Row(name, note="none")
    figures = {
        "kills": len(killed),
        "takes": sum(k.takes for k in killed),
        "lost_p50_ms": _at(lost, 0.5),
        "lost_p99_ms": _at(lost, 0.99),
        "lost_max_ms": lost[-1],
        "broken": sum(len(k.wrong) for k in killed),
    }
    met = lost[-1] <= MAY_LOSE_MS and not figures["broken"]
    return Row(
        name,
        figures,
        note=f"goal lost_max_ms < {MAY_LOSE_MS:g}: {'met' if met else 'NOT MET'}",
        known={"lost_max_ms": MAY_LOSE_MS},
    )


def _at(values: Sequence[float], share: float) -> float:
    return values[min(int(share * len(values)), len(values) - 1)]


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = parser_of(__doc__, seed="of the moments")
    parser.add_argument("--times", type=int, default=TIMES, help="how many are killed")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
