"""What the loop and the generators' process write to each other, one JSON line a letter.

Positions are beats from where the run of the transport began, which go on through the jumps of a loop; there
a bar begins.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from pocket_core.errors import ModelError
from pocket_core.phrases.generator import EVEN
from pocket_core.phrases.patterns import BITS, STEPS
from pocket_core.phrases.phrase import BAR, SAME, Phrase, Stroke, phrase_of
from pocket_core.types import Beats
from pocket_core.voices import VOICES

_STRICT = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

MOST_STROKES = 2048  # of an answer: two bars with every note of a grid of 64 steps are fewer
LONGEST_TEXT = 1000  # characters of what a generator says for people

#: Beat, note, velocity, offset in beats: a `Stroke`. What is outside these ranges would cost the loop notes.
Struck = tuple[
    Annotated[float, Field(gt=-SAME)],
    Annotated[int, Field(ge=0, le=127)],
    Annotated[int, Field(ge=1, le=127)],
    float,
]
Step = Annotated[int, Field(ge=0, lt=2**BITS)]
Pattern = Annotated[tuple[Step, ...], Field(min_length=STEPS, max_length=STEPS)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """Who makes drums from here on, and of what."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    kind: Literal["setup"] = "setup"
    source: str  # bars, continue, pattern or groove
    seed: int
    notes: tuple[int, ...]  # of each voice, 0..127
    voices: dict[str, list[int]]  # which notes are of which voice
    start: str | None  # a preset's name, a MIDI file in full, or nothing
    goal: str | None
    style: str | None = None  # of those that groove knows


@dataclass(frozen=True, slots=True, kw_only=True)
class Turned:
    """Where the knobs stand."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    kind: Literal["turned"] = "turned"
    temperature: float = 1.0
    density: float = EVEN
    voices: tuple[float, ...] = (EVEN,) * len(VOICES)
    morph: float = 0.0
    follow: float = 1.0
    preset: int | None = None  # by its number, 0..127; it stands before what `Setup.start` says


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """Patterns to begin with and to go to, instead of what the setup says."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    kind: Literal["given"] = "given"
    pattern: Pattern
    goal: Pattern | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """The musician has played."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    kind: Literal["heard"] = "heard"
    beat: Beats
    velocity: int  # 1..127


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Drums are wanted."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    kind: Literal["wanted"] = "wanted"
    number: int  # that the answer has
    begin: Beats
    length: Beats
    bar: Beats = BAR  # how long a bar is
    bpm: float = 120.0  # quarter notes a minute, now


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """Nothing had come in time, or was wanted: what was played somewhere before is played here again."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    kind: Literal["held"] = "held"
    begin: Beats
    length: Beats
    strokes: tuple[Struck, ...]  # beats from `begin`


@dataclass(frozen=True, slots=True, kw_only=True)
class Anew:
    """The transport begins another run: what was heard and played is forgotten."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    kind: Literal["anew"] = "anew"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest:
    """Nobody needs generators now: the process may end."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    kind: Literal["rest"] = "rest"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """The process has begun, and knows nothing yet."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    kind: Literal["ready"] = "ready"


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What was wanted."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    kind: Literal["made"] = "made"
    number: int
    source: str
    begin: Beats
    length: Beats
    strokes: Annotated[tuple[Struck, ...], Field(max_length=MOST_STROKES)]  # beats from `begin`

    def answers(self, wanted: Wanted) -> bool:
        """Return whether it is what was wanted, and nothing else."""
        return (self.number, self.begin, self.length) == (wanted.number, wanted.begin, wanted.length)

    @property
    def phrase(self) -> Phrase:
        """Return it as a phrase: in order, and of two strokes of a note at one position the louder."""
        return phrase_of(map(stroke_of, self.strokes), self.length)


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """What was wanted cannot be had."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT
    kind: Literal["failed"] = "failed"
    number: int | None  # None: it was about the setup
    text: Annotated[str, Field(max_length=LONGEST_TEXT)]  # one line


Letter = Setup | Turned | Given | Heard | Wanted | Held | Anew | Rest
Answer = Ready | Made | Failed

_LETTERS: TypeAdapter[Letter] = TypeAdapter(Annotated[Letter, Field(discriminator="kind")])
_ANSWERS: TypeAdapter[Answer] = TypeAdapter(Annotated[Answer, Field(discriminator="kind")])


def encode_letter(letter: Letter) -> bytes:
    """Return a letter to the generators as one line with its line end."""
    return _LETTERS.dump_json(letter) + b"\n"


def decode_letter(line: bytes) -> Letter:
    """Read one line. Raises ModelError where it is no letter."""
    try:
        return _LETTERS.validate_json(line)
    except ValidationError as error:
        raise ModelError(f"no letter to a generator: {_first(error)}") from None


def encode_answer(answer: Answer) -> bytes:
    """Return a generator's answer as one line with its line end."""
    return _ANSWERS.dump_json(answer) + b"\n"


def decode_answer(line: bytes) -> Answer:
    """Read one line. Raises ModelError where it is no answer."""
    try:
        return _ANSWERS.validate_json(line)
    except ValidationError as error:
        raise ModelError(f"no answer of a generator: {_first(error)}") from None


def struck_of(stroke: Stroke) -> Struck:
    """Return a stroke as letters have it."""
    return (stroke.beat, stroke.note, stroke.velocity, stroke.offset)


def stroke_of(struck: Struck) -> Stroke:
    """Return what a letter says of a stroke."""
    beat, note, velocity, offset = struck
    return Stroke(Beats(beat), note, velocity, Beats(offset))


def _first(error: ValidationError) -> str:
    return str(error.errors(include_url=False)[0]["msg"])
