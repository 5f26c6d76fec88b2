"""`pocketd retrain`: one night, now or when it is due. torch is imported only when it runs."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from pocket_core.errors import ConfigError, DataError, PocketError
from pocket_export.needs import need
from pocketd.champion import Nights, nights_folder
from pocketd.config import Config, load

if TYPE_CHECKING:
    from pocket_export.night.night import Outcome, Stage
    from pocket_export.night.store import Store
    from pocket_export.night.together import Crew
    from pocket_export.recordings import Groove

DUE_AFTER = timedelta(hours=20)  # since the last night began


class NightUnderWayError(PocketError):
    """Another night is under way."""


def retrain(
    *,
    config: Path | None = typer.Option(
        None, help="Your configuration, a YAML file; without it, the one that ships."
    ),
    if_due: bool = typer.Option(
        False,
        "--if-due",
        help="Do nothing where nothing was played since the last night, or that is not 20 hours ago yet.",
    ),
    no_promote: bool = typer.Option(
        False, "--no-promote", help="Ask the gate and write the report, but switch nothing."
    ),
    takes: str | None = typer.Option(
        None,
        metavar="PLACE",
        help="A folder of takes, or a URL as s3://bucket/takes; else the configuration's.",
    ),
    scheduler: str | None = typer.Option(
        None, metavar="ADDRESS", help="A Dask cluster that reads the takes, as tcp://studio:8786."
    ),
    data: Path | None = typer.Option(
        None, help="The Groove MIDI Dataset: its zip, or a folder with or of it; else where it usually lies."
    ),
    epochs: int | None = typer.Option(None, min=1, help="So many passes over the takes."),
    seed: int = typer.Option(1, min=0, help="The same seed on the same takes gives the same challenger."),
    threads: int = typer.Option(0, min=0, help="How many cores to train on; 0: all."),
    as_json: bool = typer.Option(False, "--json", help="Print the report as JSON."),
) -> None:
    """Let the champion learn from your takes, and promote what comes of it if it plays better.

    Better: on bars that it has not learnt from, than the champion and than no offset, and no worse at what
    it was pretrained for. Else everything stays as it is. The report says why; `pocketd models rollback`
    undoes a promotion. While a take runs a night waits.

    For whoever has no systemd: `pocketd retrain --if-due` from cron, launchd or the Task Scheduler.
    On several processes: `torchrun --nproc-per-node 2 -m pocketd retrain`, with the same options.
    """
    need("torch", "onnx", "onnxruntime", "symusic", "matplotlib", "fsspec", "dask")
    if scheduler is not None:
        need("distributed", extra="cluster")
    chosen = load(config)
    if if_due and "RANK" not in os.environ and not _due(Nights(_root()), _store(takes, chosen)):
        return  # before torch is imported, as somebody may be playing
    from pocket_export.night.together import WAIT, Crew, train_along
    from pocket_export.parallel import company

    if threads:
        import torch

        torch.set_num_threads(threads)
    asked = _Asked(takes, scheduler, data, seed, epochs, promote=not no_promote)
    with company(WAIT) as together:
        if not together.leads:
            train_along(together)
            return
        crew = Crew(together)
        try:
            outcome = _night(asked, chosen, crew, if_due=if_due)
        finally:
            crew.dismiss()
    if outcome is None:
        return
    from pocket_export.night.report import as_json as plain
    from pocket_export.night.report import as_text

    print(json.dumps(plain(outcome), indent=1, ensure_ascii=False) if as_json else as_text(outcome))
    if not as_json:
        print(f"report: {outcome.folder / 'report.html'}")


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the options say of a night."""

    takes: str | None
    scheduler: str | None
    data: Path | None
    seed: int
    epochs: int | None
    promote: bool


