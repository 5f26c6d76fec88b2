"""`pocketd pretrain`: the sub-command that trains. torch is imported only when it runs."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from pocket_core.errors import ConfigError, PocketError
from pocket_export.device import Device, choose
from pocket_export.needs import need
from pocketd.folders import make_folder
from pocketd.model_shelf import shipped_folder

if TYPE_CHECKING:
    from pocket_export.sources.order import Round
    from pocket_export.train import Epoch

ALL = "all"
QUICK_FILES, QUICK_EPOCHS = 6, 2


class InterruptedTrainingError(PocketError):
    """Somebody has had enough."""

    exit_code = 130  # as a shell reports SIGINT


def pretrain(
    *,
    data: Path | None = typer.Option(
        None, help="The Groove MIDI Dataset: its zip, or a folder with or of it; else where it usually lies."
    ),
    model: str = typer.Option(
        ALL,
        help="follower, seq2seq, lstm, lstm-solo, bars, continue, pattern, groove, presets or all.",
    ),
    patterns: Path | None = typer.Option(
        None, help="Multi-track MIDI files that pattern learns from, too; else where they usually lie."
    ),
    out: Path | None = typer.Option(
        None, help="Where the models go; without it they replace those that ship."
    ),
    without: str = typer.Option(
        "", metavar="DRUMMER", help="Leave out a drummer, such as drummer1; needs --out."
    ),
    epochs: int | None = typer.Option(None, min=1, help="At most so many passes over the data."),
    seed: int = typer.Option(1, min=0, help="The same seed on the same machine gives the same model."),
    threads: int = typer.Option(0, min=0, help="How many cores to train on; 0: all."),
    device: Device = typer.Option(Device.AUTO, help="auto takes a GPU where there is one."),
    log: Path | None = typer.Option(
        None, "--log", "--tensorboard", metavar="DIR", help="Write figures there for TensorBoard."
    ),
    resume: bool = typer.Option(False, "--resume", help="Go on where a training broke off."),
    quick: bool = typer.Option(False, "--quick", help="A smoke run on a few files; needs --out."),
) -> None:
    """Train the models that ship, from the Groove dataset to ONNX files with their cards.

    On several processes: `torchrun --nproc-per-node 2 -m pocketd pretrain`, with the same options.
    """
    if quick and out is None:
        raise ConfigError("--quick makes a toy that may not replace what ships; say where it goes with --out")
    if without and out is None:
        raise ConfigError("a model that lacks a drummer may not replace what ships; say where with --out")
    need("torch", "onnx", "onnxruntime", "symusic", *(("tensorboard",) if log is not None else ()))
    import torch

    from pocket_export import pretrain as making
    from pocket_export.groove import find_data, load
    from pocket_export.parallel import company
    from pocket_export.schools import SCHOOLS
    from pocket_export.sources.order import SourceOrder
    from pocket_export.sources.workshop import WORKSHOPS
    from pocketd.generators.graphs import FOLDER

    names = [*SCHOOLS, *WORKSHOPS] if model == ALL else [model]
    if unknown := [name for name in names if name not in (*SCHOOLS, *WORKSHOPS)]:
        known = ", ".join([*SCHOOLS, *WORKSHOPS, ALL])
        raise ConfigError(f"no model is called {unknown[0]!r}; there are: {known}")
    where = choose(device)
    if threads:
        torch.set_num_threads(threads)
    folder = make_folder(out or shipped_folder(), "--out")
    if log is not None:
        make_folder(log, "--log")
    with company() as together:
        console, groove, source = Console(quiet=not together.leads), None, Path()
        if together.leads:
            source = find_data(data)
            groove = load(source, most=QUICK_FILES if quick else None)
            groove = groove.without_drummer(without) if without else groove
        for name in names:
            words = _words(epochs, seed, quick=quick, without=without, device=where.type)
            if name in WORKSHOPS:
                if groove is None:
                    continue  # one process trains a source
                asked = SourceOrder(
                    name,
                    folder if out is not None else folder / FOLDER,
                    _as_typed(source, name, words, 1),
                    making.commit_of_source(),
                    seed=seed,
                    epochs=epochs or (QUICK_EPOCHS if quick else None),
                    resume=resume,
                    quick=quick,
                    patterns=patterns,
                    without=without,
                    device=where,
                )
                usual_epochs = asked.epochs or WORKSHOPS[name].epochs
                with interruptible(asked.checkpoint), _shown(console, name, usual_epochs) as watch:
                    card = WORKSHOPS[name].make(asked, groove, watch)
                console.print(f"wrote {card}", soft_wrap=True)
                continue
            usual = SCHOOLS[name].recipe
            recipe = replace(usual, seed=seed, epochs=epochs or (QUICK_EPOCHS if quick else usual.epochs))
            order = making.Order(
                name,
                recipe,
                folder,
                _as_typed(source, name, words, together.size),
                resume,
                most=QUICK_FILES if quick else 0,
                without=without,
                device=where,
                log=log,
            )
            with (
                interruptible(order.checkpoint if together.leads else None),
                _shown(console, name, recipe.epochs) as watch,
            ):
                path = making.pretrain(order, groove, watch, together)
            console.print(f"wrote {path}", soft_wrap=True)


@contextmanager
def interruptible(checkpoint: Path | None) -> Iterator[None]:
    """Say of a training that is interrupted how to go on; of several processes' the first says it."""
    try:
        yield
    except KeyboardInterrupt as error:
        if checkpoint is None:
            raise
        if not checkpoint.exists():
            raise InterruptedTrainingError("interrupted before the first epoch was over") from error
        raise InterruptedTrainingError(
            "interrupted; the epochs that are over are kept. The same command with --resume goes on; "
            f"`pocketd export --checkpoint {shlex.quote(str(checkpoint))} --out DIR` makes a model of them"
        ) from error


