"""What is kept of songs between takes: the drums bar by bar, and what the musician had become by the end.

A song is a file `NAME.json` in the folder of songs; docs/takes.md describes it. It is written whole. One that
is damaged is told and passed over, and the next take of its song makes it anew.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, ClassVar, Literal
from urllib.parse import quote

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from pocket_core.errors import PocketError, TakeError
from pocket_core.likeness import Likeness
from pocket_core.tempo import Meter
from pocketd.song_prints import MOST_BARS, Part
from pocketd.wholefile import write_whole

FORMAT: Literal[1] = 1
LARGEST = 1 << 21  # bytes; a song of an hour has a tenth of it
READABLE = " !'(),-._&+@~"  # in a file's name, besides letters and digits
LONGEST = 80  # characters of a file's name

Place = Annotated[int, Field(ge=0, lt=12 * 64)]  # twelfths of a quarter note from the bar line


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A bar's print as it is written."""

    bar: int  # from 1
    struck: Mapping[str, list[Place]]  # voice to where


@dataclass(frozen=True, slots=True, kw_only=True)
class Song:
    """A song's file."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)
    format: Literal[1] = FORMAT
    name: str
    heard: str  # when its newest take began, local time with its offset, ISO 8601
    takes: int  # that have told of it
    bpm: Annotated[float, Field(gt=0, lt=10_000)]
    numerator: Annotated[int, Field(ge=1, le=64)]
    denominator: Annotated[int, Field(ge=1, le=64)]
    bars: list[Bar] = field(default_factory=list)  # rising
    likeness: Likeness | None = None  # of the musician; None: there was none yet

    @property
    def part(self) -> Part:
        """Its drums, to be compared."""
        bars = {
            bar.bar: frozenset((voice, place) for voice, places in bar.struck.items() for place in places)
            for bar in self.bars
        }
        return Part(self.bpm, Meter(self.numerator, self.denominator), bars)


_SONG: TypeAdapter[Song] = TypeAdapter(Song)


def bars_as_written(part: Part) -> list[Bar]:
    """Return a part's bars as a song's file has them."""
    written = []
    for number in sorted(part.bars)[:MOST_BARS]:
        struck: dict[str, list[int]] = {}
        for voice, place in sorted(part.bars[number]):
            struck.setdefault(voice, []).append(place)
        written.append(Bar(bar=number, struck=struck))
    return written


class SongBook:
    """A folder of songs. Other processes may write to it, too: nothing is remembered between calls.

    Args:
        folder: Need not exist; made with the first song.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, name: str) -> Song | None:
        """Return a song; None: nothing is known of it.

        Raises:
            TakeError: Its file is damaged or cannot be read.
        """
        path = self.path_of(name)
        song = _read(path)
        if song is not None and song.name != name:
            raise TakeError(f"{path} is of the song {song.name!r}, not of {name!r}; delete or rename it")
        return song

    def parts(self) -> tuple[dict[str, Part], list[str]]:
        """Return the drums of all songs by name, and a line for each file that is damaged."""
        parts: dict[str, Part] = {}
        faults: list[str] = []
        for path in sorted(self._folder.glob("*.json")):
            try:
                song = _read(path)
            except TakeError as error:
                faults.append(str(error))
            else:
                if song is not None:
                    parts[song.name] = song.part
        return parts, faults

    def write(self, song: Song) -> None:
        """Keep a song, in the place of what was known of it.

        Raises:
            PocketError: The folder cannot be written to.
        """
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise PocketError(
                f"cannot make {self._folder}: {error.strerror or error}; choose another takes.folder"
            ) from error
        write_whole(self.path_of(song.name), _SONG.dump_json(song) + b"\n")

    def path_of(self, name: str) -> Path:
        """Return the file of a song: by its name, with signs that a file's name should not have as %XX."""
        stem = quote(name, safe=READABLE)
        if len(stem) > LONGEST or stem.startswith(".") or stem.endswith((".", " ")):
            stem = f"{stem.strip('. ')[: LONGEST - 17]}-{hashlib.sha256(name.encode()).hexdigest()[:16]}"
        return self._folder / f"{stem}.json"


def _read(path: Path) -> Song | None:
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise TakeError(f"cannot read {path}: {error.strerror or error}") from error
    if len(data) > LARGEST:
        raise TakeError(f"{path} is larger than any song's file; delete it")
    why = "its likeness is nobody's"
    try:
        song = _SONG.validate_json(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        why = f"{'.'.join(map(str, first['loc'])) or 'the whole file'}: {first['msg']}"
    else:
        if song.likeness is None or song.likeness.sane:
            return song
    raise TakeError(f"{path} is damaged ({why}); delete it, and the next take of its song makes it anew")