def _night(asked: _Asked, config: Config, crew: Crew, *, if_due: bool) -> Outcome | None:
    """Have a night, if it is due where that is asked; None: there was none."""
    nights, store = Nights(_root()), _store(asked.takes, config)
    if if_due and not _due(nights, store):
        return None
    held = nights.lock_night()
    if held is None:
        if if_due:
            return None
        raise NightUnderWayError(
            f"another night is under way in {nights.root}; it writes its report there when it is over"
        )
    with held:
        return _run(nights, store, config, asked, crew)


def _store(asked: str | None, config: Config) -> Store:
    """Return where the takes lie.

    Raises:
        ConfigError: Somebody said where, and it cannot be.
    """
    from pocket_export.night.store import Folder, open_store

    place = asked or config.retrain.takes
    if place is None:
        return Folder(config.takes_folder)
    store = open_store(place)
    if isinstance(store, Folder) and not store.root.is_dir():
        raise ConfigError(f"{'--takes' if asked else 'retrain.takes'} {place}: no such folder")
    return store


def _run(nights: Nights, store: Store, config: Config, asked: _Asked, crew: Crew) -> Outcome:
    from pocket_export.night.fine_tune import EPOCHS
    from pocket_export.night.night import NO_GROOVE, Plan, run_night
    from pocket_export.night.report import write_report

    groove = _groove(asked.data or (None if config.retrain.groove is None else Path(config.retrain.groove)))
    epochs = asked.epochs or EPOCHS
    plan = Plan(
        nights,
        store,
        config.retrain,
        () if groove is None else groove.split("train"),
        () if groove is None else groove.split("validation"),
        command=f"pocketd retrain --seed {asked.seed} --epochs {epochs}",
        seed=asked.seed,
        epochs=epochs,
        scheduler=asked.scheduler,
        promote=asked.promote,
    )
    console = Console(stderr=True)
    if groove is None:
        console.print(f"nothing can be promoted tonight, for {NO_GROOVE}", soft_wrap=True)
    with _shown(console, "the takes themselves" if groove is None else "Groove") as tell:
        outcome = run_night(plan, datetime.now().astimezone(), tell, crew)
        write_report(outcome)
    return outcome


def _root() -> Path:
    root = nights_folder()
    if root is None:
        raise ConfigError("this user has no home folder to keep nights in; set HOME or XDG_DATA_HOME")
    return root


def _groove(named: Path | None) -> Groove | None:
    """Return what is rehearsed; None where it is nowhere, unless somebody said where.

    Raises:
        DataError: It is not where somebody said.
    """
    from pocket_export.groove import find_data, load

    try:
        return load(find_data(named))
    except DataError:
        if named is not None:
            raise
        return None


def _due(nights: Nights, store: Store) -> bool:
    """Say whether anything was played since the last night, which is a while ago, or a night broke off."""
    from pocket_export.night.order import read_order, unfinished

    takes = store.takes()
    if not takes:
        return False
    if unfinished(nights):
        return True
    for night in nights.folders():
        order = read_order(night)
        if order is None or not order.takes or order.store not in ("", str(store)):
            continue
        began = datetime.fromisoformat(order.began)
        new, since = set(takes) - set(order.takes), datetime.now().astimezone() - began
        return bool(new) and not timedelta(0) <= since <= DUE_AFTER  # a clock may have been wrong
    return True


@contextmanager
def _shown(console: Console, watched: str) -> Iterator[Callable[[Stage], None]]:
    """Show what a night is at, with the time that is left of it, and a line for every epoch."""
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("the night begins", total=1.0)
        at, epochs = "", 0

        def tell(stage: Stage) -> None:
            nonlocal at, epochs
            if stage.name != at:
                at = stage.name
                progress.reset(task, description=at, total=1.0)
            if stage.epoch is not None:
                epochs += 1
                progress.console.print(
                    f"epoch {stage.epoch.number}: loss {stage.epoch.loss:.3f}, {watched} "
                    f"{stage.epoch.figure_ms:.2f} ms, {stage.epoch.seconds:.0f} s",
                    soft_wrap=True,
                )
            progress.update(task, completed=stage.share)

        yield tell
