"""`pocketd patterns`: drum patterns distilled from MIDI files. torch is never imported here."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from pocket_core.errors import PocketError
from pocket_export.needs import need
from pocket_export.sources.patterns.map_command import draw_map, show
from pocket_export.sources.patterns.recorded import TOLERANCE, Way

app = typer.Typer(no_args_is_help=True, help="Drum patterns, distilled from MIDI files; the map of them.")
app.command("map")(draw_map)
app.command("show")(show)


class InterruptedDistillingError(PocketError):
    """Somebody ended it."""

    exit_code = 130  # as a shell reports SIGINT


@app.callback()
def patterns() -> None:
    """Drum patterns, distilled from MIDI files."""


@app.command()
def distil(
    folders: list[Path] = typer.Argument(..., metavar="DIR...", help="Folders with MIDI files."),
    *,
    out: Path = typer.Option(..., help="The table: code, genre, source file, how often; tabs between."),
    scheduler: str | None = typer.Option(
        None, metavar="tcp://HOST:PORT", help="A Dask cluster that reads; its workers see the same folders."
    ),
    processes: int | None = typer.Option(None, min=1, help="How many read here; else one a core."),
    groove: Path | None = typer.Option(None, help="The Groove MIDI Dataset, a zip or a folder, as well."),
    groove_as: Way = typer.Option(
        Way.WINDOWS, help="Of its beats every two bars, or what nearly repeats three times."
    ),
    tolerance: int = typer.Option(
        TOLERANCE, min=0, max=448, help="Cells of 448 that near repeats may differ in."
    ),
    resume: bool = typer.Option(False, "--resume", help="Go on where a run broke off."),
) -> None:
    """Find the drum patterns of two bars that repeat at least three times in a row.

    Files that cannot be read are named in OUT.bad.
    """
    need(
        "dask", "symusic", *(("distributed",) if scheduler else ()), extra="cluster" if scheduler else "train"
    )
    from pocket_export.groove import find_data, load
    from pocket_export.sources.patterns.collection import collect
    from pocket_export.sources.patterns.distil import Distilling, Outcome, here, there
    from pocket_export.sources.patterns.distil import distil as do

    console, began = Console(highlight=False, markup=False, soft_wrap=True), time.perf_counter()
    order = Distilling(
        collect(folders),
        out,
        () if groove is None else load(find_data(groove)).performances,
        groove_as,
        tolerance,
        resume=resume,
    )
    read = here(processes or os.cpu_count() or 1) if scheduler is None else there(scheduler)
    try:
        with _shown(console, len(order.collection)) as watch:
            outcome: Outcome = do(order, read, watch)
    except KeyboardInterrupt as error:
        raise InterruptedDistillingError(
            "interrupted; what is read is kept, the same command with --resume goes on"
        ) from error
    if outcome.resumed:
        console.print(f"{outcome.resumed:,} files were read before")
    console.print(
        f"{outcome.files:,} files in {time.perf_counter() - began:.1f} s: {outcome.without_drums:,} without "
        f"drums, {outcome.other_meter:,} with none in 4/4, {outcome.bad:,} unreadable"
        + (f", named in {order.bad}" if outcome.bad else "")
    )
    console.print(f"{outcome.from_files:,} patterns that repeat")
    if groove is not None:
        console.print(f"{outcome.from_recordings:,} more of recordings, as {groove_as.value}")
    console.print(f"wrote {out}")


@contextmanager
def _shown(console: Console, files: int) -> Iterator[Callable[[int], None]]:
    """Show a bar with the time left, counted from what an earlier run had read."""
    columns = (TextColumn("distilling"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    quiet = not console.is_terminal  # where it would leave an empty line
    with Progress(*columns, console=console, transient=True, disable=quiet) as progress:
        task = progress.add_task("distilling", total=files)
        yield lambda done: progress.update(task, completed=done)
