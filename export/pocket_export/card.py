"""What a model is: `NAME.json` for the daemon beside `NAME.onnx`, and `NAME.md` for people."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from pocket_core.errors import DataError
from pocket_core.features import VERSION, WIDTH
from pocket_core.predict import OUTPUTS
from pocket_core.score_features import SCORE_WIDTH
from pocketd.wholefile import write_together

FORMAT = 2


@dataclass(frozen=True, slots=True)
class StateTensor:
    """A tensor that the model hands to itself."""

    name: str
    shape: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class EncoderFile:
    """The second graph of a model that reads the score."""

    file: str  # beside the model
    sha256: str
    width: int  # columns of the score, `pocket_core.score_features.SCORE_COLUMNS`
    context: int  # columns that come out


@dataclass(frozen=True, slots=True)
class Judged:
    """What a benchmark says of the model on the test split, which no training has seen."""

    benchmark: str
    name: str  # of the row
    figures: Mapping[str, float]  # a unit in each key


@dataclass(frozen=True, slots=True)
class Taught:
    """What a model has learnt from a user's takes."""

    songs: tuple[str, ...] = ()
    bias_ms: Mapping[str, float] = field(default_factory=dict)  # of a song, to be played beside the forecasts


@dataclass(frozen=True, slots=True)
class Card:
    """What a model ships with; the daemon reads the first nine fields, and the encoder."""

    name: str
    format: int
    features_version: int
    width: int
    sha256: str  # of the .onnx file
    state: tuple[StateTensor, ...]
    output: str
    outputs: int  # how many of `pocket_core.predict.OUTPUTS`
    hears: bool  # it takes a step for each onset without a drum
    title: str  # what it is, one sentence
    licence: str  # of the data
    data: str
    data_sha256: str
    contents_sha256: str  # of info.csv and the MIDI files in its order, however packed
    command: str
    seed: int
    commit: str  # of the code that trained it
    wall_seconds: float
    figures: Mapping[str, float]  # a unit in each key
    encoder: EncoderFile | None = None  # None: it reads no score
    test: tuple[Judged, ...] = ()
    songs: tuple[str, ...] = ()  # of the takes that it was taught
    bias_ms: Mapping[str, float] = field(default_factory=dict)  # how late the musician of a song is besides


def describe_encoder(name: str, encoder: bytes, context: int) -> EncoderFile:
    """Return what the card of a model says of its encoder."""
    return EncoderFile(f"{name}.encoder.onnx", hashlib.sha256(encoder).hexdigest(), SCORE_WIDTH, context)


def make_card(
    name: str,
    model: bytes,
    *,
    state: tuple[StateTensor, ...],
    output: str,
    outputs: int,
    hears: bool,
    title: str,
    licence: str,
    data: str,
    data_sha256: str,
    contents_sha256: str,
    command: str,
    seed: int,
    commit: str,
    wall_seconds: float,
    figures: Mapping[str, float],
    encoder: EncoderFile | None = None,
    taught: Taught | None = None,
) -> Card:
    """Return the card of a model exported for this build's features."""
    return Card(
        name=name,
        format=FORMAT,
        features_version=VERSION,
        width=WIDTH,
        sha256=hashlib.sha256(model).hexdigest(),
        state=state,
        output=output,
        outputs=outputs,
        hears=hears,
        title=title,
        licence=licence,
        data=data,
        data_sha256=data_sha256,
        contents_sha256=contents_sha256,
        command=command,
        seed=seed,
        commit=commit,
        wall_seconds=round(wall_seconds, 1),
        figures={key: round(value, 9) for key, value in figures.items()},
        encoder=encoder,
        songs=() if taught is None else taught.songs,
        bias_ms={} if taught is None else taught.bias_ms,
    )


def write_model(folder: Path, model: bytes, card: Card, encoder: bytes | None = None) -> Path:
    """Write model, encoder, card and page, or leave all that was there. Returns the path of the model.

    They are put in their places one after the other; until the card is in its own the daemon refuses the
    model, whose sha256 it does not know.

    Raises:
        PocketError: One of them cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{card.name}.onnx"
    read = {} if card.encoder is None or encoder is None else {folder / card.encoder.file: encoder}
    write_together({**read, path: model, **_written(card, path)})
    return path


def _written(card: Card, model: Path) -> dict[Path, bytes]:
    said = {key: value for key, value in asdict(card).items() if value not in (None, (), {})}
    return {
        model.with_suffix(".json"): (json.dumps(said, indent=2) + "\n").encode(),
        model.with_suffix(".md"): page(card).encode(),
    }


def judge(model: Path, judged: Sequence[Judged]) -> Card:
    """Write the test split's figures into the card and the page of a model. Returns the card.

    Args:
        model: The .onnx file; it stays as it is.
        judged: All that is to be said.

    Raises:
        DataError: There is no card of this build's format.
        PocketError: It cannot be written.
    """
    path = model.with_suffix(".json")
    try:
        said = json.loads(path.read_bytes())
        encoder = said.pop("encoder", None)
        said["state"] = tuple(StateTensor(part["name"], tuple(part["shape"])) for part in said["state"])
        said["test"] = tuple(judged)
        card = Card(**said, encoder=None if encoder is None else EncoderFile(**encoder))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"{path} is no card of this build's; export the model again") from error
    write_together(_written(card, model))
    return card


def page(card: Card) -> str:
    """Return the card as Markdown."""
    state = ", ".join(f"`{s.name}` {list(s.shape)}" for s in card.state)
    figures = "\n".join(f"| `{key}` | {value:.7g} |" for key, value in card.figures.items())
    return f"""# {card.name}

{card.title}

| | |
|---|---|
| data | {card.data} |
| licence of the data | {card.licence} |
| sha256 of the archive | `{card.data_sha256}` |
| sha256 of its contents | `{card.contents_sha256}` |
| file | `{card.name}.onnx`, sha256 `{card.sha256}` |
| features | version {card.features_version}, {card.width} columns |
| state | {state} |
| output | `{card.output}`, {_said(card)} |{_read(card)}
| made by | `{card.command}`, seed {card.seed}, commit `{card.commit}` |
| training took | {card.wall_seconds:.0f} s |

| figure | value |
|---|---|
{figures}

Figures of the validation split choose the weights, so they flatter.
{_tests(card)}"""


def _tests(card: Card) -> str:
    """Return a table a benchmark."""
    if not card.test:
        return (
            "`benchmarks/follow.py` and `benchmarks/humanise.py` give those of the test split, which no\n"
            "training has seen.\n"
        )
    text = ""
    for benchmark in dict.fromkeys(row.benchmark for row in card.test):
        rows = [row for row in card.test if row.benchmark == benchmark]
        keys = list(dict.fromkeys(key for row in rows for key in row.figures))
        text += f"\n## {benchmark}, test split\n\n| | {' | '.join(keys)} |\n|---|{'---|' * len(keys)}\n"
        for row in rows:
            cells = (f"{row.figures[key]:.5g}" if key in row.figures else "" for key in keys)
            text += f"| {row.name} | {' | '.join(cells)} |\n"
    return text


def _read(card: Card) -> str:
    if card.encoder is None:
        return ""
    encoder = card.encoder
    return (
        f"\n| reads the whole score | by `{encoder.file}`, sha256 `{encoder.sha256}`: "
        f"{encoder.width} columns in, {encoder.context} out |"
    )


def _said(card: Card) -> str:
    if card.outputs == 1:
        return "the offset in seconds; positive is late"
    whole = ", ".join(OUTPUTS[:5])
    return f"{card.outputs} numbers: {whole}; of each voice offset, spread, velocity and its spread"
