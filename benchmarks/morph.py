"""The paper's own experiments: a straight beat learns to swing, and x..x..x. becomes three triplets.

    python benchmarks/morph.py [--seeds 10] [--json FILE] [--picture PICTURE.png]

A simulated partner plays what the drums do not: 120 BPM, 4/4, 32 bars a take, late commit off, amount 1.
After each take its targets are made, and the model learns on from that take alone. `reached` is how far the
drums came towards the partner in a take's last 8 bars: 1 is there, 3 is as wrong as 0.3.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # run as a file, only this folder is on it

import numpy as np
from numpy.typing import NDArray

from benchmarks.options import parser_of
from benchmarks.side_by_side import side_by_side
from benchmarks.studio import BAR, Song, Take, play
from benchmarks.table import Column, Report, Row, Section, screen
from pocket_core.grid import TWELFTHS
from pocket_core.records import TimestepRecord
from pocket_export.night.targets import Rule, Style

KICK, SNARE, HAT = 36, 38, 42
BPM, BARS, LAST = 120.0, 32, 8
NOISE = 0.008  # seconds, the partner's
TAKES, SEEDS = 4, 10
DOING = "playing and learning"
COLUMNS = (
    Column("reached", "reached"),
    Column("reached_sd", "SD over seeds"),
    Column("on_beat_ms", "what stays, ms", 1),
)


@dataclass(frozen=True, slots=True)
class Pattern:
    """What the drums play, and where the partner puts it."""

    name: str
    bar: dict[int, tuple[int, ...]]  # twelfths of the bar to notes
    moved: dict[int, int]  # of these, where the partner plays what the drums have there

    @property
    def song(self) -> Song:
        """Return the drum track."""
        return Song(self.name, BPM, BARS, self.bar)

    def partner(self, seed: int) -> NDArray[np.float64]:
        """Return the partner's onsets, seconds from beat 0."""
        places = np.array([n * BAR + self.moved.get(at, at) for n in range(BARS) for at in sorted(self.bar)])
        noise = np.random.default_rng(seed).normal(0.0, NOISE, len(places))
        return np.sort(np.maximum(places / TWELFTHS * self.song.pace + noise, 0.0))

    def reached(self, records: Sequence[TimestepRecord]) -> float:
        """Return the mean share of the way that the moved hits have come."""
        shares = [
            played(records, at) / ((there - at) / TWELFTHS * self.song.pace * 1000)
            for at, there in self.moved.items()
        ]
        return float(np.mean(shares))

    def stays(self, records: Sequence[TimestepRecord]) -> float:
        """Return the mean offset of the hits that the partner leaves where they are, ms."""
        return float(np.mean([played(records, at) for at in self.bar if at not in self.moved]))


SWING = Pattern(
    "swing",
    {n * 6: ((KICK, HAT), (HAT,), (SNARE, HAT), (HAT,))[n % 4] for n in range(8)},
    {n * 12 + 6: n * 12 + 8 for n in range(4)},
)
TRIPLETS = Pattern(
    "triplets",
    {
        half + at: ((KICK, HAT), (HAT,), (SNARE, HAT))[n]
        for half in (0, 24)
        for n, at in enumerate((0, 9, 18))
    },
    {half + at: half + there for half in (0, 24) for at, there in ((9, 8), (18, 16))},
)
PATTERNS = (SWING, TRIPLETS)


@dataclass(frozen=True, slots=True)
class Learner:
    """Who learns, and by which targets."""

    name: str  # of the row
    model: str
    rule: Rule


LEARNERS = (
    Learner("lstm A3 B4", "lstm", Rule(Style.VARIANCE, 3.0, 4.0)),
    Learner("lstm A3 B off", "lstm", Rule(Style.VARIANCE, 3.0, None)),
    Learner("lstm A1 B1", "lstm", Rule(Style.VARIANCE)),
    Learner("seq2seq A3 B4", "seq2seq", Rule(Style.VARIANCE, 3.0, 4.0)),
    Learner("seq2seq A3 B off", "seq2seq", Rule(Style.VARIANCE, 3.0, None)),
    Learner("follower", "follower", Rule()),
)
DRAWN_TAKES = 3
BOLD = "learns boldly\n(A = 3, B = 4 in the paper)"
DRAWN = {  # what stands above each column
    "lstm A3 B4": f"lstm {BOLD}",
    "seq2seq A3 B4": f"seq2seq {BOLD}",
    "follower": "follower learns as nightly,\nand follows within a take",
}
UNBOUND = (
    Learner("lstm A3 B4, not held at the musician", "lstm", Rule(Style.VARIANCE, 3.0, 4.0, beyond=True)),
    Learner("lstm A3 B off, not held at the musician", "lstm", Rule(Style.VARIANCE, 3.0, None, beyond=True)),
)


