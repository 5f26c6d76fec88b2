"""The sub-commands of `pocketd` that train. torch is imported only when one of them runs."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from pocket_core.errors import ConfigError, PocketError

if TYPE_CHECKING:
    from pocket_export.train import Epoch

ALL = "all"
QUICK_FILES, QUICK_EPOCHS = 6, 2
NEEDED = ("torch", "onnx", "onnxruntime", "symusic")


class TrainingMissingError(PocketError):
    """The packages that training needs are not installed."""

    exit_code = 2


def pretrain(
    *,
    data: Path | None = typer.Option(
        None, help="The Groove MIDI Dataset: its zip, or a folder with or of it; else where it usually lies."
    ),
    model: str = typer.Option(ALL, help="follower, seq2seq, lstm, lstm-solo or all."),
    out: Path | None = typer.Option(None, help="Where the models go; else where they ship from."),
    epochs: int | None = typer.Option(None, min=1, help="At most so many passes over the data."),
    seed: int = typer.Option(1, min=0, help="The same seed on the same machine gives the same model."),
    threads: int = typer.Option(0, min=0, help="How many cores to train on; 0: all."),
    resume: bool = typer.Option(False, "--resume", help="Go on where a training broke off."),
    quick: bool = typer.Option(False, "--quick", help="A smoke run on a few files; needs --out."),
) -> None:
    """Train the models that ship, from the Groove dataset to ONNX files with their cards."""
    if quick and out is None:
        raise ConfigError("--quick makes a toy that may not replace what ships; say where it goes with --out")
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise TrainingMissingError(f"training needs {', '.join(missing)}: pip install -e '.[train]'")
    import torch

    from pocket_export import pretrain as making
    from pocket_export.groove import find_data, load
    from pocket_export.schools import SCHOOLS

    names = list(SCHOOLS) if model == ALL else [model]
    if unknown := [name for name in names if name not in SCHOOLS]:
        known = ", ".join([*SCHOOLS, ALL])
        raise ConfigError(f"no model is called {unknown[0]!r}; there are: {known}")
    if threads:
        torch.set_num_threads(threads)
    console = Console()
    source = find_data(data)
    groove = load(source, most=QUICK_FILES if quick else None)
    folder = _folder(out or shipped())
    for name in names:
        usual = SCHOOLS[name].recipe
        recipe = replace(usual, seed=seed, epochs=epochs or (QUICK_EPOCHS if quick else usual.epochs))
        command = _as_typed(source, name, epochs, seed, quick=quick)
        order = making.Order(name, recipe, folder, command, resume)
        with _shown(console, name, recipe.epochs) as watch:
            path = making.pretrain(order, groove, watch)
        console.print(f"wrote {path}", soft_wrap=True)


def _folder(path: Path) -> Path:
    """Make the folder now, rather than find out after the training."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"cannot make the folder {path}: {error.strerror}; choose another --out") from error
    return path


def shipped() -> Path:
    """Return the folder of the models that ship."""
    import pocket_models

    return Path(pocket_models.__file__).parent / "pretrained"


@contextmanager
def _shown(console: Console, name: str, epochs: int) -> Iterator[Callable[[float, Epoch | None], None]]:
    """Show a bar with the time left, and a line for every epoch."""
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task, done = progress.add_task(name, total=epochs), 0

        def watch(share: float, epoch: Epoch | None) -> None:
            nonlocal done
            if epoch is None:
                progress.update(task, completed=done + share)
                return
            done = epoch.number
            progress.update(task, completed=done)
            progress.console.print(
                f"{name} epoch {epoch.number}: loss {epoch.loss:.2f}, validation {epoch.validation}, "
                f"{epoch.seconds:.0f} s"
            )

        yield watch


def _as_typed(data: Path, name: str, epochs: int | None, seed: int, *, quick: bool) -> str:
    """Return the command that makes this one model, free of where the data lay and the output went."""
    words = ["pocketd pretrain --data", data.name, "--model", name]
    words += [] if epochs is None else ["--epochs", str(epochs)]
    words += ["--seed", str(seed), *(["--quick"] if quick else [])]
    return " ".join(words)
