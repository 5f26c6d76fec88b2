"""rolypoly~'s experiments of 2020 as their tables tell them: scores, the guitarist, and how it was taught.

A and B are those that the logged targets were made with (docs/decisions/0012-targets.md). Triplets and slow
takes were taught without; A 3 with B off stands in for that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.studio import Track
from pocket_core.grid import TWELFTHS
from pocket_core.records import TimestepRecord
from pocket_core.tempo import MeterChange, MeterMap, TempoChange, TempoMap
from pocket_core.types import Beats
from pocket_core.voices import ROLAND
from pocket_export.night.targets import Rule, Style
from pocketd.desk_records import Record, Timestep
from pocketd.rolypoly_csv import read_rolypoly, records

FOLDER = Path("rolypoly_takes", "takes")
HALF = 2 * TWELFTHS  # half a bar of 4/4
MORE, LESS = 1.1, 0.909  # what capitals and small letters in the names of `tree` make of A and B


@dataclass(frozen=True, slots=True)
class Figure:
    """What the guitarist moved; places are twelfths of a quarter note in the half bar."""

    moved: frozenset[int]
    stays: frozenset[int]
    struck: frozenset[int] | None = None  # in half bars of exactly these hits; None: in all


SWING = Figure(frozenset({6, 18}), frozenset({0, 12}))
TRIPLETS = Figure(frozenset({9, 18}), frozenset({0}), frozenset({0, 9, 18}))


@dataclass(frozen=True, slots=True)
class Experiment:
    """Takes in their order, each learnt from before the next one was played."""

    name: str
    takes: Sequence[str]  # a table's path below the folder, without suffix
    model: str  # which of the paper's networks it was
    rules: Sequence[Rule]  # by which each take but the last was learnt from
    figure: Figure | None = None  # None: nothing was to be moved


@dataclass(frozen=True, slots=True)
class Logged:
    """A take as it was logged."""

    track: Track
    told: Sequence[Record]  # as a real-time process would have told it
    steps: Sequence[TimestepRecord]  # of these; beat 0 is at 0 s

    @property
    def onsets(self) -> NDArray[np.float64]:
        """Return the guitarist's, seconds from beat 0."""
        return np.sort([float(step.human_s) for step in self.steps if step.human_s is not None])

    @property
    def human_ms(self) -> NDArray[np.float64]:
        """Return how late the guitarist was at each timestep; NaN: no onset; (T,)."""
        return np.array(
            [np.nan if s.human_s is None else (s.human_s - s.nominal_s) * 1000 for s in self.steps]
        )

    def places(self, figure: Figure) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Return which timesteps of a figure move, and which stay; (T,) each."""
        at = [round((step.beat - 1.0) * TWELFTHS) for step in self.steps]
        halves = [(step.bar, place // HALF) for step, place in zip(self.steps, at, strict=True)]
        moved, stays = np.zeros(len(at), np.bool_), np.zeros(len(at), np.bool_)
        for _, group in groupby(range(len(at)), key=lambda n: halves[n]):
            rows = list(group)
            here = [at[n] % HALF for n in rows]
            if figure.struck is None or figure.struck == set(here):
                moved[rows] = [place in figure.moved for place in here]
                stays[rows] = [place in figure.stays for place in here]
        return moved, stays


def _experiments() -> tuple[Experiment, ...]:
    off = Rule(Style.VARIANCE, 3.0, None)
    raised = [Rule(Style.VARIANCE, 3.0, b) for b in (1.0, 3.0, 3.0)]
    swing, branches = range(1, 5), (["_"], ["AABB", "AABB_AABB_"], ["AAb"], ["aBB"], ["ab"])
    return (
        Experiment("slow", _in("lstm-slow-diff", ["20200817212503", "20200817212707"]), "lstm", [off]),
        Experiment("triplets", _in("lstm-trip", ["trip0", "trip1", "trip2"]), "lstm", [off, off], TRIPLETS),
        Experiment("swing, B raised", _in("s2s-swing-A3-B4", swing), "seq2seq", raised, SWING),
        Experiment("swing, B off", _in("s2s-swing-A3-noB", swing), "seq2seq", [off] * 3, SWING),
        *(
            Experiment(
                f"tree {branch[0]}",
                _in("tree", ["20200818215444", *branch]),
                "lstm",
                [_lettered(name) for name in branch],
            )
            for branch in branches
        ),
    )


def _in(folder: str, names: Sequence[object]) -> list[str]:
    return [f"{folder}/{name}" for name in names]


def _lettered(name: str) -> Rule:
    """Return how the take before was taught, by the name of a branch."""
    a = MORE ** name.count("AA") * LESS ** name.count("a")
    b = MORE ** name.count("BB") * LESS ** name.count("b")
    return Rule(Style.VARIANCE, a, b)


EXPERIMENTS = _experiments()


def read_logged(data: Path, name: str) -> Logged:
    """Read a take.

    Args:
        data: The folder of all recordings.
        name: One of an experiment's.

    Raises:
        DataError: It is not there, or has another layout.
    """
    rows = read_rolypoly(data / FOLDER / f"{name}.csv")
    told = list(records(rows, name.partition("/")[0]))
    steps = [record.timestep for record in told if isinstance(record, Timestep)]
    line = Beats(0.0)
    meters: list[MeterChange] = []
    tempi: list[TempoChange] = []
    hits = []
    for _, bar in groupby(zip(rows, steps, strict=True), key=lambda pair: pair[0].bar):
        for row, step in bar:
            beat = Beats(line + row.in_bar * row.meter.bar_beats)
            if not meters or meters[-1].meter != row.meter:
                meters.append(MeterChange(line, row.meter))
            if not tempi or tempi[-1].bpm != row.bpm:
                tempi.append(TempoChange(beat, row.bpm))
            hits.append((beat, tuple(ROLAND[voice][0] for voice in step.voices)))
        line = Beats(line + row.meter.bar_beats)
    return Logged(Track(hits, TempoMap(tempi), MeterMap(meters)), told, steps)
