"""How often the gate promotes by luck a challenger that is no better, and how often one that is.

    python benchmarks/gate_luck.py [--times 1000] [--json FILE]

Differences of error, challenger - champion, are made up: a mean, and normal parts of each take, of each bar
and of each meeting. Where there is no true difference every promotion is luck. Beside the gate stands what it
did before: means of bars drawn with replacement, every bar a witness of its own.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # run as a file, only this folder is on it

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from benchmarks.options import parser_of
from benchmarks.progress import progress
from benchmarks.table import Column, Report, Row, Section, screen
from pocket_export.night.gate import SURE, Judged, judge_takes

TIMES, SEED = 1_000, 1
DRAWS = 1_000  # of bars
IN_BAR = 8  # meetings
MEETING_MS = 3.0  # as a follower's night on a simulated partner has them
FAR_S = 0.010  # how far off the champion is
MOST = 0.07  # share promoted by luck that is still about 5 %, three standard errors of 1000 evenings above
COLUMNS = (
    Column("gate_percent", "promoted %", 1),
    Column("bars_percent", "bars drawn %", 1),
)


@dataclass(frozen=True, slots=True)
class Effects:
    """How much is common to a take, and to a bar; ms, standard deviations."""

    name: str
    take_ms: float
    bar_ms: float


@dataclass(frozen=True, slots=True)
class Evening:
    """What is kept to judge by."""

    name: str
    bars: Sequence[int]  # of each take


EFFECTS = (
    Effects("meetings alone", 0.0, 0.0),
    Effects("bars", 0.0, 1.5),
    Effects("bars and takes", 0.75, 1.5),
    Effects("takes, more", 1.0, 1.5),
    Effects("takes that differ much", 2.0, 1.5),
)
EVENINGS = (
    Evening("1 take of 8 bars", [8]),
    Evening("1 take of 40 bars", [40]),
    Evening("2 takes of 8 bars", [8, 8]),
    Evening("2 takes of 32 bars", [32, 32]),
    Evening("a take of 8 bars and one of 64", [8, 64]),
    Evening("4 takes of 8 bars", [8] * 4),
    Evening("4 takes of 32 bars", [32] * 4),
    Evening("10 takes of 32 bars", [32] * 10),
)
BETTER_MS = (1.0, 2.0, 4.0)


def play(evening: Evening, effects: Effects, better_ms: float, rng: np.random.Generator) -> list[Judged]:
    """Make up an evening's takes with a challenger that is so much nearer on the whole."""
    parts = []
    for n, bars in enumerate(evening.bars):
        in_bars = np.repeat(rng.normal(0.0, effects.bar_ms, bars), IN_BAR)
        apart = rng.normal(0.0, MEETING_MS, len(in_bars)) + in_bars + rng.normal(0.0, effects.take_ms)
        human = np.full(len(in_bars), 10 * FAR_S)
        champion = human - FAR_S
        challenger = champion + (better_ms - apart) / 1000
        bar = np.repeat(np.arange(bars), IN_BAR)
        parts.append(Judged("a", str(n), bar, human, champion, challenger))
    return parts


def promotes(judged: Sequence[Judged]) -> bool:
    """Return whether the gate has nothing against the challenger."""
    return all(check.passed for check in judge_takes(judged))


def drawn_bars(judged: Sequence[Judged], rng: np.random.Generator) -> bool:
    """Return whether hardly any mean of bars, drawn with replacement, is on the champion's side."""
    bars = np.concatenate([_bar_means(part) for part in judged])
    means = bars[rng.integers(0, len(bars), (DRAWS, len(bars)))].mean(1)
    return bool(bars.mean() < 0 and (means >= 0).mean() <= SURE)


def _bar_means(part: Judged) -> NDArray[np.float64]:
    apart = part.errors(part.challenger) - part.errors(part.champion)
    return np.asarray(apart.reshape(-1, IN_BAR).mean(1))


def row(
    evening: Evening, effects: Effects, better_ms: float, times: int, advance: Callable[[float], None]
) -> Row:
    """Play an evening so many times."""
    rng = np.random.default_rng(SEED)
    gate = bars = 0
    for _ in range(times):
        judged = play(evening, effects, better_ms, rng)
        gate += promotes(judged)
        bars += drawn_bars(judged, rng)
        advance(1)
    return Row(evening.name, {"gate_percent": 100 * gate / times, "bars_percent": 100 * bars / times})


def sections(times: int, advance: Callable[[float], None]) -> Iterator[Section]:
    """Yield a table for each kind of luck, and one for challengers that are better."""
    for effects in EFFECTS:
        lines = [row(evening, effects, 0.0, times, advance) for evening in EVENINGS]
        yield Section(f"no better; {effects.name}: {effects.take_ms:g} and {effects.bar_ms:g} ms", lines)
    usual = EFFECTS[2]
    for better_ms in BETTER_MS:
        lines = [row(evening, usual, better_ms, times, advance) for evening in EVENINGS]
        yield Section(f"nearer by {better_ms:g} ms; {usual.name}", lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; 1 if luck promotes too many where takes lie apart no further than is assumed."""
    options = _options(arguments)
    console: Console = screen()
    total = (len(EFFECTS) + len(BETTER_MS)) * len(EVENINGS) * options.times
    with progress(console, "playing", total) as advance:
        found = list(sections(options.times, advance))
    report = Report(
        "gate_luck",
        f"made up: {IN_BAR} meetings a bar, {MEETING_MS:g} ms each; {options.times} evenings a row",
        "none",
        SEED,
        COLUMNS,
        found,
        ["promoted: by the gate. bars drawn: by what it did before, every bar a witness of its own."],
    )
    report.print(console)
    if options.json is not None:
        report.write(options.json)
    lucky = [line.figures["gate_percent"] for section in found[: len(EFFECTS) - 1] for line in section.rows]
    return int(max(lucky) > 100 * MOST)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = parser_of(__doc__)
    parser.add_argument("--times", type=int, default=TIMES, help="evenings a row")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
