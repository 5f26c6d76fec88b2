"""What the loop would have learned from rolypoly~'s takes of 2020, take by take.

    python benchmarks/replay.py --data DIR [--json FILE] [--picture PICTURE.png]

The drums play a take's score to the guitarist's logged onsets, targets are made of it as a night makes them,
the model learns on from that take alone, and plays the next one. The loop is open: the guitarist heard
rolypoly~'s drums, not these, and does not react. An onset is known up to a sixth of the hit's length away
from the drums of then, and late by what detected it.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # run as a file, only this folder is on it

import numpy as np
from numpy.typing import NDArray

from benchmarks.logged_takes import EXPERIMENTS, FOLDER, Experiment, Figure, Logged, read_logged
from benchmarks.options import parser_of
from benchmarks.side_by_side import side_by_side
from benchmarks.studio import perform
from benchmarks.table import Column, Report, Row, Section, screen
from pocket_core.errors import DataError, PocketError
from pocket_core.grid import TWELFTHS
from pocket_core.records import TimestepRecord
from pocket_core.types import Seconds
from pocket_export.night.take_duets import TakeDuet, read_take
from pocket_export.night.targets import Rule
from pocketd.desk_records import Timestep
from pocketd.journal import JOURNAL
from pocketd.take_import import import_take
from pocketd.take_names import name_of

ROLYPOLY, FOLLOWER = "rolypoly~", "follower"
RUNNING, OFTEN = 16, 4  # onsets: of the mean that is the drift; that make a place's feel
LEAST_MOVED = 20.0  # ms; of less nobody reaches a share
DRAWN = "swing, B off"  # the experiment whose takes are drawn
COLUMNS = (
    Column("meetings", "meetings", 0),
    Column("mean_ms", "mean ms", 1),
    Column("sd_ms", "SD ms", 1),
    Column("untaught_sd_ms", "untaught", 1),
    Column("grid_sd_ms", "on the grid", 1),
    Column("mae_centred_ms", "forecast, centred", 1),
    Column("moved_ms", "guitarist moved", 1),
    Column("reached", "reached"),
    Column("untaught_reached", "untaught"),
    Column("taught", "taught", 0),
)


@dataclass(frozen=True, slots=True)
class Job:
    """One experiment, and who plays it instead."""

    experiment: Experiment
    model: str  # of those that ship, or `ROLYPOLY`: as it was
    data: Path
    seed: int


@dataclass(frozen=True, slots=True)
class Replayed:
    """A take, and the drums that were played to it."""

    logged: Logged
    steps: Sequence[TimestepRecord]  # with the guitarist's onsets
    untaught: Sequence[TimestepRecord] = ()  # the same by the model as it ships
    taught: int | None = None  # meetings that were learnt from; None: nothing was to be

    def figures(self, figure: Figure | None) -> dict[str, float]:
        """Return a row's figures."""
        human, met = self.logged.human_ms, ~np.isnan(self.logged.human_ms)
        apart = (human - _played(self.steps))[met]
        left = (human - np.array([step.forecast_ms for step in self.steps]))[met]
        found = {
            "meetings": int(met.sum()),
            "mean_ms": float(apart.mean()),
            "sd_ms": float(apart.std()),
            "grid_sd_ms": float(human[met].std()),
            "mae_centred_ms": float(np.abs(left - left.mean()).mean()),
        }
        if self.untaught:
            found["untaught_sd_ms"] = float((human - _played(self.untaught))[met].std())
        if figure is not None:
            moved, stays = self.logged.places(figure)
            swing = float(human[moved & met].mean() - human[stays & met].mean())
            found["moved_ms"] = swing
            for key, steps in (("reached", self.steps), ("untaught_reached", self.untaught)):
                if steps and abs(swing) >= LEAST_MOVED:
                    found[key] = float(_played(steps)[moved].mean() - _played(steps)[stays].mean()) / swing
        return found if self.taught is None else {**found, "taught": self.taught}


def relive(job: Job) -> list[Replayed]:
    """Play and learn an experiment's takes, in their order."""
    takes = [read_logged(job.data, name) for name in job.experiment.takes]
    if job.model == ROLYPOLY:
        return [Replayed(take, take.steps) for take in takes]
    from benchmarks.apprentice import Apprentice  # torch, where it is used

    apprentice, ships = Apprentice(job.model, job.seed), Apprentice(job.model, job.seed)
    rules = [Rule()] * len(job.experiment.rules) if job.model == FOLLOWER else job.experiment.rules
    found = []
    for n, take in enumerate(takes):
        taught, untaught = (
            with_drums(take, perform(take.track, take.onsets, who.player(take.track), who.settings))
            for who in (apprentice, ships)
        )
        played = Replayed(take, taught, untaught)
        learnt = apprentice.learn(as_a_night_reads(played), rules[n]) if n < len(rules) else None
        found.append(replace(played, taught=learnt))
    return found


def _played(steps: Sequence[TimestepRecord]) -> NDArray[np.float64]:
    return np.array([step.played_ms for step in steps])


