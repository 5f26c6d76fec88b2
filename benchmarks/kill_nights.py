"""A night is killed at random moments: is the champion always there, is anything half written?

    python benchmarks/kill_nights.py --data DIR [--times 200] [--json FILE]

Each time `pocketd retrain` is started on a few takes and killed (SIGKILL) at a moment by chance, or has come
to its end before; the helping processes have to end by themselves. Then whoever `model: champion` names is
loaded and tried, and every report, order, card and pointer that lies there must be whole. The network is the
one that has most to learn, so that nights end with a switch; behind each the champion is taken away, and all
begins anew. At the end a night runs through.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # run as a file, only this folder is on it

import numpy as np
import psutil

from benchmarks.learning import EVENING, LONG, SONG, Partner
from benchmarks.options import parser_of
from benchmarks.progress import progress
from benchmarks.studio import record
from benchmarks.table import Column, Report, Row, Section, screen
from pocket_core.errors import PocketError
from pocketd.champion import Nights
from pocketd.config import Config
from pocketd.model import load_predictor
from pocketd.model_shelf import read_sheet
from pocketd.onnxfile import read_graph

TAKES = 3
NOISE = 0.007  # seconds: of a partner who is soon learnt
CONFIG = "retrain: {start: lstm-solo, style: variance, a: 3, b: 4}"
COLUMNS = (
    Column("kills", "kills", 0),
    Column("ended", "nights that ended", 0),
    Column("promoted", "switches", 0),
    Column("behind", "killed behind one", 0),
    Column("unloadable", "champion not loadable", 0),
    Column("half_written", "half written", 0),
    Column("orphans", "processes left", 0),
    Column("seconds", "a whole night s", 1),
)


def start(takes: Path, data: Path | None, home: Path) -> psutil.Popen:
    """Start a night."""
    config = home / "config.yaml"
    words = [sys.executable, "-m", "pocketd", "retrain", "--takes", str(takes), "--epochs", "2"]
    words += ["--config", str(config)]
    words += [] if data is None else ["--data", str(data)]
    return psutil.Popen(
        words,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "XDG_DATA_HOME": str(home)},
    )


def broken(root: Path) -> list[str]:
    """Return what lies in the nights' folder and is not whole."""
    found = []
    for path in (*root.glob("*.json"), *root.glob("*/*.json")):
        try:
            json.loads(path.read_bytes())
        except ValueError:
            found.append(str(path))
    for report in root.glob("*/report.json"):  # where a night is over its models are whole
        for model in report.parent.glob("*.onnx"):
            try:
                read_graph(model, read_sheet(model).sha256)
            except PocketError:
                found.append(str(model))
    return found


def loadable(nights: Nights) -> bool:
    """Say whether whoever the pointer names can be loaded and makes steps."""
    try:
        load_predictor(nights.candidates(None)[0], LONG)
    except PocketError:
        return False
    return True


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; 1 if anything was lost."""
    options = _options(arguments)
    console, chance = screen(), np.random.default_rng(options.seed)
    names = ("kills", "ended", "promoted", "behind", "unloadable", "half_written", "orphans")
    counts = dict.fromkeys(names, 0)
    with tempfile.TemporaryDirectory(prefix="pocketd-nights-") as folder:
        root, home = Path(folder) / "takes", Path(folder) / "home"
        partner, player = Partner.by_chance(1), load_predictor("follower", LONG)
        for n in range(TAKES):
            at = EVENING + timedelta(hours=n)
            record(root, SONG, partner.onsets(SONG, n, noise=NOISE), config=Config(), predictor=player, at=at)
        home.mkdir()
        (home / "config.yaml").write_text(CONFIG)
        began = time.perf_counter()
        start(root, options.data, home).wait()
        whole = time.perf_counter() - began
        nights = Nights(home / "pocketd" / "nights")
        with progress(console, "killing nights", options.times) as advance:
            while counts["kills"] < options.times:
                process = start(root, options.data, home)
                with contextlib.suppress(psutil.TimeoutExpired):
                    process.wait(float(chance.uniform(0.0, whole)))
                family = [process, *process.children(recursive=True)] if process.is_running() else []
                if family:
                    process.kill()
                    counts["kills"] += 1
                    advance(1)
                else:
                    counts["ended"] += 1
                process.wait()
                _, left = psutil.wait_procs(family[1:], timeout=10.0)
                counts["orphans"] += len(left)
                counts["unloadable"] += not loadable(nights)
                counts["half_written"] += len(broken(nights.root))
                if nights.read().champion is not None:
                    counts["promoted"] += 1
                    counts["behind"] += bool(family)
                    nights.pointer.unlink()
        last = start(root, options.data, home).wait()
    lost = counts["unloadable"] + counts["half_written"] + counts["orphans"] + (last != 0)
    figures = {**{key: float(value) for key, value in counts.items()}, "seconds": whole}
    report = Report(
        "kill_nights",
        f"{TAKES} takes of a simulated partner, two epochs a night, `kill -9` at a moment by chance",
        "none",
        options.seed,
        COLUMNS,
        (Section("nights", [Row("kill -9", figures, "follower", note="LOST" if lost else "")]),),
        [f"the night behind the last kill ended with {last}"],
    )
    report.print(console)
    if options.json:
        report.write(options.json)
    return 1 if lost else 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = parser_of(__doc__, seed="of the moments")
    parser.add_argument("--data", type=Path, help="the Groove archive, or a folder with it")
    parser.add_argument("--times", type=int, default=200)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
