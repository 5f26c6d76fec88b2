"""The sources that ship, by their cards: for people as a table and a page, for programs as JSON."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from pydantic import ValidationError
from rich.table import Table
from rich.text import Text

from pocket_core.errors import ModelError
from pocketd.generators.graphs import LARGEST_CARD, GeneratorCard, Kind, generator_folder
from pocketd.model_page import laid_out, made
from pocketd.model_shelf import Made, first_problem
from pocketd.onnxfile import read_bytes
from pocketd.standard import printable

KINDS: tuple[Kind, ...] = get_args(Kind)
#: The figure of a card that says most, and of what it is.
HEADLINES: Mapping[Kind, tuple[str, str]] = {
    "bars": ("validation_explained", "of the energy"),
    "continue": ("validation_perplexity", "perplexity"),
    "pattern": ("samples_passing_share", "new and varied"),
    "groove": ("validation_live_f1", "F1, live"),
}


class Sheet(GeneratorCard, Made):
    """A card with what is for people."""

    @property
    def licences(self) -> str:
        """The licences of the data, without whose they are."""
        return "; ".join(part.split(",")[0].strip() for part in (self.licence or "").split(";"))

    @property
    def headline(self) -> str:
        """The figure that says most; empty: the card has it not."""
        key, words = HEADLINES[self.kind]
        value = self.figures.get(key)
        return f"{value:.2f} {words}" if isinstance(value, int | float) else ""


@dataclass(frozen=True, slots=True)
class Shelved:
    """A source at a glance."""

    name: str
    card: Path
    sheet: Sheet | None  # None: its card cannot be read
    fault: str | None  # why; one line
    size: int  # of its graphs, bytes


def shelf() -> list[Shelved]:
    """Return the sources that ship, in the order in which controllers count them."""
    return [shelved(kind, generator_folder() / f"{kind}.json") for kind in KINDS]


def shelved(name: str, card: Path) -> Shelved:
    """Return a source by its card."""
    try:
        sheet = read_sheet(card)
    except ModelError as error:
        return Shelved(name, card, None, str(error), 0)
    files = [card.with_name(graph.file) for graph in sheet.graphs.values()]
    missing = [file for file in files if not os.path.isfile(file)]
    fault = f"{missing[0]}: no such file; install pocketd again" if missing else None
    return Shelved(
        name, card, sheet, fault, sum(file.stat().st_size for file in files if file not in missing)
    )


def card_path(name_or_path: str) -> Path | None:
    """Return where the card lies that a source's name, or the path of a card, means; None: it means none."""
    if name_or_path in KINDS:
        return generator_folder() / f"{name_or_path}.json"
    return Path(name_or_path) if Path(name_or_path).suffix == ".json" else None


def read_sheet(card: Path) -> Sheet:
    """Read a card.

    Raises:
        ModelError: It is not there, or is no card of a source.
    """
    try:
        return Sheet.model_validate_json(read_bytes(card, LARGEST_CARD))
    except ValidationError as error:
        raise ModelError(f"{card}: {first_problem(error)}; run `pocketd pretrain` again") from None


def table(sources: Sequence[Shelved], in_use: str) -> Table:
    """Return the table, a line a source.

    Args:
        sources: The lines.
        in_use: What `source:` says in the configuration.
    """
    out = Table()
    for heading in ("source", "in use", "usable"):
        out.add_column(heading, no_wrap=True)
    out.add_column("kB", justify="right", no_wrap=True)
    for heading in ("how good", "licence of data"):
        out.add_column(heading, no_wrap=True)
    out.add_column("what it is")
    for each in sources:
        sheet = each.sheet
        cells = (
            each.name,
            "yes" if each.name == in_use else "",
            "yes" if each.fault is None else "no",
            f"{each.size / 1000:,.0f}",
            "-" if sheet is None else sheet.headline or "-",
            "-" if sheet is None else sheet.licences or "-",
            "-" if sheet is None else sheet.title or "-",
        )
        style = "bold" if each.name == in_use else ""
        *short, title = (printable(cell) for cell in cells)
        whole = Text(title, no_wrap=True, overflow="ellipsis")  # it gives way where there is no room
        out.add_row(*map(Text, short), whole, style=style)
    return out


def page(source: Shelved) -> list[str]:
    """Return a card as a page, a line each, with nothing in it that moves the cursor.

    Raises:
        ModelError: The card cannot be read.
    """
    sheet = source.sheet
    if sheet is None:
        raise ModelError(str(source.fault))
    facts = [
        ("this build", "can use it" if source.fault is None else f"cannot use it: {source.fault}"),
        ("makes drums as", f"source: {sheet.kind}"),
        ("file", f"{source.card}, graphs of {source.size / 1000:,.0f} kB"),
        *((name, f"{graph.file}, sha256 {graph.sha256}") for name, graph in sheet.graphs.items()),
        *made(sheet),
    ]
    return [printable(line) for line in laid_out(source.name, sheet.title, facts, sheet.figures)]


def as_json(source: Shelved, in_use: str) -> dict[str, Any]:
    """Return a source for programs."""
    sheet = source.sheet
    key = None if sheet is None else HEADLINES[sheet.kind][0]
    return {
        "name": source.name,
        "path": str(source.card),
        "ships": True,
        "source": True,
        "in_use": source.name == in_use,
        "usable": source.fault is None,
        "fault": source.fault,
        "bytes": source.size,
        "figure": key,
        "value": None if sheet is None or key is None else sheet.figures.get(key),
        "licence": None if sheet is None else sheet.licence,
        "title": None if sheet is None else sheet.title,
    }
