"""The sections of the configuration and what all of them are made of."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from pocket_core.phrases.kit import GENERAL_MIDI
from pocket_core.phrases.styles import STYLES
from pocket_core.types import Port
from pocketd.backends.patchbay import plain

Note = Annotated[int, Field(ge=0, le=127)]
Channel = Annotated[int, Field(ge=1, le=16)]
Number = Annotated[int, Field(ge=0, le=127)]


def _is_more_than_a_number(part: str) -> str:
    if not plain(part):  # it would be a part of every name
        raise ValueError
    return part


PortName = Annotated[
    str,
    Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f]*$"),
    AfterValidator(_is_more_than_a_number),
]
SongName = Annotated[str, Field(min_length=1, max_length=80, pattern=r"^[^\x00-\x1f]*$")]


def milliseconds(default: float, least: float, most: float) -> float:
    """Return the field of a key in milliseconds."""
    allowed = f"{least:g} to {most:g} milliseconds"
    return Field(default=default, ge=least, le=most, description=allowed)


def controller(default: int | None) -> int | None:
    """Return the field of a key that names a controller."""
    allowed = "a controller, 0 to 119, or null"
    return Field(default=default, ge=0, le=119, description=allowed)


class Section(BaseModel):
    """What every part of a configuration is: strict, and closed to keys that it does not know."""

    model_config = ConfigDict(
        extra="forbid", strict=True, frozen=True, allow_inf_nan=False, protected_namespaces=()
    )


def _ports() -> list[PortName]:
    return Field(default=[], description="parts of port names, without the numbers, which change")


class Connect(Section):
    """Ports of others that ours are kept connected with."""

    drums: list[PortName] = _ports()
    human: list[PortName] = _ports()
    control: list[PortName] = _ports()
    out: list[PortName] = _ports()

    def by_port(self) -> dict[Port, list[str]]:
        """Return the names that each of our ports is connected with."""
        return {port: getattr(self, port) for port in Port}


class Human(Section):
    """Which notes on `human` are the musician's onsets."""

    channels: Literal["all"] | list[Channel] = Field(
        default="all", description="all, or a list of channels 1 to 16"
    )
    notes: list[Note] = Field(
        default=[0, 127], min_length=2, max_length=2, description="two notes 0 to 127, [lowest, highest]"
    )
    least_velocity: int = Field(default=1, ge=1, le=127, description="1 to 127")

    @model_validator(mode="after")
    def _rising(self) -> Self:
        if self.notes[0] > self.notes[1]:
            raise clash("human.notes", "the lowest note comes first: two notes 0 to 127, [lowest, highest]")
        return self


DAW, FILE, LOOP = "daw", "file", "loop"
GENERATORS = ("bars", "continue", "pattern", "groove")
#: Where drums come from, in the order in which controllers and programs count them.
SOURCES = (DAW, FILE, LOOP, *GENERATORS)
Source = Literal["daw", "file", "loop", "bars", "continue", "pattern", "groove"]
ONE_OF_SOURCES = "daw, file, loop, bars, continue, pattern or groove"
LAST_CONTROLLER = 119  # those above are channel mode messages


class Generate(Section):
    """What generators make drums of."""

    start: str | None = Field(
        default="rock",
        min_length=1,
        pattern=r"^[^\x00]*$",
        description="a preset's name, a MIDI file, or null",
    )
    goal: str | None = Field(
        default=None,
        min_length=1,
        pattern=r"^[^\x00]*$",
        description="a preset's name, a MIDI file, or null",
    )
    style: str | None = Field(default=None, description=f"{', '.join(STYLES)}, or null")
    morph: float = Field(default=0.0, ge=0, le=1, description="0 to 1")
    temperature: float = Field(default=1.0, ge=0, le=2, description="0 to 2")
    density: float = Field(default=0.5, ge=0, le=1, description="0 to 1")
    follow: float = Field(default=1.0, ge=0, le=1, description="0 to 1")
    hold: bool = Field(default=False, description="true or false")
    seed: int = Field(default=1, ge=0, le=2**31 - 1, description="0 to 2147483647")
    notes: dict[str, Note] = Field(
        default=dict(GENERAL_MIDI), description="the nine voices, each with a note 0 to 127"
    )

    @field_validator("style")
    @classmethod
    def _known(cls, style: str | None) -> str | None:
        if style is not None and style not in STYLES:
            raise clash("generate.style", f"allowed: {', '.join(STYLES)}, or null")
        return style

    @field_validator("notes")
    @classmethod
    def _nine(cls, notes: dict[str, int]) -> dict[str, int]:
        for name in notes:
            if name not in GENERAL_MIDI:
                voices = ", ".join(GENERAL_MIDI)
                raise clash("generate.notes", f"no voice is called {name!r}; the nine are {voices}")
        return {**GENERAL_MIDI, **notes}


