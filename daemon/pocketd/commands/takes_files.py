"""`pocketd takes export` and `import`: takes for other programs, and from them."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import typer
from rich.console import Console

from pocket_core.errors import ConfigError, ModelError
from pocketd.casting import make_cast
from pocketd.commands.patience import patience
from pocketd.config import Config, load
from pocketd.demo import plan
from pocketd.folders import make_folder
from pocketd.midifile import read_score
from pocketd.quantise import quantise
from pocketd.rolypoly_csv import read_rolypoly, records
from pocketd.standard import printable
from pocketd.summary import remarks
from pocketd.take_export import Format, exported, need_parquet, planned, refuse_overwriting
from pocketd.take_import import as_if_live, import_take, performed
from pocketd.take_names import find_takes, name_of
from pocketd.takes import FinishedTake
from pocketd.terminal import near
from pocketd.wholefile import write_whole

CONFIG = "Your configuration, a YAML file, which says where takes are; without it, the one that ships."
UNHURRIED_MS = 100.0  # the longest that a configuration lets a step of the model take


def export_takes(
    takes: list[str] = typer.Argument(
        ..., metavar="TAKE", help="Names as `pocketd takes list` shows them, their beginnings, or last."
    ),
    *,
    to: Path = typer.Option(
        ...,
        help="A folder, for files of each take; or a file: .mid of one take, .csv or .parquet of many.",
    ),
    formats: list[Format] | None = typer.Option(
        None,
        "--format",
        help="Instead of by the suffix; several times for several; in a folder smf and csv.",
        show_default=False,
    ),
    force: bool = typer.Option(False, "--force", help="Write over files that are there."),
    config: Path | None = typer.Option(None, help=CONFIG),
) -> None:
    """Write takes as MIDI, CSV or Parquet, for a DAW, a spreadsheet or a notebook.

    The MIDI file has drums in, musician and drums out on the take's own tempo; tables have a row a timestep.
    Parquet needs pyarrow: `pip install 'pocketd[parquet]'`.
    """
    exports = planned(find_takes(load(config).takes_folder, takes), to, formats or [])
    if not force:
        refuse_overwriting(exports)
    if any(export.format is Format.PARQUET for export in exports):
        need_parquet()
    make_folder(exports[0].path.parent, "--to")
    with patience("exporting") as progress:
        for done, export in enumerate(exports):
            progress(done / len(exports))
            write_whole(export.path, exported(export))
    console = Console(highlight=False, markup=False, soft_wrap=True)
    for export in exports:
        console.print(printable(f"wrote {export.path}"))


def import_takes(
    tables: list[Path] | None = typer.Argument(
        None, metavar="CSV", help="Takes that rolypoly~ logged in 2020.", show_default=False
    ),
    *,
    drums: Path | None = typer.Option(None, help="A drum track's MIDI file; its tempo and meter rule."),
    human: Path | None = typer.Option(None, help="The musician's MIDI file; goes with --drums."),
    song: str | None = typer.Option(None, help="What they are takes of; else takes.song."),
    config: Path | None = typer.Option(None, help="Your configuration: model, feel, takes."),
) -> None:
    """Make takes of what was played elsewhere.

    Two MIDI files are played into the effect, as a DAW and a musician would, after whole bars of count-in;
    the drums are quantised first where they are not. A table of rolypoly~ becomes a take of timesteps without
    notes. Imported takes count as begun now.
    """
    chosen = load(config)
    if song is not None:
        chosen = chosen.model_copy(update={"takes": chosen.takes.model_copy(update={"song": song})})
    if (drums is None) != (human is None):
        raise ConfigError("an import of MIDI needs both --drums and --human")
    if drums is None and not tables:
        raise ConfigError("say what to import: --drums and --human, or tables of rolypoly~")
    console = Console(highlight=False, markup=False, soft_wrap=True)
    read = [(path, read_rolypoly(path)) for path in tables or []]  # all, before anything is written
    if drums is not None and human is not None:
        _told(console, _import_midi(chosen, drums, human, console))
    with patience("importing") as progress:
        for done, (path, rows) in enumerate(read):
            progress(done / len(read))
            told = records(rows, chosen.takes.song)
            _told(console, import_take(chosen.takes_folder, f"{path.name} of rolypoly~", told, _now))


def _import_midi(config: Config, drums: Path, human: Path, console: Console) -> FinishedTake:
    settings = config.settings()
    score, musician = read_score(drums).drum_part(), read_score(human)
    part = quantise(score, settings.snap)
    for line in remarks(part, musician):
        console.print(printable(line))
    performance = plan(part.score, musician, settings.look_ahead)
    cast = make_cast(config.model_copy(update={"step_limit_ms": UNHURRIED_MS}))
    if cast.fault is not None:
        raise ModelError(f"{cast.fault}; nothing was imported")
    with patience("importing") as progress:
        told = performed(performance, as_if_live(performance, config), cast.player, progress)
    return import_take(config.takes_folder, f"{human.name} over {drums.name}", told, _now)


def _told(console: Console, take: FinishedTake) -> None:
    console.print(printable(f"{name_of(take.folder)}: {take.timesteps} timesteps, {near(take.summary)}"))


def _now() -> datetime:
    return datetime.now().astimezone()
