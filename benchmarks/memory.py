"""Whether it helps to begin a take with what was learnt in the one before: Groove drummers split in two.

    python benchmarks/memory.py --data FOLDER

The first half of a recording is the first take of a song, the second half the next: the same drummer, song
and feel, other bars. The hands are the musician. Judged are the first bars of the second take.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from rich.console import Console

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.duets import ARCHIVE, Duet, load, take_apart
from benchmarks.options import parser_of
from benchmarks.players import predictor
from benchmarks.progress import progress
from benchmarks.scores import Compared, Errors, figures, pair
from benchmarks.table import Column, Report, Row, Section, print_compared, screen
from benchmarks.through_engine import ORIGIN, Run, play_through
from pocket_core.clock import MapClock
from pocket_core.engine import Engine
from pocket_core.errors import PocketError
from pocket_core.likeness import Likeness, Sum
from pocket_core.records import TimestepRecord
from pocket_core.tempo import TempoChange, TempoMap
from pocket_core.types import Beats, Port, Seconds

BAR = 4.0  # quarter notes
LEAST = 32  # bars of a recording
BARS = 8  # judged
SEED = 0
MODELS = ("follower", "lstm")
RUNS = {"forecast": Run(), "late commit, 3 ms": Run(3.0)}
LATER = Seconds(1e6)  # than the end of any recording
START, STOP = b"\xfa", b"\xfc"
COLUMNS = (
    Column("mae_ms", "MAE ms"),
    Column("mae_ms_low", "from"),
    Column("mae_ms_high", "to"),
    Column("sd_ms", "SD ms"),
    Column("first_ms", "first 2 bars"),
    Column("whole_ms", "whole take"),
    Column("steps", "steps", 0),
)


@dataclass(frozen=True, slots=True)
class Song:
    """A recording as two takes."""

    name: str
    drummer: int
    first: Duet
    second: Duet


@dataclass(frozen=True, slots=True)
class Played:
    """What became of a take."""

    errors: Errors  # of its first bars
    beginning: Errors  # of the first two of them
    whole: Errors
    likeness: Likeness  # of the musician, in the end


def halves(duet: Duet) -> Song | None:
    """Return a recording as two takes, each from its second bar on; None: it is too short."""
    notes = sorted([*duet.human, *duet.drums], key=lambda note: note.beat)
    bars = int(notes[-1].beat // BAR)
    if bars < LEAST:
        return None
    cut = bars // 2 * BAR
    first = [replace(n, beat=Beats(n.beat + BAR)) for n in notes if n.beat < cut - 1 / 8]
    second = [replace(n, beat=Beats(n.beat - cut + BAR)) for n in notes if n.beat >= cut - 1 / 8]
    return Song(
        duet.name,
        duet.drummer,
        take_apart(duet.name, duet.drummer, duet.bpm, first),
        take_apart(duet.name, duet.drummer, duet.bpm, second),
    )


def play(duet: Duet, model: str, run: Run, begin: Likeness | None = None) -> Played:
    """Play a take from the top, with whom it begins."""
    clock, player = MapClock(TempoMap([TempoChange(Beats(0.0), duet.bpm)]), None), predictor(model)
    engine = Engine(run.settings, clock, player)
    engine.recall(begin)
    engine.receive(START, Port.CONTROL, ORIGIN)
    records = play_through(engine, duet, player, run)
    engine.receive(STOP, Port.CONTROL, LATER)
    likeness = engine.take_memories()[-1].likeness
    first, two, whole = (_errors(duet, records, run, 1 + bars) for bars in (BARS, 2, len(records)))
    return Played(first, two, whole, likeness)


def _errors(duet: Duet, records: Sequence[TimestepRecord], run: Run, last: int) -> Errors:
    """Return how far the drums were from the musician in the bars up to a last one."""
    late = run.transport_ms is not None
    found = [
        (r.human_s - r.nominal_s) * 1000 - (r.played_ms if late else r.forecast_ms)
        for r in records
        if r.human_s is not None and r.bar <= last
    ]
    return Errors(duet.name, duet.drummer, np.array(found), None, np.zeros(0))


def groove_alone(likeness: Likeness) -> Likeness:
    return Likeness(mean=likeness.mean, shape=likeness.shape)


def faded(likeness: Likeness) -> Likeness:
    """Let every mean weigh as if a quarter of its onsets had been heard; the templates stay."""

    def fade(sums: Sequence[Sum]) -> tuple[Sum, ...]:
        return tuple(Sum(s.place, s.total / 4, s.weight / 4) for s in sums)

    return replace(
        likeness,
        everywhere=fade([likeness.everywhere])[0],
        by_beat=fade(likeness.by_beat),
        by_half_bar=fade(likeness.by_half_bar),
        by_bar=fade(likeness.by_bar),
        by_voice=fade(likeness.by_voice),
    )


@dataclass(frozen=True, slots=True)
class Beginnings:
    """With whom a take may begin."""

    own: Likeness  # the musician by the end of the song's first take
    sibling: Likeness  # the same drummer by the end of another song
    stranger: Likeness  # another drummer


NOBODY = "nobody"
BEGINNINGS: Mapping[str, Callable[[Beginnings], Likeness | None]] = {
    NOBODY: lambda _: None,
    "the song's": lambda b: b.own,
    "the song's, faded": lambda b: faded(b.own),
    "the song's groove alone": lambda b: groove_alone(b.own),
    "another song's": lambda b: b.sibling,
    "another drummer's": lambda b: b.stranger,
}


def beginnings(songs: Sequence[Song], firsts: Sequence[Likeness], i: int) -> Beginnings:
    """Return the next song of the same drummer, or of whomever there is, and the next of another one."""
    order = [(i + n) % len(songs) for n in range(1, len(songs))]
    sibling = next((j for j in order if songs[j].drummer == songs[i].drummer), order[0])
    stranger = next((j for j in order if songs[j].drummer != songs[i].drummer), order[0])
    return Beginnings(firsts[i], firsts[sibling], firsts[stranger])


def measure(songs: Sequence[Song], models: Sequence[str], console: Console) -> tuple[Report, list[Compared]]:
    """Play every song's second take with every beginning."""
    sections, compared = [], []
    takes = len(models) * len(RUNS) * len(songs) * (1 + len(BEGINNINGS))
    with progress(console, "playing", takes) as advance:
        for model in models:
            for kind, run in RUNS.items():
                firsts = []
                for song in songs:
                    firsts.append(play(song.first, model, run).likeness)
                    advance(1)
                found: dict[str, list[Played]] = {name: [] for name in BEGINNINGS}
                for i, song in enumerate(songs):
                    whom = beginnings(songs, firsts, i)
                    for name, begin in BEGINNINGS.items():
                        found[name].append(play(song.second, model, run, begin(whom)))
                        advance(1)
                title = f"{model}, {kind}: begins with"
                sections.append(Section(title, [_row(name, played, model) for name, played in found.items()]))
                errors = {name: [p.errors for p in played] for name, played in found.items()}
                compared += [
                    Compared(f"{model}, {kind}: {name}", NOBODY, pair(files, errors[NOBODY], SEED))
                    for name, files in errors.items()
                    if name != NOBODY
                ]
    report = Report(
        benchmark="memory",
        data=f"Groove MIDI Dataset, {len(songs)} recordings of at least {LEAST} bars, cut in two",
        split="validation",
        seed=SEED,
        columns=COLUMNS,
        sections=sections,
        remarks=[f"The musician against the drums in the first {BARS} bars of the second half."],
        extra={"compared": [each.as_json() for each in compared]},
    )
    return report, compared


def _row(name: str, played: Sequence[Played], model: str) -> Row:
    row = figures([p.errors for p in played], SEED)
    row["first_ms"] = figures([p.beginning for p in played], SEED)["mae_ms"]
    row["whole_ms"] = figures([p.whole for p in played], SEED)["mae_ms"]
    return Row(name, row, model)


def main() -> int:
    parser = parser_of(__doc__, data=ARCHIVE)
    parser.add_argument("--model", action="append", help=f"a model; without any {' and '.join(MODELS)}")
    parser.add_argument("--most", type=int, help="so many songs only, for a try")
    options = parser.parse_args()
    console = screen()
    try:
        songs = [song for duet in load(options.data, "validation") if (song := halves(duet))][: options.most]
        report, compared = measure(songs, options.model or MODELS, console)
    except PocketError as error:
        print(f"memory: {error}", file=sys.stderr)
        return error.exit_code
    report.print(console)
    print_compared(console, "a beginning with nobody", compared)
    if options.json is not None:
        report.write(options.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
