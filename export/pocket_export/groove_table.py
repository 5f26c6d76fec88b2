"""What a data set holds, as a table for people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rich.table import Table

from pocket_export.recordings import SPLITS, Groove, Performance

SECONDS_AN_HOUR = 3600.0


def sentence(groove: Groove) -> str:
    """Return files, notes, hours, drummers and splits in a line."""
    played = groove.performances
    splits = ", ".join(f"{len(groove.split(name)):,} {name}" for name in SPLITS)
    return (
        f"{len(played):,} files, {_notes(played):,} notes, {_hours(played):.1f} hours, "
        f"{len(groove.drummers)} drummers; {splits}"
    )


def table(groove: Groove) -> Table:
    """Return the table: a line for each split, drummer and meter, and for all."""
    out = Table()
    out.add_column("")
    for heading in ("files", "hours", "notes", "beats", "fills"):
        out.add_column(heading, justify="right")
    for section in (_splits(groove), _drummers(groove), _meters(groove), [("all", groove.performances)]):
        for name, performances in section:
            out.add_row(name, *_cells(performances))
        out.add_section()
    return out


def _splits(groove: Groove) -> Iterator[tuple[str, tuple[Performance, ...]]]:
    for name in SPLITS:
        yield name, groove.split(name)


def _drummers(groove: Groove) -> Iterator[tuple[str, tuple[Performance, ...]]]:
    for name in groove.drummers:
        yield name, groove.only_drummer(name).performances


def _meters(groove: Groove) -> Iterator[tuple[str, tuple[Performance, ...]]]:
    meters = {(p.meter.denominator, p.meter.numerator): p.meter for p in groove.performances}
    for _, meter in sorted(meters.items()):
        name = f"{meter.numerator}/{meter.denominator}"
        yield name, tuple(p for p in groove.performances if p.meter == meter)


def _cells(performances: tuple[Performance, ...]) -> tuple[str, ...]:
    fills = sum(p.beat_type == "fill" for p in performances)
    files = len(performances)
    return (
        f"{files:,}",
        f"{_hours(performances):.2f}",
        f"{_notes(performances):,}",
        f"{files - fills:,}",
        f"{fills:,}",
    )


def _notes(performances: Iterable[Performance]) -> int:
    return sum(len(p.beats) for p in performances)


def _hours(performances: Iterable[Performance]) -> float:
    return sum(p.duration_s for p in performances) / SECONDS_AN_HOUR
