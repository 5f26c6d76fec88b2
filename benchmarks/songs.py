"""How surely a song is recognised by its drum part: recordings of the Groove MIDI Dataset, quantised.

    python benchmarks/songs.py --data FOLDER

Every recording of at least 16 bars is a song of its own: as it was played, and as a loop of its second and
third bar, as drum tracks are often made. A take of it is the same part, or a part that has been changed; it
must be told from all other songs of its meter.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.options import parser_of
from benchmarks.progress import progress
from benchmarks.table import Column, Report, Row, Section, screen
from pocket_core.errors import PocketError
from pocket_core.grid import TWELFTHS
from pocket_core.voices import VOICES
from pocket_export.duets import quantise
from pocket_export.groove import ARCHIVE, Performance, find_data, load
from pocketd.song_prints import ALIKE, APART, ENOUGH, TEMPO, Print, likeness_of

LEAST = 16  # bars
FILL = 4  # every fourth bar is another
SEED = 0

COLUMNS = tuple(
    Column(f"{what}_{key}_percent", f"{what} % ({key})", 1)
    for key in ("near", "all")
    for what in ("right", "wrong", "unknown")
)

Bars = Mapping[int, Print]
Change = Callable[[Bars, np.random.Generator], Bars]


def bars_of(performance: Performance) -> dict[int, Print]:
    """Return the prints of a recording, quantised."""
    length = round(performance.meter.bar_beats * TWELFTHS)
    bars: dict[int, set[tuple[str, int]]] = {}
    places = quantise(performance.beats, performance.meter)
    for place, voice in zip(places.tolist(), performance.voices.tolist(), strict=True):
        bars.setdefault(place // length + 1, set()).add((VOICES[voice], place % length))
    return {bar: frozenset(bars.get(bar, ())) for bar in range(1, max(bars, default=0))}  # the last is cut


def as_it_is(bars: Bars, _: np.random.Generator) -> Bars:
    return bars


def with_a_fill(bars: Bars, chance: np.random.Generator) -> Bars:
    """Put another of its bars in the place of the last."""
    last = max(bars)
    others = [bar for n, bar in bars.items() if n != last]
    return {**bars, last: others[chance.integers(len(others))]}


def without_a_voice(bars: Bars, chance: np.random.Generator) -> Bars:
    """Leave out one of its voices."""
    voices = sorted({voice for bar in bars.values() for voice, _ in bar})
    gone = voices[chance.integers(len(voices))]
    return {n: frozenset(hit for hit in bar if hit[0] != gone) for n, bar in bars.items()}


def with_fills(bars: Bars, chance: np.random.Generator) -> Bars:
    """Put another of its bars in the place of every fourth."""
    others = list(bars.values())
    return {n: others[chance.integers(len(others))] if n % FILL == 0 else bar for n, bar in bars.items()}


def with_both(bars: Bars, chance: np.random.Generator) -> Bars:
    return without_a_voice(with_a_fill(bars, chance), chance)


CHANGES: Mapping[str, Change] = {
    "the same": as_it_is,
    "a voice missing": without_a_voice,
    "a fill": with_a_fill,
    "both": with_both,
    "every 4th bar another": with_fills,
}


THRESHOLDS = (0.8, 0.85, 0.9, 0.95, 0.98)


@dataclass(frozen=True, slots=True)
class Judged:
    """A take beside the songs that it was compared with."""

    own: float  # how like its own song
    other: float  # ... and the likest other one, at whatever tempo
    near: float  # ... at about its tempo

    def figures(self, alike: float, other: float) -> tuple[bool, bool, bool]:
        """Return whether it is named rightly; wrongly; and wrongly where its own song is not known."""
        best, second = max(self.own, other), min(self.own, other)
        named = best >= alike and best - second >= APART
        return named and self.own > other, named and other > self.own, other >= alike


def looped(bars: Bars, length: int) -> Bars:
    """Return a loop of the second and third bar."""
    return {n: bars[2 + (n - 1) % 2] for n in range(1, length + 1)}


def measure(performances: Sequence[Performance], bars: int, most: int | None, console: Console) -> Report:
    """Compare takes of every song with every song.

    Args:
        performances: All recordings.
        bars: That a take has.
        most: So many songs only.
        console: Where progress is shown.
    """
    chosen = [(p, b) for p in performances if len(b := bars_of(p)) >= LEAST][:most]
    whole = [p for p, _ in chosen]
    played = [{n: bar for n, bar in b.items() if n <= bars} for _, b in chosen]
    books: Mapping[str, Sequence[Bars]] = {
        "as played": played,
        "a loop": [looped(b, bars) for _, b in chosen],
    }
    sections = []
    with progress(console, "comparing", len(books) * len(CHANGES) * len(whole)) as advance:
        for kind, songs in books.items():
            for name, change in CHANGES.items():
                chance = np.random.default_rng(SEED)
                judged = []
                for i in range(len(whole)):
                    judged.append(_judge(change(songs[i], chance), i, whole, songs))
                    advance(1)
                sections.append(Section(f"{kind}, {name}", [_row(judged, alike) for alike in THRESHOLDS]))
    return Report(
        benchmark="songs",
        data=f"Groove MIDI Dataset, {len(whole)} recordings of at least {LEAST} bars, quantised",
        split="all: nothing is learnt from them",
        seed=SEED,
        columns=COLUMNS,
        sections=sections,
        remarks=[
            f"{bars} bars; the likest other song has to be less like by {APART:g}; pocketd uses {ALIKE:g}.",
            "Near: only songs within 3 % of the tempo are compared, as pocketd does; else all of the meter.",
            "Unknown: takes whose own song is not among the songs, and that are named all the same.",
        ],
    )


def _judge(take: Bars, i: int, performances: Sequence[Performance], songs: Sequence[Bars]) -> Judged:
    other, near, own = 0.0, 0.0, performances[i]
    for j, performance in enumerate(performances):
        if j == i or performance.meter != own.meter:
            continue
        alike = likeness_of(take, songs[j]) or 0.0
        other = max(other, alike)
        if abs(performance.bpm / own.bpm - 1.0) <= TEMPO:
            near = max(near, alike)
    return Judged(likeness_of(take, songs[i]) or 0.0, other, near)


def _row(judged: Sequence[Judged], alike: float) -> Row:
    figures: dict[str, float] = {}
    for key, others in (("near", [j.near for j in judged]), ("all", [j.other for j in judged])):
        told = np.array([j.figures(alike, other) for j, other in zip(judged, others, strict=True)])
        for what, share in zip(("right", "wrong", "unknown"), told.mean(axis=0), strict=True):
            figures[f"{what}_{key}_percent"] = 100 * float(share)
    return Row(f"alike {alike:g}", figures)


def main() -> int:
    parser = parser_of(__doc__, data=ARCHIVE)
    parser.add_argument("--bars", type=int, default=ENOUGH, help="bars that a take has when it is judged")
    parser.add_argument("--most", type=int, help="so many songs only, for a try")
    options = parser.parse_args()
    console = screen()
    try:
        groove = load(find_data(options.data))
        report = measure(groove.performances, options.bars, options.most, console)
    except PocketError as error:
        print(f"songs: {error}", file=sys.stderr)
        return error.exit_code
    report.print(console)
    if options.json is not None:
        report.write(options.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
