"""What a player wants of the running daemon, from outside: patterns to begin with, in a small file.

`pocketd patterns map --serve` writes `wish.json` into the folder of the standing files, whole and for its
user alone; the daemon takes up one that is newer than the last. Nobody removes it: `at` tells an old one.
"""

from __future__ import annotations

import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import AwareDatetime, ConfigDict, Field, TypeAdapter, ValidationError

from pocket_core.errors import PocketError
from pocketd.standing import Standing, read_standing, standing_path
from pocketd.wholefile import write_whole

FILE = "wish.json"
LARGEST = 4096  # bytes; two patterns and the rest are under 600
STEPS = 32  # sixteenths: two bars of 4/4
BITS = 14  # instruments of a step

Step = Annotated[int, Field(ge=0, lt=2**BITS)]
Share = Annotated[float, Field(ge=0, le=1)]
Pattern = Annotated[tuple[Step, ...], Field(min_length=STEPS, max_length=STEPS)]


class WishError(PocketError):
    """A wish that cannot be written or read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What shall play from here on."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)
    format: Literal[1] = 1
    source: Literal["pattern"] = "pattern"
    pattern: Pattern  # to begin with
    goal: Pattern | None = None  # where morphing leads; None: nowhere
    morph: Share = 0.0  # how far there it is now
    at: AwareDatetime  # when it was wished


_WISH = TypeAdapter(Wish)


def wish_path() -> Path | None:
    """Return where a wish lies; None: this user has no folder of their own."""
    standing = standing_path("any")
    return None if standing is None else standing.with_name(FILE)


def encode_wish(wish: Wish) -> bytes:
    """Return a wish as one line of JSON."""
    return _WISH.dump_json(wish) + b"\n"


def decode_wish(data: bytes) -> Wish:
    """Read a wish.

    Raises:
        WishError: It is none; the line names the key.
    """
    try:
        return _WISH.validate_json(data)
    except ValidationError as error:
        raise WishError(f"no wish: {problem(error)}; send it again from the map") from None


def write_wish(path: Path, wish: Wish) -> None:
    """Write a wish, whole, for the eyes of its user alone.

    Raises:
        PocketError: The folder cannot be written to; an older wish is untouched.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise WishError(f"cannot make {path.parent}: {error.strerror or error}; see whose it is") from error
    write_whole(path, encode_wish(wish), private=True)


def read_wish(path: Path) -> Wish | None:
    """Return the newest wish; None: nobody has wished anything.

    Raises:
        WishError: The file cannot be read, or is no wish.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # a pipe might never end
            raise WishError(f"cannot read {path}: it is no file; remove it")
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise WishError(f"cannot read {path}: {error.strerror or error}; remove it") from error
    if len(data) > LARGEST:
        raise WishError(f"{path} is larger than {LARGEST} bytes, so it is no wish; remove it")
    try:
        return decode_wish(data)
    except WishError as error:
        raise WishError(f"{path}: {error}") from None


def who_listens(path: Path) -> Sequence[Standing]:
    """Return the daemons of this user that run, as their standing files tell.

    Args:
        path: Of the wish; theirs lie beside it.
    """
    files = sorted(file for file in path.parent.glob("*.json") if file.name != FILE)
    return [standing for file in files if (standing := read_standing(file)) is not None]


def problem(error: ValidationError) -> str:
    """Return the first thing that is wrong, with its place."""
    first = error.errors(include_url=False)[0]
    place = ".".join(str(part) for part in first["loc"])
    return f"{place}: {first['msg']}" if place else str(first["msg"])
