"""The models there are, a row each: for people as a table, for programs as JSON."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.table import Table
from rich.text import Text

from pocket_core.errors import ModelError
from pocketd.champion import CHAMPION
from pocketd.model_check import misfit
from pocketd.model_shelf import NONE, Sheet, Shelved, candidates, find, read_sheet, shelf
from pocketd.standard import printable


@dataclass(frozen=True, slots=True)
class Row:
    """A model at a glance."""

    shelved: Shelved
    sheet: Sheet | None  # None: its card cannot be read
    fault: str | None  # why this build cannot use it, as far as the card tells; one line
    size: int  # of the .onnx file, bytes
    in_use: bool  # by the configuration


def rows(configured: str, song: str | None = None) -> list[Row]:
    """Return all models, and the configured one where it lies elsewhere.

    Args:
        configured: What `model:` says in the configuration.
        song: Which is played.
    """
    used = used_path(configured, song)
    listed = shelf()
    if used is not None and not any(_same(used, shelved.path) for shelved in listed):
        listed = [*listed, Shelved(used, ships=False)]
    return [_row(shelved, used) for shelved in listed]


def used_path(configured: str, song: str | None = None) -> Path | None:
    """Return where the configured model lies; None: it is none, or cannot be found."""
    if configured == NONE:
        return None
    try:
        return find(candidates(song)[0] if configured == CHAMPION else configured)
    except ModelError:
        return None


def table(listed: Sequence[Row]) -> Table:
    """Return the table, a line a model."""
    out = Table()
    for heading in ("model", "in use", "features", "usable", "hears"):
        out.add_column(heading, no_wrap=True)
    for heading in ("kB", "validation\nMAE ms"):
        out.add_column(heading, justify="right", no_wrap=True)
    out.add_column("what it is")
    for row in listed:
        *cells, title = _cells(row)
        whole = Text(title, no_wrap=True, overflow="ellipsis")  # it gives way where there is no room
        out.add_row(*cells, whole, style="bold" if row.in_use else "")
    return out


def remarks(listed: Iterable[Row]) -> Iterator[str]:
    """Say of each model that cannot be used why, and what to do; and which names mean another model."""
    named: set[str] = set()
    for row in listed:
        if row.fault is not None:
            yield printable(f"{row.shelved.name}: {row.fault}")
        if row.shelved.name in named:
            yield printable(f"{row.shelved.name}: the name means the first; the other is {row.shelved.path}")
        named.add(row.shelved.name)


def as_json(row: Row) -> dict[str, Any]:
    """Return a row for programs."""
    sheet = row.sheet
    return {
        "name": row.shelved.name,
        "path": str(row.shelved.path),
        "ships": row.shelved.ships,
        "night": row.shelved.night,
        "in_use": row.in_use,
        "usable": row.fault is None,
        "fault": row.fault,
        "features_version": None if sheet is None else sheet.features_version,
        "width": None if sheet is None else sheet.width,
        "hears": None if sheet is None else sheet.hears,
        "bytes": row.size,
        "validation_mae_ms": None if sheet is None else sheet.validation_mae_ms,
        "title": None if sheet is None else sheet.title,
    }


def _row(shelved: Shelved, used: Path | None) -> Row:
    sheet = None
    try:
        sheet = read_sheet(shelved.path)
        fault = misfit(sheet)
    except ModelError as error:
        fault = str(error)
    size = os.path.getsize(shelved.path) if os.path.isfile(shelved.path) else 0  # a link may lead nowhere
    return Row(shelved, sheet, fault, size, used is not None and _same(used, shelved.path))


def _cells(row: Row) -> tuple[str, ...]:
    sheet = row.sheet
    mae = None if sheet is None else sheet.validation_mae_ms
    cells = (
        row.shelved.name,
        "yes" if row.in_use else "",
        "-" if sheet is None else f"v{sheet.features_version}",
        _yes(row.fault is None),
        _yes(None if sheet is None else sheet.hears),
        f"{row.size / 1000:,.0f}",
        "-" if mae is None else f"{mae:.2f}",
        "-" if sheet is None else sheet.title or "-",
    )
    return tuple(printable(cell) for cell in cells)


def _yes(value: bool | None) -> str:
    return "-" if value is None else "yes" if value else "no"


def _same(a: Path, b: Path) -> bool:
    return os.path.realpath(a) == os.path.realpath(b)