class Control(Section):
    """What a controller on `control` moves."""

    channel: Literal["all"] | Channel = Field(default="all", description="all, or a channel 1 to 16")
    amount_cc: int | None = controller(20)
    bypass_cc: int | None = controller(21)
    laid_back_cc: int | None = controller(22)
    song_cc: int | None = controller(None)
    song_program: bool = Field(default=True, description="true or false")
    source_cc: int | None = controller(23)
    source_program: int | None = Field(
        default=120, ge=0, le=128 - len(SOURCES), description=f"0 to {128 - len(SOURCES)}, or null"
    )
    density_cc: int | None = controller(24)
    temperature_cc: int | None = controller(25)
    morph_cc: int | None = controller(26)
    follow_cc: int | None = controller(27)
    hold_cc: int | None = controller(28)
    preset_cc: int | None = controller(29)
    voices_cc: int | None = Field(
        default=102,
        ge=0,
        le=LAST_CONTROLLER - 8,
        description="the first of nine controllers, 0 to 111, or null",
    )

    @model_validator(mode="after")
    def _apart(self) -> Self:
        seen: dict[int, str] = {}
        for key in (name for name in type(self).model_fields if name.endswith("_cc")):
            first = getattr(self, key)
            for number in () if first is None else range(first, first + (9 if key == "voices_cc" else 1)):
                if seen.setdefault(number, key) != key:
                    raise clash(f"control.{key}", f"{seen[number]} has it too; choose another controller")
        return self


class Takes(Section):
    """What is kept of what was played."""

    record: bool = Field(default=True, description="true or false")
    folder: str | None = Field(
        default=None, min_length=1, pattern=r"^[^\x00]*$", description="a folder, or null"
    )
    song: SongName | None = Field(default=None, description="a name, or null")
    keep_days: int | None = Field(default=None, ge=1, le=36500, description="1 to 36500 days, or null")
    quota_mb: int | None = Field(
        default=None, ge=1, le=100_000_000, description="1 to 100000000 megabytes, or null"
    )


_Style = Literal["follow", "variance"]


def _weight(default: float) -> float:
    return Field(default=default, gt=0, le=100, description="above 0 to 100")


class SongLesson(Section):
    """What is learnt of one song; what is not said is as of all others."""

    style: _Style | None = Field(default=None, description="follow, variance or null")
    a: float | None = Field(default=None, gt=0, le=100, description="above 0 to 100, or null")
    b: float | Literal["off"] | None = Field(default=None, description="above 0 to 100, off or null")

    @field_validator("b")
    @classmethod
    def _in_range(cls, b: float | str | None) -> float | str | None:
        return _weighs(b, "b")


class Retrain(Section):
    """What the nightly job does."""

    start: Literal["follower", "lstm", "lstm-solo", "seq2seq"] = Field(
        default="follower", description="follower, lstm, lstm-solo or seq2seq"
    )
    style: _Style = Field(default="follow", description="follow or variance")
    a: float = _weight(1.0)
    b: float | Literal["off"] = Field(default=1.0, description="above 0 to 100, or off")
    sigma_floor_ms: float = milliseconds(5, 0.1, 100)
    songs: dict[str, SongLesson] = Field(default={}, description="a song's name, with style, a and b")
    hours: float = Field(default=10.0, gt=0, le=1000, description="above 0 to 1000 hours")
    groove: str | None = Field(
        default=None, min_length=1, pattern=r"^[^\x00]*$", description="a zip or a folder, or null"
    )
    takes: str | None = Field(
        default=None, min_length=1, pattern=r"^[^\x00]*$", description="a folder or a URL, or null"
    )

    @field_validator("b")
    @classmethod
    def _in_range(cls, b: float | str) -> float | str | None:
        return _weighs(b, "retrain.b")


def _weighs(value: float | str | None, key: str) -> float | str | None:
    if isinstance(value, int | float) and not 0 < value <= 100:
        raise clash(key, "above 0 to 100, or off")
    return value


def clash(key: str, text: str) -> PydanticCustomError:
    """Return the error of a key that does not go with another; the dotted key is as in the file."""
    return PydanticCustomError("clash", "{text}", {"key": key, "text": text})
