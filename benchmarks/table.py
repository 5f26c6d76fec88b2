"""What every benchmark prints and writes: one table, the same as JSON, and the machine it ran on."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from benchmarks.scores import Compared
from pocketd.wholefile import write_whole

WIDTH, WIDEST = 160, 400  # characters: at least, and into a file or a pipe at most
SHORT_NOTE = 32  # characters; a longer one stands under the table

#: Packages whose version changes a figure.
PACKAGES = ("pocketd", "numpy", "onnxruntime", "python-rtmidi", "alsa-midi")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a benchmark. A figure's key carries its unit: `mae_ms`, `cpu_share`."""

    name: str
    figures: Mapping[str, float] = field(default_factory=dict)  # finite; empty where nothing was measured
    model: str | None = None
    late_commit: bool | None = None
    transport_ms: float | None = None
    known: Mapping[str, float] = field(
        default_factory=dict
    )  # the same keys, as BENCHMARKS or a goal has them
    note: str = ""  # what a reader must know of this row: skipped and why, not re-run, over its goal

    def as_json(self) -> dict[str, Any]:
        """Return the row as the JSON files have it."""
        line: dict[str, Any] = {
            "name": self.name,
            "model": self.model,
            "late_commit": self.late_commit,
            "transport_ms": self.transport_ms,
            **self.figures,
        }
        if self.known:
            line["known"] = dict(self.known)
        if self.note:
            line["note"] = self.note
        return line


@dataclass(frozen=True, slots=True)
class Column:
    """Where a figure stands in the table."""

    key: str  # of `Row.figures`
    heading: str  # with its unit
    digits: int = 2
    beside: str | None = None  # heading of a second column with `Row.known`; None: there is none


@dataclass(frozen=True, slots=True)
class Section:
    """Rows under a heading of their own. Reference rows are quoted, not measured, and stay out of `rows`."""

    title: str
    rows: Sequence[Row]
    reference: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """A whole benchmark as it came out."""

    benchmark: str
    data: str  # what it was measured on, in words
    split: str
    seed: int
    columns: Sequence[Column]
    sections: Sequence[Section]
    remarks: Sequence[str] = ()  # printed under the table
    extra: Mapping[str, Any] = field(default_factory=dict)  # further keys of the JSON file

    def print(self, console: Console) -> None:
        """Print data, split, seed and machine, and the table under them."""
        console.print()
        console.print(Text(f"pocketd benchmark: {self.benchmark}", style="bold"))
        for word, value in (
            ("data", self.data),
            ("split", self.split),
            ("seed", str(self.seed)),
            ("machine", describe(machine())),
        ):
            console.print(Text(f"  {word:<8}", style="dim") + Text(value))
        _print_whole(console, self._table())
        for row in self._rows():
            if len(row.note) > SHORT_NOTE:
                console.print(Text(f"{row.name}: {row.note}", style="yellow"))
        for remark in self.remarks:
            console.print(Text(remark))

    def write(self, path: Path) -> None:
        """Write the report as JSON; the file is either whole or not there."""
        whole = {
            "benchmark": self.benchmark,
            "data": self.data,
            "split": self.split,
            "seed": self.seed,
            "machine": machine(),
            "rows": [row.as_json() for s in self.sections if not s.reference for row in s.rows],
            "reference": [row.as_json() for s in self.sections if s.reference for row in s.rows],
            "remarks": list(self.remarks),
            **self.extra,
        }
        path.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps(whole, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
        write_whole(path, text.encode("utf-8"))

    def _table(self) -> Table:
        table = Table(header_style="bold", pad_edge=False, box=None, padding=(0, 1))
        table.add_column("", no_wrap=True)
        for column in self.columns:
            table.add_column(column.heading, justify="right", no_wrap=True)
            if beside := self._beside(column):
                table.add_column(Text(beside, style="dim"), justify="right", no_wrap=True)
        notes = any(row.note for row in self._rows())
        if notes:
            table.add_column("", style="dim", no_wrap=True)
        for section in self.sections:
            table.add_row(Text(section.title, style="bold cyan"))
            for row in section.rows:
                table.add_row(*self._cells(row), *([_short(row.note)] if notes else []))
            table.add_section()
        return table

    def _rows(self) -> list[Row]:
        return [row for section in self.sections for row in section.rows]

    def _beside(self, column: Column) -> str | None:
        """Return the heading of what is known beside a column; None where nothing is."""
        return column.beside if any(column.key in row.known for row in self._rows()) else None

    def _cells(self, row: Row) -> list[Text]:
        cells = [Text("  " + row.name)]
        for column in self.columns:
            cells.append(Text(_number(row.figures.get(column.key), column.digits)))
            if self._beside(column):
                cells.append(Text(_number(row.known.get(column.key), column.digits), style="dim"))
        return cells


def screen() -> Console:
    """Return where to print: as wide as the terminal, but never too narrow for a table of figures."""
    return Console(width=max(Console().width, WIDTH))


def _print_whole(console: Console, table: Table) -> None:
    """Print a table; into a file or a pipe as wide as it is, for there nobody can make the window wider."""
    if not console.is_terminal:
        needed = Measurement.get(console, console.options.update(max_width=WIDEST), table).maximum
        console.width = max(console.width, needed)
    console.print(table)


def print_grid(console: Console, title: str, headings: Sequence[str], lines: Sequence[Sequence[str]]) -> None:
    """Print a small table beside the main one: a name and its cells a line."""
    grid = Table(title=title, title_justify="left", box=None, header_style="bold", title_style="bold cyan")
    grid.add_column("")
    for heading in headings:
        grid.add_column(heading, justify="right", no_wrap=True)
    for line in lines:
        grid.add_row(*line)
    console.print()
    console.print(grid)


def print_drummers(console: Console, title: str, rows: Mapping[str, Mapping[int, float]]) -> None:
    """Print a row's MAE in ms by drummer, a line a row; empty where it met none of a drummer's."""
    numbers = sorted({number for row in rows.values() for number in row})
    lines = [(name, *(f"{row[n]:.2f}" if n in row else "" for n in numbers)) for name, row in rows.items()]
    print_grid(console, title, [f"drummer {number}" for number in numbers], lines)


def print_compared(console: Console, rival: str, compared: Sequence[Compared]) -> None:
    """Print how much better or worse than its rival each row is.

    Args:
        console: Where to.
        rival: Whose MAE is taken off, as in "the rival's".
        compared: A line each.
    """
    lines = [
        (c.name, c.against, f"{p.better_share:.0%}", *(f"{x:+.2f}" for x in (p.mean_ms, p.low_ms, p.high_ms)))
        for c in compared
        for p in [c.pair]
    ]
    title = f"File by file: MAE less {rival}, every file counting once"
    print_grid(console, title, ["against", "better in", "mean ms", "from", "to"], lines)


def machine() -> dict[str, Any]:
    """Return the machine and the packages that the figures depend on."""
    return {
        "system": f"{platform.system()} {platform.release()}",
        "processor": _processor(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "packages": {name: found for name in PACKAGES if (found := _version(name)) is not None},
    }


def describe(about: Mapping[str, Any]) -> str:
    """Return the machine in one line."""
    packages = ", ".join(f"{name} {number}" for name, number in about["packages"].items())
    where = f"{about['processor']}, {about['cores']} cores, {about['system']}"
    return f"{where}, Python {about['python']}, {packages}"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _short(note: str) -> str:
    return note if len(note) <= SHORT_NOTE else "see below"


def _number(value: float | None, digits: int) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if isinstance(value, int) else f"{value:,.{digits}f}"
