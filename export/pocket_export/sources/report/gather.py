"""Everything that the page shows, found out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pocket_export.recordings import Groove
from pocket_export.sources.report.distances import Apart, Table, apart, by_step, mean_step, table_of
from pocket_export.sources.report.material import SONG_BARS, Song, held_out, places, songs
from pocket_export.sources.report.nearest import Heart, Library, judge
from pocket_export.sources.report.rows import Kind, Load, Player, Row, hire, played, source_rows
from pocket_export.sources.report.spaces import (
    MOST_MADE,
    MOST_REAL,
    Layout,
    Space,
    laid_out,
    pieces,
    space_of_codes,
    space_of_strokes,
)
from pocket_export.sources.report.yardsticks import yardsticks

REFERENCE = "real, test split"
OTHERS = "real, validation split"
LEAST_BARS = 64  # of a genre in the reference that is shown
YARDSTICKS = 4

Watch = Callable[[str, int], None]


@dataclass(frozen=True, slots=True)
class Wish:
    """What shall be judged."""

    sources: tuple[str, ...]
    bars: int  # of each row
    seed: int


@dataclass(frozen=True, slots=True)
class Judged:
    """A row, and what was found out of it; nothing of a row without songs."""

    row: Row
    table: Table | None = None
    apart: Apart | None = None
    genres: dict[str, Apart] | None = None
    velocity_steps: NDArray[np.float64] | None = None  # (16,) histogram intersection
    offset_steps: NDArray[np.float64] | None = None
    velocity_step: float = float("nan")  # their means, each sixteenth as heavy as drummers strike it
    offset_step: float = float("nan")
    heart: Heart | None = None


@dataclass(frozen=True, slots=True)
class Findings:
    """Everything."""

    wish: Wish
    contents: str  # SHA-256 of the data set's
    reference: Judged
    rows: tuple[Judged, ...]  # real validation first
    genres: tuple[str, ...]  # that are shown, the largest first
    spaces: tuple[Space, ...]
    library: Library

    @property
    def there(self) -> tuple[Judged, ...]:
        """Return the rows that have songs."""
        return tuple(judged for judged in self.rows if judged.row.songs)


def song_count(bars: int) -> int:
    """Return how many songs a number of bars is, at least one."""
    return max(-(-bars // SONG_BARS), 1)


def work(wish: Wish) -> int:
    """Return how many bars are made, and as many again looked at."""
    return (2 * len(wish.sources) + YARDSTICKS) * song_count(wish.bars) * SONG_BARS


def gather(
    groove: Groove,
    wish: Wish,
    load: Load,
    watch: Watch,
    *,
    layout: Layout | None = laid_out,
) -> Findings:
    """Let all sources play and judge them.

    Args:
        groove: The whole data set.
        wish: What shall be judged.
        load: Loads a source by its name.
        watch: Told the row under way, and how many bars more are made.
        layout: Lays spaces out, which takes longest; None: there are none.

    Raises:
        DataError: A split lacks beats in 4/4.
    """
    reference = held_out(groove, "test")
    learnt = songs(groove.split("train"))
    asked = places(groove, reference, song_count(wish.bars))
    unlike = {place.real.file: place.real for place in asked}
    rows = [Row(OTHERS, Kind.REAL, tuple(unlike.values()))]
    players = [hire(name, load) for name in wish.sources]
    for player in players:
        rows += source_rows(player, asked, wish.seed, watch)
    for generator in yardsticks(learnt):
        rows.append(
            played(generator, generator.name, asked, seed=wish.seed, watch=watch, kind=Kind.YARDSTICK)
        )

    watch("comparing", 0)
    library = Library(learnt)
    table, near = table_of(reference), library.nearest(reference)
    real = Judged(Row(REFERENCE, Kind.REAL, reference), table, heart=judge(near, near, wish.seed))
    genres = _genres(reference, asked_genres={place.real.genre for place in asked})
    judged = tuple(_judged(row, real, library, genres, wish.seed) for row in rows)

    spaces = tuple[Space, ...]()
    if layout is not None:
        watch("laying out spaces", 0)
        spaces = _spaces(real, rows, players, wish.seed, layout)
    return Findings(wish, groove.contents, real, judged, genres, spaces, library)


def _spaces(
    real: Judged, rows: Sequence[Row], players: Sequence[Player], seed: int, layout: Layout
) -> tuple[Space, ...]:
    """Lay out all rows by their strokes, then the reference and what a source makes by its own codes."""
    first = (real.row.title, pieces(real.row.songs, MOST_REAL, seed))
    named = [(row, pieces(row.songs, MOST_MADE, seed)) for row in rows if row.songs]
    spaces = [space_of_strokes([first, *((row.title, those) for row, those in named)], seed, layout)]
    for player in players:
        own = [(row.title, those) for row, those in named if row.source == player.name]
        spaces.append(space_of_codes(player, [first, *own], seed, layout))
    return tuple(spaces)


def _genres(reference: Sequence[Song], asked_genres: set[str]) -> tuple[str, ...]:
    bars: dict[str, int] = {}
    for song in reference:
        bars[song.genre] = bars.get(song.genre, 0) + song.bars
    shown = [name for name, count in bars.items() if count >= LEAST_BARS and name in asked_genres]
    return tuple(sorted(shown, key=lambda name: (-bars[name], name)))


def _judged(row: Row, real: Judged, library: Library, genres: Sequence[str], seed: int) -> Judged:
    if not row.songs or real.table is None or real.heart is None:
        return Judged(row)
    table = table_of(row.songs)
    by_genre = {}
    for genre in genres:
        those = [song for song in row.songs if song.genre == genre]
        if those:
            there = [song for song in real.row.songs if song.genre == genre]
            by_genre[genre] = apart(table_of(there), table_of(those), seed)
    known, made = ([song.cells for song in those.songs] for those in (real.row, row))
    loud, late = (by_step(known, made, velocity=velocity) for velocity in (True, False))
    return Judged(
        row,
        table,
        apart(real.table, table, seed),
        by_genre,
        loud,
        late,
        mean_step(loud, known),
        mean_step(late, known),
        judge(library.nearest(row.songs), real.heart.near, seed),
    )
