"""What a check has found, and the page of all of them."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from pocketd.standard import printable

WIDE = 100  # columns, where nobody's terminal says how many there are


class Mark(StrEnum):
    """How a check came out."""

    OK = "ok"
    ADVICE = "advice"  # it plays, but better otherwise
    WRONG = "WRONG"


_STYLE = {Mark.OK: "green", Mark.ADVICE: "yellow", Mark.WRONG: "bold red"}


@dataclass(frozen=True, slots=True)
class Finding:
    """The outcome of one check."""

    mark: Mark
    name: str  # of what was looked at
    found: str
    todo: str = ""  # never empty where it is wrong


def ok(name: str, found: str) -> Finding:
    """Return that a thing is as it should be."""
    return Finding(Mark.OK, name, found)


def advice(name: str, found: str, todo: str) -> Finding:
    """Return that a thing could be better."""
    return Finding(Mark.ADVICE, name, found, todo)


def wrong(name: str, found: str, todo: str) -> Finding:
    """Return that a thing has to be mended."""
    return Finding(Mark.WRONG, name, found, todo)


def is_wrong(findings: Iterable[Finding]) -> bool:
    """Say whether anything has to be mended."""
    return any(finding.mark is Mark.WRONG for finding in findings)


def drawn(findings: Sequence[Finding]) -> RenderableType:
    """Draw the page for a terminal: a line a check, and below it what to do."""
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column()
    for finding in findings:
        style = _STYLE[finding.mark]
        table.add_row(Text(finding.mark, style), Text(finding.name, "bold"), Text(printable(finding.found)))
        if finding.todo:
            table.add_row("", "", Text(f"→ {printable(finding.todo)}", style))
    return Group(table, Text(), Text(verdict(findings), "bold"))


def plain(findings: Sequence[Finding], width: int = WIDE) -> Iterator[str]:
    """Yield the page as lines of text, for a file or a letter to somebody who helps."""
    marks = max(map(len, Mark)) + 2
    names = max(len(finding.name) for finding in findings) + 2
    for finding in findings:
        start = f"{finding.mark:<{marks}}{finding.name:<{names}}"
        yield from _filled(printable(finding.found), start, width)
        if finding.todo:
            yield from _filled(printable(finding.todo), " " * (marks + names) + "-> ", width)
    yield ""
    yield verdict(findings)


def verdict(findings: Sequence[Finding]) -> str:
    """Sum it up in a line."""
    bad = sum(finding.mark is Mark.WRONG for finding in findings)
    could = sum(finding.mark is Mark.ADVICE for finding in findings)
    said = [f"{bad} to mend" if bad else "nothing to mend"]
    if could:
        said.append(f"{could} that could be better")
    return f"{len(findings)} checks: {', '.join(said)}"


def _filled(text: str, start: str, width: int) -> list[str]:
    lines = textwrap.wrap(
        text,
        width,
        initial_indent=start,
        subsequent_indent=" " * len(start),
        break_long_words=False,
        break_on_hyphens=False,
    )
    return lines or [start.rstrip()]
