"""A model's card as a page for people."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pocket_core.predict import OUTPUTS, PAPER_OUTPUTS
from pocketd.model_check import misfit
from pocketd.model_shelf import Made, Sheet
from pocketd.standard import printable

#: How a figure's key ends, and the unit that this says.
UNITS = {
    "_tenths_s": "tenths of a second",
    "_ms": "ms",
    "_s": "s",
    "_kb": "kB",
    "_percent": "%",
}
CAPITALS = {"mae": "MAE", "sd": "SD", "mse": "MSE", "kl": "KL"}
OFFSETS = "the offset in seconds; positive is late"


def page(sheet: Sheet, path: Path) -> list[str]:
    """Return the page, a line each, with nothing in it that moves the cursor.

    Args:
        sheet: The card.
        path: Of the model.
    """
    lines = laid_out(path.stem, sheet.title, _facts(sheet, path), sheet.figures)
    for row in sheet.test:
        said = (_figure(key, value) for key, value in row.figures.items())
        lines += ["", f"{row.benchmark}, test split: {row.name}"]
        lines += ["  " + ", ".join(" ".join(part for part in figure if part) for figure in said)]
    return [printable(line) for line in lines]


def laid_out(
    name: str, title: str | None, facts: Iterable[tuple[str, str]], figures: Mapping[str, Any]
) -> list[str]:
    """Return name, title, facts and figures, a line each; facts without a text are left out."""
    told = [(fact, text) for fact, text in facts if text]
    wide = max(len(fact) for fact, _ in told)
    lines = [name, *([title] if title else []), ""]
    lines += [f"{fact:<{wide}}  {text}" for fact, text in told]
    rows = [_figure(key, value) for key, value in figures.items()]
    if rows:
        names, values = (max(len(row[at]) for row in rows) for at in (0, 1))
        lines += ["", "figures"]
        lines += [f"  {figure:<{names}}  {value:>{values}} {unit}".rstrip() for figure, value, unit in rows]
    return lines


def made(sheet: Made) -> Iterator[tuple[str, str]]:
    """Yield the facts of how it was made."""
    yield "data", sheet.data or ""
    yield "licence", sheet.licence or ""
    yield "sha256 of data", sheet.data_sha256 or ""
    yield "and of contents" if sheet.data_sha256 else "sha256 of contents", sheet.contents_sha256 or ""
    yield "made by", sheet.command or ""
    yield "seed", "" if sheet.seed is None else str(sheet.seed)
    yield "commit", sheet.commit or ""
    yield "training took", "" if sheet.wall_seconds is None else _duration(sheet.wall_seconds)


def _facts(sheet: Sheet, path: Path) -> Iterator[tuple[str, str]]:
    fault = misfit(sheet)
    yield "this build", "can use it" if fault is None else f"cannot use it: {fault}"
    yield "file", f"{path}, {path.stat().st_size / 1000:,.0f} kB"
    yield "sha256", sheet.sha256
    yield "card", "" if sheet.format is None else f"format {sheet.format}"
    yield "features", f"version {sheet.features_version}, {sheet.width} columns"
    yield "says", _said(sheet)
    yield (
        "hears",
        {None: "", True: "every onset of the musician", False: "onsets near a drum hit only"}[sheet.hears],
    )
    yield "remembers", _remembered(sheet)
    if sheet.encoder is not None:
        yield "reads", f"the whole score before it plays: {sheet.encoder.file}, sha256 {sheet.encoder.sha256}"
    yield from made(sheet)
    for key, value in (sheet.model_extra or {}).items():  # of a format that this build does not know
        yield key, json.dumps(value, ensure_ascii=False)


def _said(sheet: Sheet) -> str:
    if sheet.outputs is None or sheet.outputs == PAPER_OUTPUTS:
        return OFFSETS
    if sheet.outputs == len(OUTPUTS):
        return (
            f"{sheet.outputs} numbers: the offset; the musician's onset, its spread and its chance; "
            "a drummer's own offset; each voice's offset and velocity and their spreads"
        )
    return f"{sheet.outputs} numbers"


def _remembered(sheet: Sheet) -> str:
    numbers = sum(math.prod(tensor.shape) for tensor in sheet.state)
    tensors = ", ".join(f"{tensor.name} {tensor.shape}" for tensor in sheet.state)
    return f"{numbers:,} number{'s' * (numbers != 1)}: {tensors}" if tensors else "nothing"


def _figure(key: str, value: Any) -> tuple[str, str, str]:
    """Return a figure's name, value and unit."""
    ending = next((ending for ending in UNITS if key.endswith(ending)), "")
    words = key.removesuffix(ending).split("_")
    return " ".join(CAPITALS.get(word, word) for word in words), _number(value), UNITS.get(ending, "")


def _number(value: Any) -> str:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:,.0f}" if value.is_integer() else f"{value:.4g}"


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
