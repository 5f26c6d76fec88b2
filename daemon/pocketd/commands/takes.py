"""`pocketd takes`: what was played: which takes there are, what is in them, what stays and what goes."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import typer
from rich.console import Console

from pocket_core.errors import ConfigError, PocketError
from pocketd import take_keep, take_list
from pocketd.ages import parse_age, parse_since
from pocketd.commands.patience import patience
from pocketd.commands.takes_files import export_takes, import_takes
from pocketd.config import Config, load
from pocketd.journal import JOURNAL
from pocketd.standard import printable
from pocketd.take_content import gather
from pocketd.take_list import Wanted, read_list
from pocketd.take_names import find_take, find_takes, name_of
from pocketd.take_page import page
from pocketd.take_picture import draw_take, parse_bars
from pocketd.take_room import MB, Limits, Overdue, Stored, overdue, remove, stored, sweep, weighed
from pocketd.take_sheet import read_sheet

CONFIG = "Your configuration, a YAML file, which says where takes are; without it, the one that ships."
TAKE = "A take's name as `pocketd takes list` shows it, a beginning of it that only it has, or last."
WIDE = 240  # columns, where nobody's terminal cuts a line

command = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="The takes: what was played, from each start of the transport to its stop.\n\n"
    "A take is named by when it began, `2026-11-20/193322`. Wherever one is asked for, a beginning that only "
    "it has will do, or `last`.",
)


@command.command("list")
def list_takes(
    *,
    song: str | None = typer.Option(None, help="Only takes of this song."),
    since: str | None = typer.Option(None, help="Only takes from then on: 2026-11-20, or an age such as 7d."),
    config: Path | None = typer.Option(None, help=CONFIG),
    as_json: bool = typer.Option(False, "--json", help="Print the same for programs."),
) -> None:
    """Show every take, a line each, oldest first.

    *before* is the mean distance between drums and musician had the drums stayed on the grid, *after* as they
    were played. *ended* says how: by a stop, with the daemon, or cut off and recovered.
    """
    root = load(config).takes_folder
    wanted = Wanted(song, None if since is None else parse_since("--since", since, datetime.now()))
    with patience("reading takes") as progress:
        listed = read_list(root, wanted, progress)
    if as_json:
        print(json.dumps([take_list.as_json(sheet) for sheet in listed.sheets], indent=1))
    else:
        console = _console()
        if listed.sheets:
            console.print(take_list.table(listed.sheets), soft_wrap=False)
        else:
            console.print(
                printable(f"No takes in {root}" + (" that are asked for." if song or since else "."))
            )
    for damaged in listed.damaged:
        print(printable(f"pocketd: {name_of(damaged.folder)}: {damaged.why}"), file=sys.stderr)


@command.command()
def show(
    take: str = typer.Argument(..., metavar="TAKE", help=TAKE),
    *,
    config: Path | None = typer.Option(None, help=CONFIG),
    as_json: bool = typer.Option(False, "--json", help="Print the same for programs."),
) -> None:
    """Show all that is known of a take."""
    sheet = read_sheet(find_take(load(config).takes_folder, take))
    if as_json:
        print(json.dumps(take_list.as_json(sheet), indent=1))
        return
    console = _console()
    for part in page(sheet):
        console.print(part)


@command.command()
def plot(
    take: str = typer.Argument(..., metavar="TAKE", help=TAKE),
    *,
    out: Path | None = typer.Option(
        None, help="Where the picture goes, a PNG; else into the current folder, by the take's name."
    ),
    bars: str | None = typer.Option(None, help="Which bars of the song, such as 9-16; else all."),
    config: Path | None = typer.Option(None, help=CONFIG),
) -> None:
    """Draw a take: the score, the drums' forecast, and how far from it the musician was.

    The offsets are in milliseconds, upwards is late; from left to right are the bars.
    """
    chosen = None if bars is None else parse_bars(bars)
    if out is not None and out.suffix.lower() != ".png":
        raise ConfigError(f"--out {out} is not named as a PNG, which the picture is; call it {out.name}.png")
    folder = find_take(load(config).takes_folder, take)
    name = name_of(folder)
    path = Path(f"{name.replace('/', '-')}.png") if out is None else out
    shown = draw_take(path, f"Take {name}", gather(folder / JOURNAL), chosen)
    _console().print(printable(f"wrote {path}: {shown}"))


command.command("export")(export_takes)
command.command("import")(import_takes)


@command.command()
def keep(
    takes: list[str] = typer.Argument(..., metavar="TAKE", help=TAKE),
    *,
    undo: bool = typer.Option(False, "--undo", help="Protect them no longer."),
    config: Path | None = typer.Option(None, help=CONFIG),
) -> None:
    """Protect takes: neither `purge` nor the configuration's keep_days and quota_mb remove them."""
    console = _console()
    for folder in find_takes(load(config).takes_folder, takes):
        if undo:
            take_keep.let_go(folder)
        else:
            take_keep.keep(folder)
        console.print(f"{name_of(folder)} is {'kept no longer' if undo else 'kept'}")