def manner(places: NDArray[np.int64], offsets: NDArray[np.float64]) -> tuple[float, float, float]:
    """Return how a musician plays: the deviation of their feel, their drift and their noise.

    Feel: of the places' medians, where there are four onsets or more. Drift: of a running mean over 16 onsets
    of what those leave. Noise: 1.4826 times the median distance of what that leaves from its median.

    Args:
        places: (M,) in the bar, of each onset.
        offsets: (M,) from there.
    """
    usual = {place: float(np.median(offsets[places == place])) for place in np.unique(places).tolist()}
    left = offsets - np.array([usual[place] for place in places.tolist()])
    padded = np.pad(left, (RUNNING // 2, RUNNING - RUNNING // 2 - 1), mode="edge")
    drift = np.convolve(padded, np.ones(RUNNING) / RUNNING, "valid")
    noise = left - drift
    feel = [value for place, value in usual.items() if (places == place).sum() >= OFTEN]
    return (
        float(np.std(feel)),
        float(drift.std()),
        float(1.4826 * np.median(np.abs(noise - np.median(noise)))),
    )


def _manners(takes: Sequence[Logged]) -> str:
    """Return the medians over takes, one line."""
    each = []
    for take in takes:
        met = ~np.isnan(take.human_ms)
        places = np.array([round(step.beat * TWELFTHS) for step in take.steps])
        each.append(manner(places[met], take.human_ms[met]))
    feel, drift, noise = np.median(each, axis=0)
    return (
        f"the guitarist's SD, ms, medians over takes: feel {feel:.0f}, drift {drift:.0f}, noise {noise:.0f}"
    )


def with_drums(take: Logged, drums: Sequence[TimestepRecord]) -> list[TimestepRecord]:
    """Return a take's timesteps as other drums played them; when the guitarist played stays."""
    return [
        replace(
            logged,
            forecast_ms=step.forecast_ms,
            refined_ms=step.refined_ms,
            played_ms=step.played_ms,
            committed_s=Seconds(logged.nominal_s + step.played_ms / 1000),
            diff_ms=None
            if logged.human_s is None
            else (logged.human_s - logged.nominal_s) * 1000 - step.played_ms,
        )
        for logged, step in zip(take.steps, drums, strict=True)
    ]


def as_a_night_reads(take: Replayed) -> list[TakeDuet]:
    """Return a take as the nightly job knows it, once it has been kept."""
    steps = iter(take.steps)
    told = [
        replace(record, timestep=next(steps)) if isinstance(record, Timestep) else record
        for record in take.logged.told
    ]
    with tempfile.TemporaryDirectory(prefix="pocketd-replay-") as folder:
        kept = import_take(Path(folder), "a logged take", told, lambda: datetime.now(UTC)).folder
        return read_take(kept / JOURNAL, name_of(kept))


def rows(job: Job, takes: Sequence[Replayed]) -> list[Row]:
    """Return a line a take."""
    return [
        Row(
            f"{job.model} {job.experiment.name} take {n}",
            take.figures(job.experiment.figure),
            job.model,
            False,
        )
        for n, take in enumerate(takes, 1)
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark."""
    options = _options(arguments)
    console, began = screen(), time.perf_counter()
    if not (options.data / FOLDER).is_dir():
        raise DataError(f"no {options.data / FOLDER}; name the folder of the recordings: --data DIR")
    experiments = [each for each in EXPERIMENTS if all(word in each.name for word in options.only)]
    jobs = [
        Job(experiment, model, options.data, options.seed)
        for experiment in experiments
        for model in (ROLYPOLY, experiment.model, FOLLOWER)
    ]
    found = side_by_side(relive, jobs, options.processes, console, "playing and learning")
    runs = list(zip(jobs, found, strict=True))
    sections = [
        Section(each.name, [row for job, takes in runs if job.experiment == each for row in rows(job, takes)])
        for each in experiments
    ]
    report = Report(
        "replay",
        "the takes that rolypoly~ logged with a guitarist in 2020 (Burloiu; GPL-3), nothing of them ships",
        "none",
        options.seed,
        COLUMNS,
        sections,
        [
            "mean, SD: of guitarist - drums as they sounded, late commit off; on the grid: had nothing moved",
            "untaught: the same of the model as it ships",
            "forecast, centred: mean distance of guitarist - forecast from its mean",
            "guitarist moved: mean of what was to be moved less mean of what stays, as logged",
            f"reached: the drums' by the guitarist's; none where that is below {LEAST_MOVED:g} ms",
            "taught: meetings that had a target; under 16 a take teaches nothing",
            _manners([take.logged for job, takes in runs if job.model == ROLYPOLY for take in takes]),
            "open loop: the guitarist heard rolypoly~; each take is learnt from alone, unrehearsed",
            f"took {time.perf_counter() - began:.0f} s on {options.processes} processes",
        ],
    )
    report.print(console)
    if options.json:
        report.write(options.json)
    if options.picture:
        from benchmarks.morph_plot import draw

        drawn = {
            job.model: [take.steps for take in takes] for job, takes in runs if job.experiment.name == DRAWN
        }
        draw(options.picture, DRAWN, drawn)
        console.print(f"wrote {options.picture}")
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = parser_of(__doc__, data="rolypoly_takes", seed="of all chance in what is learnt", processes=True)
    parser.add_argument("--picture", type=Path, help=f"draw the takes of {DRAWN!r} there")
    parser.add_argument("--only", action="append", default=[], help="experiments with this in their name")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except PocketError as error:
        print(f"replay: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