@dataclass(frozen=True, slots=True)
class Job:
    """One learner, one pattern, one partner."""

    learner: Learner
    pattern: Pattern
    seed: int
    takes: int


@dataclass(frozen=True, slots=True)
class Morphed:
    """What came of each take."""

    reached: Sequence[float]
    stays: Sequence[float]  # ms
    takes: Sequence[Take]


def played(records: Sequence[TimestepRecord], at: int) -> float:
    """Return the mean played offset of the hits at a place in the bar over the last bars, ms."""
    last = max(record.bar for record in records)
    return float(
        np.mean(
            [
                record.played_ms
                for record in records
                if record.bar > last - LAST and round((record.beat - 1.0) * TWELFTHS) == at
            ]
        )
    )


def morph(job: Job) -> Morphed:
    """Play take after take, learning between them."""
    from benchmarks.apprentice import Apprentice  # torch, where it is used

    apprentice = Apprentice(job.learner.model, job.seed)
    song = job.pattern.song
    takes: list[Take] = []
    for n in range(job.takes):
        player = apprentice.player(song.track)
        takes.append(play(song, job.pattern.partner(100 * job.seed + n), player, apprentice.settings))
        if n < job.takes - 1:
            apprentice.learn(takes[-1].duets(str(n)), job.learner.rule)
    return Morphed(
        [job.pattern.reached(take.records) for take in takes],
        [job.pattern.stays(take.records) for take in takes],
        takes,
    )


def rows(learner: Learner, pattern: Pattern, runs: Sequence[Morphed]) -> list[Row]:
    """Return a line a take."""
    found = []
    for n in range(len(runs[0].reached)):
        reached = np.array([run.reached[n] for run in runs])
        figures = {
            "reached": float(reached.mean()),
            "reached_sd": float(reached.std()),
            "on_beat_ms": float(np.mean([run.stays[n] for run in runs])),
        }
        found.append(Row(f"{learner.name} {pattern.name} take {n + 1}", figures, learner.model, False))
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark."""
    options = _options(arguments)
    console = screen()
    began = time.perf_counter()
    learners: list[Learner] = options.learners
    wanted = [(learner, pattern) for learner in learners for pattern in PATTERNS]
    jobs = [
        Job(learner, pattern, seed, options.takes)
        for learner, pattern in wanted
        for seed in range(options.seed, options.seed + options.seeds)
    ]
    runs = list(zip(jobs, side_by_side(morph, jobs, options.processes, console, DOING), strict=True))
    sections = []
    for learner in learners:
        lines: list[Row] = []
        for pattern in PATTERNS:
            of_both = [run for job, run in runs if job.learner == learner and job.pattern == pattern]
            lines += rows(learner, pattern, of_both)
        sections.append(Section(learner.name, lines))
    report = Report(
        "morph",
        f"simulated partner, {BPM:g} BPM, 4/4, {BARS} bars a take, {NOISE * 1000:g} ms of noise",
        "none",
        options.seed,
        COLUMNS,
        sections,
        [
            "reached: mean played offset of what the partner moves, by the partner's own, in 8 bars",
            "what stays: mean played offset of the hits that the partner leaves on the grid",
            f"{options.seeds} seeds; each take is learnt from alone, unrehearsed; the song's bias is played",
            f"took {time.perf_counter() - began:.0f} s on {options.processes} processes",
        ],
    )
    report.print(console)
    if options.json:
        report.write(options.json)
    if options.picture:
        from benchmarks.morph_plot import draw

        first = {
            DRAWN[job.learner.name]: [take.records for take in run.takes[:DRAWN_TAKES]]
            for job, run in runs
            if _drawn(job, options.seed)
        }
        draw(options.picture, SWING.name, first)
        console.print(f"wrote {options.picture}")
    return 0


def _drawn(job: Job, seed: int) -> bool:
    return job.pattern is SWING and job.seed == seed and job.learner.name in DRAWN


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = parser_of(__doc__, seed="of the first", processes=True)
    parser.add_argument("--picture", type=Path, help="draw the takes of the first seed there")
    parser.add_argument("--seeds", type=int, default=SEEDS, help="how many partners")
    parser.add_argument("--takes", type=int, default=TAKES)
    parser.add_argument("--only", action="append", default=[], help="learners with this in their name")
    options = parser.parse_args(arguments)
    everybody = (*LEARNERS, *UNBOUND)
    options.learners = [who for who in everybody if all(word in who.name for word in options.only)]
    if not options.learners:
        names = "; ".join(who.name for who in everybody)
        parser.error(f"no learner has {' and '.join(options.only)} in its name; there are {names}")
    if options.picture and not any(who.name in DRAWN for who in options.learners):
        parser.error(f"--picture draws {', '.join(DRAWN)}; let --only leave one of them")
    return options


if __name__ == "__main__":
    sys.exit(main())
