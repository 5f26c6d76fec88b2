"""Real drums: what is judged against, where a source is asked, and what it may have learnt by heart."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from pocket_core.errors import DataError
from pocket_core.phrases.generator import Onset
from pocket_core.phrases.hvo import A_BAR, Cells, cells_from, cells_of, flattened, phrase_of_cells
from pocket_core.phrases.kit import Kit
from pocket_core.phrases.phrase import SIXTEENTH, Phrase
from pocket_core.tempo import Meter
from pocket_core.types import Beats
from pocket_export.recordings import Groove, Performance

SONG_BARS = 16  # of what a source is asked for at once: as long as it is told of
START_BARS = 2
FOUR = Meter(4, 4)


@dataclass(frozen=True, slots=True)
class Song:
    """Consecutive whole bars."""

    file: str  # from which it is, or where it was asked for
    genre: str
    cells: Cells

    @property
    def bars(self) -> int:
        """Return how many there are."""
        return len(self.cells) // A_BAR


@dataclass(frozen=True, slots=True)
class Place:
    """Where a source is asked: behind two bars of a recording that nobody has trained on."""

    start: Phrase  # those two bars
    heard: tuple[Onset, ...]  # the musician: what the drummer plays then, as one voice
    bpm: float
    real: Song  # what the drummer plays then


def songs(performances: Iterable[Performance]) -> tuple[Song, ...]:
    """Return recordings in 4/4 as songs.

    The bar of the last stroke is left out: most recordings break off in it.
    """
    found = []
    for p in performances:
        bars = int(np.floor(p.beats[-1] / SIXTEENTH + 0.5)) // A_BAR if len(p.beats) else 0
        if p.meter == FOUR and bars > 0:
            cells = cells_of(p.beats, p.voices, p.velocities, bars * A_BAR)
            found.append(Song(p.name, genre_of(p), cells))
    return tuple(found)


def held_out(groove: Groove, split: str) -> tuple[Song, ...]:
    """Return the beats in 4/4 of a split.

    Raises:
        DataError: There are none.
    """
    found = songs(p for p in groove.split(split) if p.beat_type == "beat")
    if not found:
        raise DataError(f"the {split} split has no beat in 4/4; pass the whole data set with --data")
    return found


def genre_of(performance: Performance) -> str:
    """Return the style without what it is more exactly."""
    return performance.style.split("/")[0]


def places(groove: Groove, reference: Sequence[Song], count: int) -> tuple[Place, ...]:
    """Return places in recordings of the validation split, of genres as often as they are in a reference.

    Genres that only one of both has are left out. The places of a genre go from file to file; where there
    are fewer than wanted the first come again.

    Args:
        groove: The recordings.
        reference: What is judged against.
        count: How many, > 0.

    Raises:
        DataError: No recording of the validation split is long enough.
    """
    beats = [
        p for p in groove.split("validation") if p.beat_type == "beat" and p.meter == FOUR and len(p.beats)
    ]
    known: dict[str, list[Place]] = {}
    for lap, performance, bar in _laps(beats):
        place = _place(performance, bar, lap)
        known.setdefault(place.real.genre, []).append(place)
    bars: dict[str, int] = {}
    for song in reference:
        if song.genre in known:
            bars[song.genre] = bars.get(song.genre, 0) + song.bars
    if not bars:
        raise DataError(
            "no recording of the validation split is of a genre of the test split and long enough"
        )
    wanted = shared_out(count, bars)
    return tuple(known[genre][n % len(known[genre])] for genre in wanted for n in range(wanted[genre]))


def shared_out(count: int, sizes: dict[str, int]) -> dict[str, int]:
    """Divide a number as sizes are; what is left goes to the largest remainders, of equals to the larger."""
    total = sum(sizes.values())
    exact = {name: count * size / total for name, size in sizes.items()}
    shares = {name: int(part) for name, part in exact.items()}
    order = sorted(exact, key=lambda name: (shares[name] - exact[name], -sizes[name], name))
    for name in order[: count - sum(shares.values())]:
        shares[name] += 1
    return {
        name: shares[name] for name in sorted(shares, key=lambda name: (-sizes[name], name)) if shares[name]
    }


def _laps(beats: Sequence[Performance]) -> list[tuple[int, Performance, int]]:
    """Return the places of recordings: first one in the middle of each, then the nearest to it, and so on.

    The first bars of a recording are often a count-in or a thin beginning, and no groove to go on from.
    """
    found = []
    for number, p in enumerate(beats):
        bars = int(np.floor(p.beats[-1] / SIXTEENTH + 0.5)) // A_BAR
        laps = max((bars - START_BARS) // SONG_BARS, 1 if bars > START_BARS else 0)
        middle_first = sorted(range(laps), key=lambda lap: (abs(2 * lap + 1 - laps), lap))
        found += [(n, number, START_BARS + lap * SONG_BARS) for n, lap in enumerate(middle_first)]
    return [(n, beats[number], bar) for n, number, bar in sorted(found)]


def _place(p: Performance, bar: int, lap: int) -> Place:
    bars = int(np.floor(p.beats[-1] / SIXTEENTH + 0.5)) // A_BAR
    cells = cells_of(p.beats, p.voices, p.velocities, bars * A_BAR)
    begin, end = bar * A_BAR, min(bar + SONG_BARS, bars) * A_BAR
    now = cells_from(cells.array[begin:end])
    start = cells_from(cells.array[begin - START_BARS * A_BAR : begin])
    return Place(
        phrase_of_cells(start, Kit()), onsets_of(now), p.bpm, Song(f"{p.name} {lap}", genre_of(p), now)
    )


def onsets_of(cells: Cells) -> tuple[Onset, ...]:
    """Return drums as a musician's part: of each sixteenth the loudest stroke, where it was played."""
    groove = flattened(cells)
    return tuple(
        Onset(Beats((step + float(groove[step, 2])) * SIXTEENTH), max(round(float(groove[step, 1]) * 127), 1))
        for step in np.flatnonzero(groove[:, 0]).tolist()
    )
