"""The models that ship, from the Groove dataset to files: lessons, training, and what is published of it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import torch

from pocket_core.errors import DataError
from pocket_export.groove import TITLE, Groove
from pocket_export.lesson import Lesson
from pocket_export.parallel import ALONE, Company
from pocket_export.publish import publish
from pocket_export.schools import SCHOOLS, School, drawing, validation
from pocket_export.train import Draw, Origin, Recipe, Watch, train
from pocket_export.train_log import TrainLog

#: What decides the weights, from the root of the source tree.
DECISIVE = (
    "export/pocket_export",
    "models/pocket_models/network.py",
    "models/pocket_models/cells.py",
    "models/pocket_models/saying.py",
    "models/pocket_models/lstm.py",
    "models/pocket_models/follower.py",
    "models/pocket_models/seq2seq.py",
    "models/pocket_models/bar_vae.py",
    "models/pocket_models/drum_rnn.py",
    "models/pocket_models/pattern_space.py",
    "models/pocket_models/groove_transformer.py",
    "core/pocket_core/phrases",
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
    most: int = 0  # files of each split at most; 0: all
    without: str = ""  # the drummer who is left out; empty: nobody
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))
    log: Path | None = None  # the folder for TensorBoard; None: nothing is logged

    @property
    def checkpoint(self) -> Path:
        """Where the training is kept until it is done."""
        return self.out / f"{self.name}.checkpoint.pt"


def pretrain(order: Order, groove: Groove | None, watch: Watch, company: Company = ALONE) -> Path | None:
    """Train a model, export it, check it against its network and write it with its card and history.

    A checkpoint lies beside the model until it is done.

    Args:
        order: What to make; the same in every process.
        groove: What to learn from; the first process's alone.
        watch: Called often.
        company: Who trains together.

    Returns:
        The path of the .onnx file; None where another process has written it.

    Raises:
        DataError: A data set without the files that are needed, or a checkpoint that does not fit.
        ParityError: The export is not the network; nothing is written.
        CompanyError: Another process has gone.
    """
    school = SCHOOLS[order.name]
    torch.manual_seed(order.recipe.seed)
    net = school.build(order.recipe).to(order.device)
    chosen_by: Sequence[Lesson] = () if groove is None else validation(school, groove.split("validation"))
    if groove is not None and not (chosen_by and groove.split("train")):
        raise DataError(
            "the data set lacks files to train on or to choose by; `pocketd data show` tells which"
        )
    log = TrainLog(order.log / order.name) if order.log is not None and company.leads else None
    try:
        with _drawing(school, groove, order.recipe.seed) as draw:
            training = train(
                net,
                draw,
                chosen_by,
                order.recipe,
                checkpoint=order.checkpoint,
                resume=order.resume,
                watch=watch,
                origin=_origin(order, groove, len(chosen_by)),
                company=company,
                log=log,
            )
    finally:
        if log is not None:
            log.close()
    if not company.leads:
        return None
    net.cpu()
    path = publish(training, chosen_by, order.out)
    order.checkpoint.unlink()
    return path


@contextmanager
def _drawing(school: School, groove: Groove | None, seed: int) -> Iterator[Draw]:
    if groove is None:
        yield lambda _: ()
        return
    with drawing(school, groove.split("train"), seed) as draw:
        yield draw


def _origin(order: Order, groove: Groove | None, chosen_by: int) -> Origin:
    """Return what the first process says of where the training comes from; the others are not asked."""
    if groove is None:
        return Origin()
    left_out = f", without {order.without}" if order.without else ""
    return Origin(
        model=order.name,
        command=order.command,
        commit=commit_of_source(),
        data=f"{TITLE}, {len(groove.split('train'))} files to train on, {chosen_by} to choose by{left_out}",
        data_sha256=groove.sha256,
        contents_sha256=groove.contents,
        most=order.most,
        without=order.without,
    )


def commit_of_source() -> str:
    """Return the commit of the source tree, marked where what decides the weights differs from it."""
    root = Path(__file__).parents[2]

    def git(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(["git", "-C", str(root), *words], capture_output=True, text=True, check=False)

    commit = git("rev-parse", "--short=12", "HEAD").stdout.strip()
    if not commit:
        return "unknown"
    return commit + "-dirty" * (git("diff", "--quiet", "HEAD", "--", *DECISIVE).returncode != 0)