@contextmanager
def _shown(
    console: Console, name: str, epochs: int
) -> Iterator[Callable[[float, Epoch | Round | None], None]]:
    """Show a bar with the time that the whole training takes at most, and a line for every epoch."""
    from pocket_export.time_left import TimeLeft

    left = TimeLeft(epochs, perf_counter())
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    quiet = not console.is_terminal  # where it would leave an empty line
    with Progress(
        *columns, TextColumn("{task.fields[left]}"), console=console, transient=True, disable=quiet
    ) as progress:
        task = progress.add_task(f"{name}, making lessons", total=epochs, left="")

        def watch(share: float, epoch: Epoch | Round | None) -> None:
            left.note(share, epoch)
            done, rest = len(left.taken) + left.share, left.at_most(perf_counter())
            progress.update(
                task,
                completed=done,
                description=f"{name}, epoch {min(int(done) + 1, epochs)} of {epochs}",
                left="" if rest is None else f"at most {timedelta(seconds=round(rest))} left",
            )
            if epoch is not None:
                progress.console.print(
                    f"{name} epoch {epoch.number}: loss {epoch.loss:.2f}, validation {epoch.validation}, "
                    f"{epoch.seconds:.0f} s",
                    soft_wrap=True,
                )

        yield watch


def _words(epochs: int | None, seed: int, *, quick: bool, without: str, device: str) -> list[str]:
    """Return the options that decide the weights, as one would type them."""
    words = [] if epochs is None else ["--epochs", str(epochs)]
    words += ["--without", without] if without else []
    words += ["--seed", str(seed), *(["--quick"] if quick else [])]
    return words + (["--device", device] if device != Device.CPU else [])


def _as_typed(data: Path, name: str, words: Sequence[str], processes: int) -> str:
    """Return the command that makes this one model, free of where the data lay and the output went."""
    started = f"torchrun --nproc-per-node {processes} -m " if processes > 1 else ""
    return " ".join([f"{started}pocketd pretrain --data {data.name} --model {name}", *words])
