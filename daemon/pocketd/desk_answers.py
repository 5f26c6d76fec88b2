"""What the desk tells the real-time process, one JSON line an answer, on the records' own socket."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from pocket_core.errors import TakeError
from pocket_core.likeness import Likeness

_STRICT = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SongAnswer:
    """What is known of the song that is played."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    kind: Literal["song"] = "song"
    song: str
    recognised: bool  # by its drums; else it was named
    likeness: Likeness | None  # of the musician at the end of its newest take


@dataclass(frozen=True, slots=True, kw_only=True)
class WishAnswer:
    """What somebody wants to be played, from the map of patterns."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    kind: Literal["wish"] = "wish"
    source: str
    pattern: tuple[int, ...]  # 32 steps
    goal: tuple[int, ...] | None
    morph: float = 0.0  # 0..1: how far there


Answer = SongAnswer | WishAnswer

_ANSWER: TypeAdapter[Answer] = TypeAdapter(Annotated[Answer, Field(discriminator="kind")])


def encode_answer(answer: Answer) -> bytes:
    """Return an answer as one line with its line end."""
    return _ANSWER.dump_json(answer) + b"\n"


def decode_answer(line: bytes) -> Answer:
    """Read one line.

    Raises:
        TakeError: It is none of the desk's.
    """
    try:
        return _ANSWER.validate_json(line)
    except ValidationError as error:
        raise TakeError(f"no answer of the desk: {error.errors(include_url=False)[0]['msg']}") from None
