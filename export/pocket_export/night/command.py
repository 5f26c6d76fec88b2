"""`pocketd retrain`: one night, now or when it is due. torch is imported only when it runs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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
        False, "--if-due", help="Do nothing where nothing was played since the last night."
    ),
    no_promote: bool = typer.Option(
        False, "--no-promote", help="Ask the gate and write the report, but switch nothing."
    ),
    takes: Path | None = typer.Option(None, help="Another folder of takes than the configuration's."),
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
    """
    need("torch", "onnx", "onnxruntime", "symusic", "matplotlib")
    chosen = load(config)
    nights = Nights(_root())
    folder = chosen.takes_folder if takes is None else takes
    if takes is not None and not takes.is_dir():
        raise ConfigError(f"--takes {takes}: no such folder")
    if if_due and not _due(nights, folder):
        return
    held = nights.lock_night()
    if held is None:
        if if_due:
            return
        raise NightUnderWayError(
            f"another night is under way in {nights.root}; it writes its report there when it is over"
        )
    with held:
        outcome = _run(
            nights, folder, chosen, data, seed=seed, epochs=epochs, threads=threads, promote=not no_promote
        )
    from pocket_export.night.report import as_json as plain
    from pocket_export.night.report import as_text

    print(json.dumps(plain(outcome), indent=1, ensure_ascii=False) if as_json else as_text(outcome))
    if not as_json:
        print(f"report: {outcome.folder / 'report.html'}")


def _run(
    nights: Nights,
    takes: Path,
    config: Config,
    data: Path | None,
    *,
    seed: int,
    epochs: int | None,
    threads: int,
    promote: bool,
) -> Outcome:
    import torch

    from pocket_export.night.fine_tune import EPOCHS
    from pocket_export.night.night import Plan, run_night
    from pocket_export.night.report import write_report

    if threads:
        torch.set_num_threads(threads)
    groove = _groove(data or (None if config.retrain.groove is None else Path(config.retrain.groove)))
    plan = Plan(
        nights,
        takes,
        config.retrain,
        () if groove is None else groove.split("train"),
        () if groove is None else groove.split("validation"),
        command=f"pocketd retrain --seed {seed} --epochs {epochs or EPOCHS}",
        seed=seed,
        epochs=epochs or EPOCHS,
        promote=promote,
    )
    with _shown(Console(stderr=True)) as tell:
        outcome = run_night(plan, datetime.now().astimezone(), tell)
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


def _due(nights: Nights, takes: Path) -> bool:
    """Say whether anything was played since the last night, which is a while ago, or a night broke off."""
    from pocket_export.night.gather import finished_takes
    from pocket_export.night.order import read_order, unfinished
    from pocket_export.night.readers import name_of

    folders = finished_takes(takes)
    if not folders:
        return False
    if unfinished(nights):
        return True
    for night in nights.folders():
        order = read_order(night)
        if order is None:
            continue
        began = datetime.fromisoformat(order.began)
        new, since = name_of(folders[-1]) not in order.takes, datetime.now().astimezone() - began
        return new and not timedelta(0) <= since <= DUE_AFTER  # a clock may have been wrong
    return True


@contextmanager
def _shown(console: Console) -> Iterator[Callable[[Stage], None]]:
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
                    f"epoch {stage.epoch.number}: loss {stage.epoch.loss:.3f}, Groove "
                    f"{stage.epoch.figure_ms:.2f} ms, {stage.epoch.seconds:.0f} s",
                    soft_wrap=True,
                )
            progress.update(task, completed=stage.share)

        yield tell
