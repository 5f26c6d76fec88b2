"""The rows of the report: real drums, what each source makes, and the yardsticks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum

from pocket_core.errors import ModelError, PocketError, one_line
from pocket_core.phrases.generator import Generator
from pocket_core.phrases.hvo import A_BAR, cells_of_strokes
from pocket_core.phrases.kit import Kit
from pocket_core.phrases.phrase import Phrase
from pocket_core.types import Beats
from pocket_export.sources.report.material import SONG_BARS, Place, Song
from pocketd.generators.offline import play_through

SOURCES = ("bars", "continue", "pattern", "groove")
FREE = "from nothing"
FREE_BPM = 120.0

Load = Callable[[str, Kit], Generator]
Watch = Callable[[str, int], None]  # told the row and how many bars more are done


class Kind(Enum):
    """What a row is of."""

    REAL = "real"
    SOURCE = "source"
    YARDSTICK = "yardstick"


@dataclass(frozen=True, slots=True)
class Row:
    """Drums of one kind."""

    title: str
    kind: Kind
    songs: tuple[Song, ...] = ()  # none: see `why`
    why: str = ""  # there are none
    source: str = ""  # which generator, of SOURCES

    @property
    def bars(self) -> int:
        """Return how many there are."""
        return sum(song.bars for song in self.songs)


@dataclass(frozen=True, slots=True)
class Player:
    """A source that is there, or why it is not."""

    name: str
    generator: Generator | None
    why: str = ""


def hire(name: str, load: Load) -> Player:
    """Load a source; one that does not ship yet is told by name."""
    try:
        return Player(name, load(name, Kit()))
    except PocketError as error:
        return Player(name, None, one_line(error))
    except ImportError as error:
        return Player(name, None, f"not in this build: {one_line(error)}")


def source_rows(player: Player, asked: Sequence[Place], seed: int, watch: Watch) -> tuple[Row, ...]:
    """Let a source play where it is asked, and as often from nothing.

    Asked, it is given what a live source has: two bars of a held-out recording as its start, the drummer's
    part flattened to one voice as the musician, the tempo. From nothing it is given silence.
    """
    free = tuple(Place(Phrase((), Beats(0.0)), (), FREE_BPM, place.real) for place in asked)
    titles = (player.name, f"{player.name}, {FREE}")
    if player.generator is None:
        return tuple(Row(title, Kind.SOURCE, (), player.why, player.name) for title in titles)
    return tuple(
        played(player.generator, title, given, seed=seed, watch=watch, source=player.name)
        for title, given in zip(titles, (asked, free), strict=True)
    )


def played(
    generator: Generator,
    title: str,
    asked: Sequence[Place],
    *,
    seed: int,
    watch: Watch,
    kind: Kind = Kind.SOURCE,
    source: str = "",
) -> Row:
    """Return what a generator makes; where it fails there is nothing, and it is told why."""
    songs = []
    for number, place in enumerate(asked):
        try:
            phrase = play_through(
                generator,
                SONG_BARS,
                seed=seed + number,
                start=place.start if place.start.strokes else None,
                heard=place.heard,
                bpm=place.bpm,
            )
        except Exception as error:  # a bug in a generator costs its row, and is told
            kind_of = "" if isinstance(error, ModelError) else f"{type(error).__name__}: "
            return Row(title, kind, (), f"{kind_of}{one_line(error)}", source)
        cells = cells_of_strokes(phrase.strokes, Kit(), Beats(0.0), SONG_BARS * A_BAR)
        songs.append(Song(f"{number} {place.real.file}", place.real.genre, cells))
        watch(title, SONG_BARS)
    return Row(title, kind, tuple(songs), "", source)
