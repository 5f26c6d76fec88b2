"""The takes there are, a row each: for people as a table, for programs as JSON."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from rich.table import Table
from rich.text import Text

from pocket_core.errors import TakeError
from pocket_core.records import Asynchrony
from pocketd.report_rows import DIGITS_MS
from pocketd.standard import printable
from pocketd.take_names import began, name_of
from pocketd.take_sheet import LIVE, Sheet, read_sheet
from pocketd.takes import take_folders

HOW = {"stop": "stop", "exit": "exit", "vanished": "daemon gone", "recovered": "recovered"}


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which takes are listed. None: all."""

    song: str | None = None
    since: datetime | None = None  # local time without its offset

    def may_be(self, folder: Path) -> bool:
        """Say whether a take's name alone does not rule it out."""
        begun = began(name_of(folder))
        return self.since is None or (begun is not None and begun >= self.since)

    def wants(self, sheet: Sheet) -> bool:
        """Say whether a take is one of them."""
        return self.song is None or sheet.song == self.song


@dataclass(frozen=True, slots=True)
class Damaged:
    """A take that cannot be read."""

    folder: Path
    why: str  # one line


@dataclass(frozen=True, slots=True)
class Listed:
    """What there is."""

    sheets: tuple[Sheet, ...]  # oldest first
    damaged: tuple[Damaged, ...]


def read_list(root: Path, wanted: Wanted, progress: Callable[[float], None] = lambda _: None) -> Listed:
    """Read the takes below the takes folder.

    Args:
        progress: Called now and then with the share that is done, 0..1.
    """
    folders = [folder for folder in take_folders(root) if wanted.may_be(folder)]
    sheets: list[Sheet] = []
    damaged: list[Damaged] = []
    for done, folder in enumerate(folders):
        progress(done / len(folders))
        try:
            sheet = read_sheet(folder)
        except TakeError as error:
            damaged.append(Damaged(folder, str(error)))
            continue
        if wanted.wants(sheet):
            sheets.append(sheet)
    return Listed(tuple(sheets), tuple(damaged))


def table(sheets: Sequence[Sheet]) -> Table:
    """Return the table, a line a take."""
    out = Table()
    out.add_column("take", no_wrap=True)
    out.add_column("song", overflow="ellipsis", no_wrap=True, max_width=24)
    headings = ("length", "timesteps", "before\nMAE ms", "after\nMAE ms")
    for heading in headings:
        out.add_column(heading, justify="right", no_wrap=True)
    out.add_column("model", overflow="ellipsis", no_wrap=True, max_width=24)
    out.add_column("ended", no_wrap=True)
    out.add_column("kept", no_wrap=True)
    for sheet in sheets:
        out.add_row(*_cells(sheet), style="bold" if sheet.how == LIVE else "")
    return out


def as_json(sheet: Sheet) -> dict[str, Any]:
    """Return a take for programs."""
    return {
        "take": sheet.name,
        "folder": str(sheet.folder),
        "started": sheet.started,
        "song": sheet.song,
        "source": sheet.source,
        "seconds": sheet.seconds,
        "timesteps": sheet.timesteps,
        "bpm": sheet.bpm,
        "meter": sheet.meter,
        "quantised": _figures(sheet.summary.quantised),
        "pocketd": _figures(sheet.summary.pocketd),
        "models": list(sheet.models),
        "made": [asdict(made) for made in sheet.made],
        "how": sheet.how,
        "kept": sheet.kept,
        "bytes": sheet.size,
    }


def length(seconds: float) -> str:
    """Return a length as people write it, such as 3:07 or 1:02:03."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def _cells(sheet: Sheet) -> tuple[Text, ...]:
    cells = (
        sheet.name,
        sheet.song or "-",
        length(sheet.seconds),
        str(sheet.timesteps),
        _mae(sheet.summary.quantised),
        _mae(sheet.summary.pocketd),
        ", ".join(sheet.models),
        "imported" if sheet.source is not None else HOW.get(sheet.how, sheet.how),
        "kept" if sheet.kept else "",
    )
    return tuple(Text(printable(cell)) for cell in cells)


def _mae(figures: Asynchrony | None) -> str:
    return "-" if figures is None else f"{figures.mae_ms:.1f}"


def _figures(figures: Asynchrony | None) -> dict[str, Any]:
    if figures is None:
        return {"mae_ms": None, "sd_ms": None, "met": 0}
    return {
        "mae_ms": round(figures.mae_ms, DIGITS_MS),
        "sd_ms": round(figures.sd_ms, DIGITS_MS),
        "met": figures.count,
    }
