"""`pocketd patterns`: drum patterns from MIDI files. torch is never imported here."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from pocket_core.errors import ConfigError, PocketError
from pocket_export.needs import need
from pocket_export.sources.patterns.map_command import draw_map, show

if TYPE_CHECKING:
    from pocket_export.sources.patterns.distil import Distilling, Outcome

app = typer.Typer(help="Drum patterns of two bars, from any collection of MIDI files.", no_args_is_help=True)
app.command("map")(draw_map)
app.command("show")(show)


class InterruptedDistillingError(PocketError):
    """Somebody has had enough."""

    exit_code = 130  # as a shell reports SIGINT


@app.callback()
def patterns() -> None:
    """Drum patterns of two bars, from any collection of MIDI files."""


@app.command()
def distil(
    folders: list[Path] = typer.Argument(
        metavar="DIR...", help="Folders with MIDI files, and folders in them."
    ),
    *,
    out: Path = typer.Option(
        Path("patterns.tsv"), help="The table: pattern, genre, source file, how often it is played."
    ),
    scheduler: str = typer.Option(
        "", metavar="ADDRESS", help="A Dask cluster that reads, such as tcp://studio:8786; else this machine."
    ),
    processes: int = typer.Option(0, min=0, help="How many read on this machine; 0: one a core."),
    groove: Path | None = typer.Option(
        None, metavar="ZIP", help="The Groove MIDI Dataset's zip or folder: its beats' patterns, too."
    ),
    repeats: bool = typer.Option(
        False,
        "--repeats",
        help="Of recordings take what is nearly played three times in a row; else every two bars.",
    ),
    tolerance: int = typer.Option(
        8, min=0, max=448, help="With --repeats: in how many of 448 cells each two of the three may differ."
    ),
    batch: int = typer.Option(64, min=1, max=4096, help="Files that are read, and written down, at once."),
    resume: bool = typer.Option(False, "--resume", help="Go on where a run was ended or killed."),
) -> None:
    """Find drum patterns that repeat: channel 10, 14 instruments, 4/4, 32 sixteenths, three times in a row.

    Files that cannot be read are named beside the table, in a file that ends in .bad; they fail nothing, so
    the exit status is 0 where the table was written, 130 after Ctrl-C, and another where it was not.
    """
    need("symusic", "dask")
    if scheduler:
        need("distributed", extra="cluster")
    from pocket_export.groove import find_data, load
    from pocket_export.sources.patterns import distil as work
    from pocket_export.sources.patterns.collection import collect
    from pocket_export.sources.patterns.recorded import Way
    from pocketd.wholefile import try_place

    if scheduler and processes:
        raise ConfigError("--processes is for this machine, and --scheduler for a cluster; choose one")
    try_place(out)
    order = work.Distilling(
        collect(folders),
        out,
        load(find_data(groove)).performances if groove is not None else (),
        Way.REPEATS if repeats else Way.WINDOWS,
        tolerance,
        batch,
        resume,
    )
    read = work.there(scheduler) if scheduler else work.here(processes or os.cpu_count() or 1)
    console = Console()
    try:
        with _shown(console, len(order.collection)) as watch:
            outcome = work.distil(order, read, watch)
    except KeyboardInterrupt as error:
        raise InterruptedDistillingError(
            f"interrupted; what is done is kept in {order.journal}. The same command with --resume goes on"
        ) from error
    for line in _told(order, outcome):
        console.print(line, soft_wrap=True, highlight=False)


def _told(order: Distilling, outcome: Outcome) -> Iterator[str]:
    total = outcome.from_files + outcome.from_recordings
    yield f"{order.out}: {total:,} patterns, {outcome.from_files:,} that repeat in {outcome.files:,} files"
    if order.performances:
        yield f"  and {outcome.from_recordings:,} of {order.way} in recordings"
    if outcome.resumed:
        yield f"  {outcome.resumed:,} files had been read before"
    yield f"  without drums: {outcome.without_drums:,}; drums, but not in 4/4: {outcome.other_meter:,}"
    if outcome.bad or outcome.closed:
        yield f"  cannot be read: files {outcome.bad:,}, folders {outcome.closed:,}; {order.bad} names them"


@contextmanager
def _shown(console: Console, files: int) -> Iterator[Callable[[int], None]]:
    """Show a bar with the time left."""
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,  # where it would leave an empty line
    ) as progress:
        task = progress.add_task("files", total=files)
        yield lambda done: progress.update(task, completed=done)
