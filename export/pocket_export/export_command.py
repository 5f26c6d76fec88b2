"""`pocketd export`: a model from a training's checkpoint. torch is imported only when it runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.console import Console

from pocket_core.errors import ConfigError, DataError
from pocket_export.needs import need
from pocketd.folders import make_folder

if TYPE_CHECKING:
    from pocket_export.checkpoint import Checkpoint
    from pocket_export.recordings import Groove
    from pocket_export.training import Training


def export(
    *,
    checkpoint: Path = typer.Option(..., help="The NAME.checkpoint.pt that a training left."),
    model: str | None = typer.Option(None, metavar="NAME", help="Make sure that it is of this model."),
    out: Path = typer.Option(..., help="The folder that the model goes to."),
    data: Path | None = typer.Option(
        None, help="What it was trained on: the zip, or a folder with or of it; else where it usually lies."
    ),
) -> None:
    """Make a model of the best weights that a training has reached, checked and with its card.

    The training may go on afterwards: its checkpoint stays as it is.
    """
    need("torch", "onnx", "onnxruntime", "symusic")
    from pocket_export import checkpoint as checkpoints
    from pocket_export.groove import find_data, load
    from pocket_export.publish import publish
    from pocket_export.schools import SCHOOLS, validation

    held = checkpoints.unpack(checkpoints.read(checkpoint), checkpoint)
    name = held.origin.model
    if model is not None and model != name:
        raise ConfigError(f"checkpoint {checkpoint} is of {name}, asked is {model}; leave out --model")
    if name not in SCHOOLS:
        raise DataError(f"checkpoint {checkpoint} is of {name!r}, which this build does not know")
    make_folder(out, "--out")
    groove = _learnt_from(held, load(find_data(data), most=held.origin.most or None), checkpoint)
    training = _training(held, checkpoint)
    path = publish(training, validation(SCHOOLS[name], groove.split("validation")), out)
    best = min(training.history, key=lambda epoch: epoch.figure_ms)
    console = Console(highlight=False, markup=False, soft_wrap=True)
    done, epochs = len(training.history), training.recipe.epochs
    console.print(f"{name}, the best of {done} epochs of at most {epochs}: {best.number}, {best.validation}")
    console.print(f"wrote {path}")


def _learnt_from(held: Checkpoint, groove: Groove, path: Path) -> Groove:
    """Return the data set without the drummer who was left out.

    Raises:
        DataError: It is another one.
    """
    if groove.contents != held.origin.contents_sha256:
        raise DataError(f"{path} was trained on another data set than this; name that one with --data")
    return groove.without_drummer(held.origin.without) if held.origin.without else groove


def _training(held: Checkpoint, path: Path) -> Training:
    """Return the training with its best weights in the network.

    Raises:
        DataError: The network has changed since.
    """
    from pocket_export.schools import SCHOOLS
    from pocket_export.training import Training

    net = SCHOOLS[held.origin.model].build(held.recipe)
    try:
        net.load_state_dict(held.best)
    except (RuntimeError, TypeError) as error:
        raise DataError(f"checkpoint {path} is of another {held.origin.model} than this build's") from error
    return Training(net, held.recipe, held.origin, held.history, held.updates, held.best, held.best_ms)
