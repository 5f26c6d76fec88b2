"""The models that ship, from the Groove dataset to files: lessons, training, export, parity, card."""

from __future__ import annotations

import csv
import io
import subprocess
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch

from pocket_core.features import GROOVE, OFFSET_SCALE
from pocket_export.card import StateTensor, describe_encoder, make_card, write_model
from pocket_export.dataset import Lesson
from pocket_export.encoder_export import check_encoder, export_encoder, of_lengths
from pocket_export.evaluate import Follow, score
from pocket_export.groove import LICENCE, TITLE, Groove
from pocket_export.onnx_export import OUTPUT, export_step, state_shapes
from pocket_export.parity import check_parity, long_take
from pocket_export.schools import SCHOOLS, drawing, validation
from pocket_export.train import Recipe, Training, Watch, train
from pocket_models.network import Network
from pocketd.wholefile import write_whole

#: What decides the weights, from the root of the source tree.
DECISIVE = (
    "export/pocket_export",
    "models/pocket_models/network.py",
    "models/pocket_models/cells.py",
    "models/pocket_models/saying.py",
    "models/pocket_models/lstm.py",
    "models/pocket_models/follower.py",
    "models/pocket_models/seq2seq.py",
    "core/pocket_core/features.py",
    "core/pocket_core/score_features.py",
    "core/pocket_core/grid.py",
    "core/pocket_core/groove.py",
    "core/pocket_core/portrait.py",
    "core/pocket_core/habits.py",
)


@dataclass(frozen=True, slots=True)
class Order:
    """What to make."""

    name: str  # of SCHOOLS
    recipe: Recipe
    out: Path
    command: str  # as the card shall quote it
    resume: bool = False


def pretrain(order: Order, groove: Groove, watch: Watch) -> Path:
    """Train a model, export it, check it against its network and write it with its card and history.

    A checkpoint lies beside the model until it is done.

    Returns:
        The path of the .onnx file.

    Raises:
        DataError: A data set without the files that are needed, or a checkpoint that does not fit.
        ParityError: The export is not the network; nothing is written.
    """
    school, commit = SCHOOLS[order.name], _commit()
    torch.manual_seed(order.recipe.seed)
    net = school.build(order.recipe)
    chosen_by = validation(school, groove.split("validation"))
    checkpoint = order.out / f"{order.name}.checkpoint.pt"
    with drawing(school, groove.split("train"), order.recipe.seed) as draw:
        training = train(
            net, draw, chosen_by, order.recipe, checkpoint=checkpoint, resume=order.resume, watch=watch
        )
    model, encoder = export_step(net), export_encoder(net) if net.context else None
    parity = check_parity(net, model, long_take(net, chosen_by))
    best = min(training.history, key=lambda epoch: epoch.figure_ms)
    figures = {
        "parity_offset_tenths_s": parity.offset,
        "parity_state": parity.state,
        "parity_steps": parity.steps,
        **(_encoder_figures(net, encoder, chosen_by) if encoder is not None else {}),
        "epochs": len(training.history),
        "best_epoch": best.number,
        **_figures("validation", best.validation),
        **(_figures("validation_groove_template", _template(chosen_by)) if school.musician else {}),
        **_figures("validation_quantised", _quantised(chosen_by)),
    }
    card = make_card(
        order.name,
        model,
        state=tuple(StateTensor(name, shape) for name, shape in state_shapes(net).items()),
        output=OUTPUT,
        outputs=net.outputs,
        hears=net.hears,
        title=school.title,
        licence=LICENCE,
        data=f"{TITLE}, {len(groove.split('train'))} files to train on, {len(chosen_by)} to choose by",
        data_sha256=groove.sha256,
        contents_sha256=groove.contents,
        command=order.command,
        seed=order.recipe.seed,
        commit=commit,
        wall_seconds=sum(epoch.seconds for epoch in training.history),
        figures=figures,
        encoder=None if encoder is None else describe_encoder(order.name, encoder, net.context),
    )
    path = write_model(order.out, model, card, encoder)
    _write_history(order.out / f"{order.name}.history.csv", training)
    checkpoint.unlink()
    return path


def _template(made: Sequence[Lesson]) -> Follow:
    return score((lesson, lesson.x[:, GROOVE] / OFFSET_SCALE) for lesson in made)


def _quantised(made: Sequence[Lesson]) -> Follow:
    return score((lesson, np.zeros(len(lesson), np.float32)) for lesson in made)


def _encoder_figures(net: Network, encoder: bytes, made: Sequence[Lesson]) -> dict[str, float]:
    parity = check_encoder(net, encoder, of_lengths(lesson.deaf().score for lesson in made))
    return {"parity_context": parity.context, "parity_scores": parity.scores}


def _figures(name: str, result: Follow) -> dict[str, float]:
    """Return a result as figures; without a musician only what is said of the drummer."""
    said = asdict(result) if result.steps else {"drummer_mae_ms": result.drummer_mae_ms}
    return {f"{name}_{key}": float(value) for key, value in said.items()}


def _write_history(path: Path, training: Training) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["epoch", "loss", "mae_ms", "sd_ms", "drummer_mae_ms", "seconds"])
    for e in training.history:
        v = e.validation
        row = (e.loss, v.mae_ms, v.sd_ms, v.drummer_mae_ms, e.seconds)
        writer.writerow([e.number, *(f"{value:.3f}" for value in row)])
    write_whole(path, text.getvalue().encode())


def _commit() -> str:
    """Return the commit of the source tree, marked where what decides the weights differs from it."""
    root = Path(__file__).parents[2]

    def git(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(["git", "-C", str(root), *words], capture_output=True, text=True, check=False)

    commit = git("rev-parse", "--short=12", "HEAD").stdout.strip()
    if not commit:
        return "unknown"
    return commit + "-dirty" * (git("diff", "--quiet", "HEAD", "--", *DECISIVE).returncode != 0)
