"""Where models lie and what their cards say, be they of this build or not.

A model is `NAME.onnx` and beside it its card, `NAME.json`. Those that ship lie in the package
`pocket_models`, a user's own in the folder `models` of their data, and what the nights made in `nights`
(`pocketd.champion`), where a night's name means its model. An encoder, which a card names, is a part of its
model and no model.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from itertools import chain
from pathlib import Path
from typing import Annotated, Any

from platformdirs import user_data_path
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pocket_core.errors import ModelError
from pocketd.champion import CHAMPION, FOLLOWER, Nights, nights_folder
from pocketd.onnxfile import read_bytes

NONE = "none"  # the name of no model: the grid
LARGEST_CARD = 2**20  # bytes


class StateTensor(BaseModel):
    """A tensor that a model hands to itself."""

    name: str
    shape: list[Annotated[int, Field(ge=0, lt=2**63)]] = Field(max_length=8)


class EncoderSheet(BaseModel):
    """The second graph of a model that reads the whole score before it plays."""

    file: str  # beside the model
    sha256: str
    width: int | None = None
    context: int | None = None


class JudgedSheet(BaseModel):
    """A row of a benchmark's table."""

    benchmark: str
    name: str
    figures: dict[str, Any] = Field(default_factory=dict)


class Made(BaseModel):
    """What a card says of how a thing was made, and how good it is."""

    title: str | None = None
    licence: str | None = None
    data: str | None = None
    data_sha256: str | None = None
    contents_sha256: str | None = None
    command: str | None = None
    seed: int | None = None
    commit: str | None = None
    wall_seconds: float | None = Field(default=None, allow_inf_nan=False)
    figures: dict[str, Any] = Field(default_factory=dict)  # a unit in each key


class Sheet(Made):
    """A model's card as written, of whatever format: what only some formats have may be missing."""

    model_config = ConfigDict(extra="allow", protected_namespaces=())

    name: str
    features_version: int
    width: int
    sha256: str  # of the .onnx file
    format: int | None = None
    state: list[StateTensor] = Field(default_factory=list)
    output: str | None = None
    outputs: int | None = None
    hears: bool | None = None
    encoder: EncoderSheet | None = None
    test: list[JudgedSheet] = Field(default_factory=list)  # what benchmarks said on the test split
    songs: list[str] = Field(default_factory=list)  # of the takes that a night taught it
    bias_ms: dict[str, float] = Field(default_factory=dict)  # of a song, played beside the forecasts

    @property
    def validation_mae_ms(self) -> float | None:
        """The mean distance to the musician on the validation split; None where no musician was met."""
        value = self.figures.get("validation_mae_ms")
        if isinstance(value, int | float) and abs(value) <= sys.float_info.max:  # NaN is not
            return float(value)
        return None


@dataclass(frozen=True, slots=True)
class Shelved:
    """A model as it lies on the disk; nothing of it has been read."""

    path: Path  # of the .onnx file
    ships: bool  # with pocketd; else it is the user's
    night: str | None = None  # that made it

    @property
    def name(self) -> str:
        """By what it is asked for."""
        return self.night or self.path.stem


def shipped_folder() -> Path:
    """Return where the models lie that ship."""
    return Path(str(files("pocket_models"))) / "pretrained"


def own_folder() -> Path | None:
    """Return where a user's own models lie, whether or not it exists; None: this user has no home."""
    place = user_data_path("pocketd", appauthor=False) / "models"
    return place if place.is_absolute() else None


def shelf() -> list[Shelved]:
    """Return all models that can be named: what ships, the user's own, then the nights', newest first."""
    return [*_shipped(), *_own(), *_of_nights()]


def find(name_or_path: str | Path) -> Path:
    """Return the .onnx file of the champion, of what ships, of the user's own, of a night's, or of a path.

    What ships comes first: a name never changes its meaning because of what lies in a user's folder.

    Raises:
        ModelError: No such model; the line names those there are.
    """
    if str(name_or_path) == CHAMPION:
        return find(candidates(None)[0])
    given = Path(name_or_path)
    if given.suffix == ".onnx" or given.parent != Path():
        path = given if given.suffix == ".onnx" else given.parent / f"{given.name}.onnx"
        if not os.path.isfile(path):  # Path's own raises where a name is too long or a folder not ours
            raise ModelError(f"{path}: no such model file; name a model or the path of an .onnx file")
        return path
    for shelved in chain(_shipped(), _own(), _of_nights()):  # no folder is looked into for what comes before
        if shelved.name == str(name_or_path):
            return shelved.path
    names = ", ".join(dict.fromkeys([CHAMPION, *(shelved.name for shelved in shelf()), NONE]))
    raise ModelError(f"no model is called {str(name_or_path)!r}; there are: {names}")


def candidates(song: str | None) -> list[str]:
    """Return who shall play where the configuration says `champion`: the first of them that can.

    Args:
        song: Which is played; None: nobody knows.

    Raises:
        ModelError: Nobody can say, as the pointer is damaged.
    """
    folder = nights_folder()
    return [FOLLOWER] if folder is None else Nights(folder).candidates(song)


def in_config(path: Path) -> str:
    """Return what `model:` shall say for a model: the name of one that ships, else its path in full."""
    if os.path.realpath(path.parent) == os.path.realpath(shipped_folder()):
        return path.stem
    return os.path.abspath(path)  # not resolved: a link may be there to be turned


def card_of(path: Path) -> Path:
    """Return where the card of a model lies."""
    return path.with_suffix(".json")


def read_sheet(path: Path) -> Sheet:
    """Read the card of a model.

    Args:
        path: The model's .onnx file.

    Raises:
        ModelError: It is not there, or is no card.
    """
    try:
        return Sheet.model_validate_json(read_card(path))
    except ValidationError as error:
        raise ModelError(f"{card_of(path)}: {first_problem(error)}; export the model again") from None


def read_card(path: Path) -> bytes:
    """Return the card of a model as it lies there. Raises ModelError where it cannot be read."""
    return read_bytes(card_of(path), LARGEST_CARD)


def first_problem(error: ValidationError) -> str:
    """Return what is wrong with a card first, and where in it."""
    first = error.errors(include_url=False)[0]
    where = ".".join(str(part) for part in first["loc"]) or "the whole file"
    return f"{where}: {' '.join(first['msg'].split())}"


def _shipped() -> Iterator[Shelved]:
    return (Shelved(path, True) for path in _models_in(shipped_folder()))


def _own() -> Iterator[Shelved]:
    """Yield the user's own models; the folder is looked into when the first is asked for."""
    own = own_folder()
    if own is not None:
        yield from (Shelved(path, False) for path in _models_in(own))


def _of_nights() -> Iterator[Shelved]:
    """Yield what the nights have made and is still there, newest first."""
    root = nights_folder()
    for folder in [] if root is None else Nights(root).folders():
        yield from (Shelved(path, False, folder.name) for path in _models_in(folder))


def _models_in(folder: Path) -> Iterator[Path]:
    found = sorted(folder.glob("*.onnx"), key=lambda path: path.stem)
    parts = {_encoder_of(path) for path in found}
    return (path for path in found if path.name not in parts)


def _encoder_of(path: Path) -> str | None:
    try:
        sheet = read_sheet(path)
    except ModelError:  # told where the model is
        return None
    return None if sheet.encoder is None else sheet.encoder.file