@command.command()
def purge(
    takes: list[str] | None = typer.Argument(None, metavar="TAKE", help=TAKE, show_default=False),
    *,
    older_than: str | None = typer.Option(None, help="Takes older than this: 12h, 30d or 8w."),
    to_quota: bool = typer.Option(
        False, "--to-quota", help="The oldest, until the rest is within the configuration's takes.quota_mb."
    ),
    dry_run: bool = typer.Option(False, "--dry-run", help="Say what would go, and remove nothing."),
    yes: bool = typer.Option(False, "--yes", help="Do not ask."),
    config: Path | None = typer.Option(None, help=CONFIG),
) -> None:
    """Remove takes for good; kept ones and one that is being recorded always stay.

    It says which, and how much room that makes, and asks.
    """
    chosen = load(config)
    root = chosen.takes_folder
    going = _going(chosen, takes or [], older_than, to_quota)
    console = _console()
    for item in going:
        console.print(printable(f"{name_of(item.take.folder)}  {item.take.size / MB:8.1f} MB  {item.why}"))
    room = _counted([item.take.size for item in going])
    if dry_run or not going:
        console.print(f"{room} would go." if going else "Nothing has to go.")
        return
    if not yes:
        _ask(f"Remove {room}, for good?")
    sweep(root)
    removed = [item.take.size for item in going if remove(root, item.take.folder)]
    console.print(f"removed {_counted(removed)}")


def _going(config: Config, named: list[str], older_than: str | None, to_quota: bool) -> list[Overdue]:
    """Return what a purge is to remove.

    Raises:
        ConfigError: Nothing was asked for, or what cannot be.
    """
    if not (named or older_than or to_quota):
        raise ConfigError("say what shall go: takes by name, --older-than 30d, or --to-quota")
    root, quota = config.takes_folder, config.takes.quota_mb
    if to_quota and quota is None:
        raise ConfigError("--to-quota needs a quota; set takes.quota_mb in your configuration")
    going = [Overdue(_free(weighed(folder)), "as named") for folder in find_takes(root, named)]
    limits = Limits(
        None if older_than is None else parse_age("--older-than", older_than),
        quota * MB if to_quota and quota is not None else None,
    )
    there = {item.take.folder for item in going}
    rest = [take for take in stored(root) if take.folder not in there]
    return going + overdue(rest, limits, datetime.now())


def _counted(sizes: Sequence[int]) -> str:
    return f"{len(sizes)} {'take' if len(sizes) == 1 else 'takes'}, {sum(sizes) / MB:.1f} MB"


def _free(take: Stored) -> Stored:
    if take.kept:
        raise PocketError(f"{name_of(take.folder)} is kept; `pocketd takes keep --undo` it first")
    if take.live:
        raise PocketError(f"{name_of(take.folder)} is being recorded; stop the transport first")
    return take


def _ask(question: str) -> None:
    if not sys.stdin.isatty():
        raise PocketError(
            "nothing was removed, as nobody can be asked; add --yes, or --dry-run to look first"
        )
    if not typer.confirm(question):
        raise typer.Abort


def _console() -> Console:
    console = Console(highlight=False, markup=False, soft_wrap=True)
    return (
        console if console.is_terminal else Console(highlight=False, markup=False, soft_wrap=True, width=WIDE)
    )
