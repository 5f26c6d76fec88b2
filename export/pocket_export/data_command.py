"""`pocketd data`: bring the recordings here, and look at them. torch is never imported."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from pocket_core.errors import ConfigError, DataError, PocketError
from pocket_export import fetch as fetching
from pocket_export.fetch import GROOVE, Release
from pocket_export.groove import LICENCE, TITLE, data_folder, find_data, load, locate
from pocket_export.groove_table import sentence, table

app = typer.Typer(no_args_is_help=True, help="The recordings that models are trained on.")

CREDITS = (
    f"{TITLE}, made available by Google LLC under CC BY 4.0 (https://creativecommons.org/licenses/by/4.0/)",
    "Name with what you make of it: Jon Gillick, Adam Roberts, Jesse Engel, Douglas Eck and David Bamman,",
    "  Learning to Groove with Inverse Sequence Transformations, ICML 2019",
)
PACKED_ANEW = "its files are, byte for byte, those that were published"
OTHER = "every file that info.csv names is there and reads, but they are not those that were published"


class DataSet(StrEnum):
    """What can be fetched."""

    GROOVE = "groove"


class InterruptedFetchError(PocketError):
    """Somebody has had enough."""

    exit_code = 130  # as a shell reports SIGINT


@app.command()
def fetch(
    _name: DataSet = typer.Argument(..., metavar="NAME", help="Which data set: groove."),
    *,
    out: Path | None = typer.Option(None, help="The folder it goes to; else pocketd's own for data."),
    archive: Path | None = typer.Option(None, help="Copy this archive instead of downloading one."),
    folder: Path | None = typer.Option(
        None, "--dir", help="Check this unpacked data set instead; it stays where it is."
    ),
) -> None:
    """Download the Groove MIDI Dataset (3.3 MB), or take the copy you have.

    A download that broke off goes on where it was when the same command is typed again.
    """
    if folder is not None and not (out is None and archive is None):
        raise ConfigError("--dir checks a folder where it is; leave out --out and --archive")
    console = Console(highlight=False, markup=False, soft_wrap=True)
    for line in CREDITS:
        console.print(line)
    if folder is not None:
        place = inspect(GROOVE, folder, console)
    else:
        place = bring(GROOVE, out or data_folder(), archive, console)
    quoted = shlex.quote(str(place))
    console.print(f"Next: pocketd data show --data {quoted}")
    console.print(f"then: pocketd pretrain --data {quoted}")


@app.command()
def show(
    *,
    data: Path | None = typer.Option(
        None, help="The data set: its zip, or a folder with or of it; else where it was fetched to."
    ),
) -> None:
    """Say what the data set holds: files, hours and notes by split, drummer and meter."""
    place = find_data(data)
    groove = load(place)
    console = Console(highlight=False, markup=False, soft_wrap=True)
    console.print(table(groove))
    console.print(f"{TITLE}, {LICENCE}, at {place}")


def bring(release: Release, folder: Path, archive: Path | None, console: Console) -> Path:
    """Put an archive in its place, if it is not there, and say where it lies.

    Args:
        archive: A copy to take; None downloads it.

    Raises:
        PocketError: It cannot be had, or another file is in its place.
    """
    target = folder / release.name
    if archive is not None:
        fetching.adopt(release, archive, folder)
    elif target.exists():
        console.print("It has been fetched before.")
    else:
        _download(release, folder, console)
    try:
        exact = fetching.check(release, target)
    except DataError as error:
        raise DataError(f"{error}; it stands where the data set goes, move it away") from error
    console.print(f"Checked: {'its SHA-256 is as published' if exact else PACKED_ANEW}.")
    console.print(f"It lies at {target}")
    return target


def inspect(release: Release, folder: Path, console: Console) -> Path:
    """See to it that an unpacked data set is complete and reads, and say what was found.

    Raises:
        DataError: It is not there, or a file of it is missing or damaged.
    """
    place = locate(folder)
    if not place.is_dir():
        raise DataError(f"{place} is no unpacked data set; pass an archive with --archive")
    groove = load(place)
    console.print(f"Found: {sentence(groove)}")
    console.print(f"Checked: {PACKED_ANEW if groove.contents == release.contents else OTHER}.")
    console.print(f"It lies at {place}")
    return place


def _download(release: Release, folder: Path, console: Console) -> None:
    have = fetching.waiting(release, folder)
    going_on = f", going on at {have:,}" if have else ""
    console.print(f"Downloading {release.size:,} bytes from {release.url}{going_on}")
    try:
        with _shown(release, have, console) as watch:
            fetching.download(release, folder, watch)
    except KeyboardInterrupt as error:
        raise InterruptedFetchError("interrupted; what came is kept, the same command goes on") from error


@contextmanager
def _shown(release: Release, have: int, console: Console) -> Iterator[Callable[[int], None]]:
    """Show a bar with the time left."""
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    quiet = not console.is_terminal  # where it would leave an empty line
    with Progress(*columns, console=console, transient=True, disable=quiet) as progress:
        task, told = progress.add_task(release.name, total=release.size, completed=have), False

        def watch(done: int) -> None:
            nonlocal told
            if done < have and not told:
                told = True
                console.print("The server cannot go on where it broke off; from the start.")
            progress.update(task, completed=done)

        yield watch
