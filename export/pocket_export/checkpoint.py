"""A training as a file: to go on where it broke off, or to make a model of what it has reached."""

from __future__ import annotations

import io
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from pocket_core.errors import DataError
from pocket_export.evaluate import Follow
from pocket_export.losses import Weights
from pocket_export.training import Epoch, Origin, Recipe, Training
from pocketd.wholefile import write_whole

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What such a file holds."""

    recipe: Recipe
    origin: Origin
    history: list[Epoch]
    updates: int
    best: dict[str, Tensor]
    best_ms: float
    net: dict[str, Tensor]  # the weights it goes on with
    optimiser: dict[str, Any]  # torch's own

    def restore(self, training: Training, optimiser: torch.optim.Optimizer) -> None:
        """Bring a training to where this one was.

        Raises:
            DataError: It is another training.
        """
        if self.recipe != training.recipe:
            raise DataError(
                f"the checkpoint is of {self.recipe}, asked is {training.recipe}; train without --resume"
            )
        was, now = self.origin, training.origin
        for what, before, after in (
            ("model", was.model, now.model),
            ("data", was.contents_sha256, now.contents_sha256),
            ("number of files a split", was.most, now.most),
            ("drummer left out", was.without, now.without),
        ):
            if before != after:
                raise DataError(
                    f"the checkpoint's {what}: {before or 'none'}, asked: {after or 'none'}; "
                    "train without --resume"
                )
        try:
            training.net.load_state_dict(self.net)
            optimiser.load_state_dict(self.optimiser)
        except Exception as error:  # torch raises whatever it trips over; all of it means another network
            raise DataError(
                f"the checkpoint is of another {now.model} than this build's; train without --resume"
            ) from error
        training.best, training.best_ms = self.best, self.best_ms
        training.history, training.updates = list(self.history), self.updates
        training.origin = _joined(was, now)


def pack(training: Training, optimiser: torch.optim.Optimizer) -> bytes:
    """Return a training as the content of a file."""
    content = io.BytesIO()
    torch.save(
        {
            "format": FORMAT,
            "recipe": asdict(training.recipe),
            "origin": asdict(training.origin),
            "history": [asdict(epoch) for epoch in training.history],
            "updates": training.updates,
            "best": training.best,
            "best_ms": training.best_ms,
            "net": training.net.state_dict(),
            "optimiser": optimiser.state_dict(),
        },
        content,
    )
    return content.getvalue()


def write(path: Path, training: Training, optimiser: torch.optim.Optimizer) -> None:
    """Write a training whole, or leave what was there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, pack(training, optimiser))


def read(path: Path) -> bytes:
    """Return the content of a checkpoint.

    Raises:
        DataError: It cannot be read.
    """
    try:
        if path.exists() and not path.is_file():
            raise DataError(f"checkpoint {path} is no file; name the NAME.checkpoint.pt that a training left")
        return path.read_bytes()
    except FileNotFoundError as error:
        raise DataError(
            f"there is no checkpoint {path}; only a training that broke off leaves one, others their model"
        ) from error
    except OSError as error:
        raise DataError(f"checkpoint {path} cannot be read: {error.strerror}") from error


def unpack(content: bytes, path: Path) -> Checkpoint:
    """Return what a checkpoint holds; its tensors are on the CPU.

    Args:
        content: As `pack` returns it.
        path: Where it comes from, for what is said of it.

    Raises:
        DataError: Damaged, or of another version.
    """
    try:
        held: dict[str, Any] = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
        if held["format"] != FORMAT:
            raise DataError(f"checkpoint {path} is of format {held['format']}, this build reads {FORMAT}")
        recipe, history = held["recipe"], held["history"]
        if not history:
            raise DataError(f"checkpoint {path} has no epoch in it; train without --resume")
        return Checkpoint(
            recipe=Recipe(**{**recipe, "weights": Weights(**recipe["weights"])}),
            origin=Origin(**held["origin"]),
            history=[Epoch(**{**epoch, "validation": Follow(**epoch["validation"])}) for epoch in history],
            **{name: held[name] for name in ("updates", "best", "best_ms", "net", "optimiser")},
        )
    except DataError:
        raise
    except Exception as error:  # torch raises whatever its reader trips over; all of it means damage
        raise DataError(
            f"checkpoint {path} is damaged or of another version of pocketd; train without --resume"
        ) from error


def _joined(was: Origin, now: Origin) -> Origin:
    """Return the origin of a training that went on; code that has changed meanwhile is named as well."""
    if was.commit == now.commit or was.commit.endswith(f"+{now.commit}"):
        return was
    return Origin(**{**asdict(was), "commit": f"{was.commit}+{now.commit}"})
