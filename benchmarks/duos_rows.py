"""The rows of "Duos": which recordings are pooled, what the players do, and what the engine does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from benchmarks.duos_engine import Played, Run
from benchmarks.duos_scores import Moments, Pair, change_correction, correction, figures, moments
from benchmarks.jazz import DUOS, TRIOS, Part, Performance
from benchmarks.jazz_line import nominals
from benchmarks.players import SIMPLE
from benchmarks.table import Row
from pocket_core.settings import Settings

NONE = "none"  # of `players`: the beat line, and late commit where it is on
HUMAN_AMOUNT = 0.25  # that is held against a drummer's correction
HUMAN_RANGE = (0.10, 0.35)  # share of an asynchrony a beat: what drummers are known to correct
#: Without a model and without late commit there is nothing but the beat line, whatever the amount.
LINE = Run(0.0, late_commit=False)
RUNS = tuple(Run(amount, late) for amount, late in product((HUMAN_AMOUNT, 1.0), (False, True)))
LATENCIES_MS = (0, 23, 45, 90, 180)  # of the duos
#: What simple fits to the duos without latency are known to give, as `change_correction` has it.
KNOWN: Mapping[str, float] = {"drummer": 0.22, "pianist": 0.90}
CLOSE = 0.01  # how near that must be met
DRUMMER_KEYS = ("sd_ms", "correction", "correction_low", "correction_high", "steps")  # of a drummer's row


@dataclass(frozen=True, slots=True)
class Seat:
    """A recording, and the one in it whom the engine hears from the drummer's chair."""

    performance: Performance
    musician: Part


@dataclass(frozen=True, slots=True)
class Group:
    """Recordings that are pooled."""

    data: str
    player: str
    latencies: tuple[int, ...] = ()  # ms, of the duos

    @property
    def name(self) -> str:
        """Return what its rows begin with."""
        if not self.latencies:
            return f"{self.data} {self.player}"
        ends = dict.fromkeys((self.latencies[0], self.latencies[-1]))
        return f"{self.data} {'-'.join(map(str, ends))} ms {self.player}"

    def has(self, seat: Seat) -> bool:
        """Say whether a recording belongs to it."""
        it = seat.performance
        same = it.data == self.data and seat.musician.player == self.player
        return same and (not self.latencies or it.latency_ms in self.latencies)


GROUPS = (
    Group(DUOS, "piano", LATENCIES_MS[:1]),
    Group(DUOS, "piano", LATENCIES_MS[1:]),
    Group(TRIOS, "piano"),
    Group(TRIOS, "bass"),
)


@dataclass(frozen=True, slots=True)
class Likeness:
    """In how many groups a model, played in one way, is like the drummer."""

    name: str  # model and run
    groups: int
    corrects: int  # c in `HUMAN_RANGE`
    closer: int  # SD below the drummer's
    surely_closer: int  # ... and so is the whole interval
    surely_farther: int  # ... above it


Outcomes = Mapping[tuple[str, Run], Sequence[Pair]]  # by model and run, in the order of the seats


def runs(model: str) -> tuple[Run, ...]:
    """Return how a model is run; a model that can be led astray also at amount 0, where it must not be."""
    if model == NONE:
        return (LINE, *(run for run in RUNS if run.late_commit))
    return RUNS if model in SIMPLE else (Run(0.0, late_commit=True), *RUNS)


def pair(seat: Seat, played: Played) -> Pair:
    """Score a recording: the engine's drums and the drummer's, over the same beats."""
    other = seat.musician.times
    drummer = np.where(np.isfinite(played.line), seat.performance.drums.times, np.nan)
    return Pair(moments(played.drums, other, played.line), moments(drummer, other, played.line))


def known_rows(seats: Iterable[Seat]) -> list[Row]:
    """Fit the players of the duos without latency to each other."""
    fitted: dict[str, list[tuple[Moments, float]]] = {name: [] for name in KNOWN}
    for seat in seats:
        if not GROUPS[0].has(seat):
            continue
        it = seat.performance
        line = nominals(it.beats, it.first, Settings().drums_lead)
        drums, piano = it.drums.times, seat.musician.times
        for name, own, other in (("drummer", drums, piano), ("pianist", piano, drums)):
            fitted[name].append((moments(own, other, line), change_correction(own, other)))
    return [
        Row(
            f"{GROUPS[0].name}, {name}",
            {
                "correction": correction([sums for sums, _ in found]),
                "change_correction": float(np.median([change for _, change in found])),
                "steps": sum(sums.steps for sums, _ in found),
            },
            known={"change_correction": KNOWN[name]},
        )
        for name, found in fitted.items()
    ]


def differing(rows: Iterable[Row]) -> list[str]:
    """Name the known figures that were not met."""
    return [
        f"{row.name}: {key} is {row.figures[key]:.3f}, known is {value:.2f}"
        for row in rows
        for key, value in row.known.items()
        if abs(row.figures[key] - value) > CLOSE
    ]


def group_rows(group: Group, seats: Sequence[Seat], outcomes: Outcomes, seed: int) -> list[Row]:
    """Return a group's rows: the drummer's own, then the engine's by model and run."""
    chosen = [i for i, seat in enumerate(seats) if group.has(seat)]
    rows: list[Row] = []
    for (model, run), pairs in outcomes.items():
        of_group = [pairs[i] for i in chosen]
        if not rows:
            drummer = figures([Pair(found.human, found.human) for found in of_group], seed)
            own = {key: drummer[key] for key in DRUMMER_KEYS}
            rows.append(Row(f"{group.name} drummer", own))
        found = figures(of_group, seed) | {"amount": run.amount}
        name = f"{group.name} {model} {run.name}"
        rows.append(Row(name, found, model, run.late_commit, run.transport_ms))
    return rows


def likeness(groups: Sequence[Sequence[Row]]) -> list[Likeness]:
    """Hold the engine's rows against the drummers, model by model and run by run over the groups."""
    low, high = HUMAN_RANGE
    found = []
    for same in zip(*groups, strict=True):  # the same model and run in every group
        if same[0].model is None:
            continue
        figures = [row.figures for row in same]
        found.append(
            Likeness(
                same[0].name.removeprefix(GROUPS[0].name).strip(),
                len(same),
                sum(low <= f["correction"] <= high for f in figures),
                sum(f["sd_less_human_ms"] < 0 for f in figures),
                sum(f["sd_less_human_ms_high"] < 0 for f in figures),
                sum(f["sd_less_human_ms_low"] > 0 for f in figures),
            )
        )
    return found
