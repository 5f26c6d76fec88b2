"""What it costs to hand hits over ahead: the musician's onsets of the notice come too late to pull them.

    python benchmarks/notice.py --data DIR [--json FILE]

Follow's protocol on Groove's validation split, the default model, late commit: each notice at the transport
of JACK at 64, 128 and 256 frames.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # run as a file, only this folder is on it

from benchmarks.duets import ARCHIVE, Duet, load
from benchmarks.jack_server import RATE
from benchmarks.options import parser_of
from benchmarks.players import predictor
from benchmarks.scores import Errors, figures
from benchmarks.side_by_side import side_by_side
from benchmarks.table import Column, Report, Row, Section, screen
from benchmarks.through_engine import Run, errors, play
from pocketd.backends.jack import CLAIM

NOTICES = (0.0, 1.0, 2.0, 3.0, 5.0, 8.0, 12.0, 25.0)  # ms
PERIODS = (64, 128, 256)  # frames
MODEL = "follower"
COLUMNS = (
    Column("mae_ms", "MAE ms"),
    Column("mae_ms_low", "from"),
    Column("mae_ms_high", "to"),
    Column("sd_ms", "SD ms"),
    Column("wait_ms", "wait"),
    Column("steps", "steps", 0),
)


def judge(job: tuple[Sequence[Duet], Run]) -> list[Errors]:
    """Play every duet."""
    duets, run = job
    found = []
    for duet in duets:
        model = predictor(MODEL)
        found.append(errors(duet, play(duet, model, run), committed=True))
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark."""
    options = _options(arguments)
    console = screen()
    duets = load(options.data, "validation")
    runs = {
        frames: [Run((frames / RATE / 2 + CLAIM) * 1000, notice_ms=notice) for notice in NOTICES]
        for frames in PERIODS
    }
    jobs = [(duets, run) for each in runs.values() for run in each]
    found = iter(side_by_side(judge, jobs, options.processes, console, "handing over ahead"))
    sections = [
        Section(
            f"JACK at {frames} frames: transport {each[0].transport_ms:.2f} ms",
            [
                Row(f"notice {run.notice_ms:g} ms", figures(next(found), options.seed), MODEL, True)
                for run in each
            ],
        )
        for frames, each in runs.items()
    ]
    report = Report(
        "notice", f"{ARCHIVE}, {len(duets)} files", "validation", options.seed, COLUMNS, sections, []
    )
    report.print(console)
    if options.json:
        report.write(options.json)
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = parser_of(__doc__, data="the Groove archive", seed="of the intervals", processes=True)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
