"""The models that ship, from the Groove dataset to files: lessons, training, export, parity, card."""

from __future__ import annotations

import csv
import io
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch

from pocket_core.features import DIFF, GROOVE, OFFSET_SCALE
from pocket_export.card import StateTensor, make_card, write_model
from pocket_export.dataset import Lesson, lessons
from pocket_export.duets import CYMBALS, NOBODY, chance_limbs
from pocket_export.evaluate import Follow, score
from pocket_export.groove import LICENCE, TITLE, Groove
from pocket_export.onnx_export import OUTPUT, STATE, export_step, state_shape
from pocket_export.parity import check_parity, long_take
from pocket_export.train import Recipe, Training, Watch, train
from pocket_models.lstm import Anchor, PocketLSTM
from pocketd.wholefile import write_whole

CHANCE_SHARE = 0.75  # of the performances, split by chance in each epoch beside the cymbals' duets


#: What decides the weights, from the root of the source tree.
DECISIVE = (
    "export/pocket_export",
    "models/pocket_models/lstm.py",
    "core/pocket_core/features.py",
    "core/pocket_core/grid.py",
    "core/pocket_core/groove.py",
)


@dataclass(frozen=True, slots=True)
class School:
    """What a model learns from and where its outputs start."""

    title: str
    anchor: Anchor
    duets: bool  # with a musician, made of the drummer's limbs


SCHOOLS: Mapping[str, School] = {
    "lstm": School(
        "The paper's LSTM, trained on duets of each drummer's limbs; it predicts what the template leaves.",
        Anchor.GROOVE,
        duets=True,
    ),
    "lstm-solo": School(
        "The paper's LSTM, trained as the paper did, on solo drums: it has met no musician and hears none.",
        Anchor.GRID,
        duets=False,
    ),
}


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
    net = PocketLSTM(anchor=school.anchor, dropout=order.recipe.dropout)
    if not school.duets:
        net.deafen()
    validation = _validation(groove, school)
    checkpoint = order.out / f"{order.name}.checkpoint.pt"
    training = train(
        net,
        _draw(groove, school),
        validation,
        order.recipe,
        checkpoint=checkpoint,
        resume=order.resume,
        watch=watch,
    )
    model = export_step(net)
    parity = check_parity(net, model, long_take(net, validation))
    best = min(training.history, key=lambda epoch: epoch.figure_ms)
    figures = {
        "parity_offset_tenths_s": parity.offset,
        "parity_state": parity.state,
        "parity_steps": parity.steps,
        "epochs": len(training.history),
        "best_epoch": best.number,
        **_figures("validation", best.validation),
        **(_figures("validation_groove_template", _template(validation)) if school.duets else {}),
        **_figures("validation_quantised", _quantised(validation)),
    }
    card = make_card(
        order.name,
        model,
        state=tuple(StateTensor(name, state_shape(net)) for name in STATE),
        output=OUTPUT,
        title=school.title,
        licence=LICENCE,
        data=f"{TITLE}, {len(groove.split('train'))} files to train on, {len(validation)} to choose by",
        data_sha256=groove.sha256,
        command=order.command,
        seed=order.recipe.seed,
        commit=commit,
        wall_seconds=sum(epoch.seconds for epoch in training.history),
        figures=figures,
    )
    path = write_model(order.out, model, card)
    _write_history(order.out / f"{order.name}.history.csv", training)
    checkpoint.unlink()
    return path


def _draw(groove: Groove, school: School) -> Callable[[np.random.Generator], Sequence[Lesson]]:
    """Return what draws an epoch's lessons."""
    performances = groove.split("train")
    if not school.duets:
        solo = _deaf(lessons(performances, NOBODY))
        return lambda _: solo
    cymbals = lessons(performances, CYMBALS)

    def draw(chance: np.random.Generator) -> Sequence[Lesson]:
        made = list(cymbals)
        for performance in performances:
            if chance.random() < CHANCE_SHARE and (limbs := chance_limbs(performance, chance)):
                made += lessons([performance], limbs)
        return made

    return draw


def _validation(groove: Groove, school: School) -> list[Lesson]:
    chosen = [p for p in groove.split("validation") if p.in_follow]
    if not chosen:
        chosen = list(groove.split("validation"))
    return lessons(chosen, CYMBALS) if school.duets else _deaf(lessons(chosen, NOBODY))


def _deaf(made: list[Lesson]) -> list[Lesson]:
    """Blank the columns that only a musician fills, ages included."""
    for lesson in made:
        lesson.x[:, DIFF:] = 0.0
    return made


def _template(made: Sequence[Lesson]) -> Follow:
    return score((lesson, lesson.x[:, GROOVE] / OFFSET_SCALE) for lesson in made)


def _quantised(made: Sequence[Lesson]) -> Follow:
    return score((lesson, np.zeros(len(lesson), np.float32)) for lesson in made)


def _figures(name: str, result: Follow) -> dict[str, float]:
    """Return a result as figures; without a musician only what is said of the drummer."""
    said = asdict(result) if result.steps else {"drummer_mae_ms": result.drummer_mae_ms}
    return {f"{name}_{key}": float(value) for key, value in said.items()}


def _write_history(path: Path, training: Training) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["epoch", "loss_ms", "mae_ms", "sd_ms", "drummer_mae_ms", "seconds"])
    for e in training.history:
        v = e.validation
        row = (e.loss_ms, v.mae_ms, v.sd_ms, v.drummer_mae_ms, e.seconds)
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
