"""Train a generator's network: AdamW along a cosine, the best weights kept, a checkpoint an epoch."""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any

import torch
from torch import Tensor, nn

from pocket_core.errors import DataError
from pocket_export.sources.order import Round, Watch
from pocketd.wholefile import write_whole

FORMAT = 2

#: From an epoch's number (from 1), and chance that is the same for the same number, to how many batches there
#: are, and the loss of each, computed when it is asked for.
Batches = Callable[[int, torch.Generator], tuple[int, Iterable[Tensor]]]
Judge = Callable[[], tuple[float, str]]  # on validation: what is to be made small, and the same in words


@dataclass(frozen=True, slots=True)
class Recipe:
    """How to train."""

    epochs: int
    rate: float = 1e-3  # AdamW, falling to 0 along a cosine, after a rise over the first epoch
    decay: float = 0.01
    clip: float = 1.0  # of the gradient's norm
    patience: int = 0  # epochs without a better figure before it ends; 0: it never ends early
    seed: int = 1
    keep_last: bool = False  # leave the last weights, not those that did best
    average: float = 0.0  # 0..1: how much of the running mean of the weights a step keeps; 0: there is none


@dataclass(slots=True)
class Fitting:
    """A training, under way or over."""

    recipe: Recipe
    identity: str  # of the data and all else that decides the weights; a checkpoint of another is refused
    history: list[Round] = field(default_factory=list)
    best: dict[str, Tensor] = field(default_factory=dict)
    best_figure: float = math.inf
    mean: dict[str, Tensor] = field(default_factory=dict)  # of the weights, if `recipe.average`
    steps: int = 0

    @property
    def seconds(self) -> float:
        """How long it has taken so far."""
        return sum(round_.seconds for round_ in self.history)

    @property
    def best_round(self) -> Round:
        """The epoch that the weights are of."""
        last = self.history[-1]
        return last if self.recipe.keep_last else min(self.history, key=lambda r: r.figure, default=last)

    @property
    def over(self) -> bool:
        """Whether the last epoch is done, or nothing has improved for too long."""
        done = len(self.history)
        stale = done - min((r.number for r in self.history if r.figure <= self.best_figure), default=done)
        return done >= self.recipe.epochs or 0 < self.recipe.patience <= stale


def fit(
    net: nn.Module,
    batches: Batches,
    judge: Judge,
    recipe: Recipe,
    *,
    watch: Watch,
    checkpoint: Path | None = None,
    resume: bool = False,
    identity: str = "",
) -> Fitting:
    """Train a network; it has its best weights afterwards, and is in evaluation mode.

    With `Recipe.average` the running mean of the weights is judged and kept (Polyak and Juditsky 1992; an
    exponential mean as Tarvainen and Valpola 2017), while the gradient goes on from the weights themselves.

    Args:
        net: What is trained; all of its parameters that want a gradient.
        batches: The losses of an epoch.
        judge: Called after each epoch, in evaluation mode and without gradients.
        recipe: How.
        watch: Called often.
        checkpoint: A file that is written after each epoch; None: none is. Whoever publishes removes it.
        resume: Go on where the checkpoint is, if there is one.
        identity: Of what decides the weights besides the recipe.

    Raises:
        DataError: The checkpoint is damaged, or of another training.
    """
    fitting = Fitting(recipe, identity)
    optimiser = torch.optim.AdamW(net.parameters(), lr=recipe.rate, weight_decay=recipe.decay)
    if resume and checkpoint is not None and checkpoint.exists():
        _restore(checkpoint, fitting, net, optimiser)
    while not fitting.over:
        _epoch(net, batches, judge, fitting=fitting, optimiser=optimiser, watch=watch)
        if checkpoint is not None:
            write_whole(checkpoint, _packed(fitting, net, optimiser))
    if fitting.best and not recipe.keep_last:
        net.load_state_dict(fitting.best)
    elif fitting.mean:
        net.load_state_dict(fitting.mean)
    net.eval()
    return fitting


def _epoch(
    net: nn.Module,
    batches: Batches,
    judge: Judge,
    *,
    fitting: Fitting,
    optimiser: torch.optim.Optimizer,
    watch: Watch,
) -> None:
    began, recipe, number = perf_counter(), fitting.recipe, len(fitting.history) + 1
    seed = recipe.seed * 100_003 + number
    torch.manual_seed(seed)  # dropout, and noise in the net
    count, losses = batches(number, torch.Generator().manual_seed(seed))
    net.train()
    total = 0.0
    for n, loss in enumerate(losses):
        for group in optimiser.param_groups:
            group["lr"] = recipe.rate * _slope((number - 1 + n / count), recipe.epochs)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(net.parameters(), recipe.clip)
        optimiser.step()
        _average(fitting, net)
        total += float(loss.detach())
        watch((n + 1) / count, None)
    net.eval()
    own = _copied(net) if fitting.mean else {}
    if own:
        net.load_state_dict(fitting.mean)
    with torch.no_grad():
        figure, words = judge()
    if figure < fitting.best_figure:
        fitting.best_figure = figure
        fitting.best = _copied(net)
    if own:
        net.load_state_dict(own)
    done = Round(number, total / max(count, 1), figure, words, perf_counter() - began)
    fitting.history.append(done)
    watch(1.0, done)


@torch.no_grad()
def _average(fitting: Fitting, net: nn.Module) -> None:
    """Take a step's weights into their mean; at first it follows fast, that the random ones are forgotten."""
    if not fitting.recipe.average:
        return
    fitting.steps += 1
    new = 1 - min(fitting.recipe.average, (1 + fitting.steps) / (10 + fitting.steps))
    for name, value in net.state_dict().items():
        if name not in fitting.mean or not value.is_floating_point():
            fitting.mean[name] = value.detach().clone()
        else:
            fitting.mean[name].lerp_(value, new)


def _copied(net: nn.Module) -> dict[str, Tensor]:
    return {name: value.detach().clone() for name, value in net.state_dict().items()}


def _slope(epoch: float, epochs: int) -> float:
    """Return the share of the rate at a moment, counted in epochs from 0."""
    rise = min(1.0, 0.1 + epoch)  # over the first epoch
    return rise * 0.5 * (1 + math.cos(math.pi * min(epoch / epochs, 1.0)))


def _packed(fitting: Fitting, net: nn.Module, optimiser: torch.optim.Optimizer) -> bytes:
    content = io.BytesIO()
    held = {
        "format": FORMAT,
        "recipe": asdict(fitting.recipe),
        "identity": fitting.identity,
        "history": [asdict(round_) for round_ in fitting.history],
        "best": fitting.best,
        "best_figure": fitting.best_figure,
        "mean": fitting.mean,
        "steps": fitting.steps,
        "net": net.state_dict(),
        "optimiser": optimiser.state_dict(),
    }
    torch.save(held, content)
    return content.getvalue()


def _restore(path: Path, fitting: Fitting, net: nn.Module, optimiser: torch.optim.Optimizer) -> None:
    try:
        held: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
        same = held["format"] == FORMAT and Recipe(**held["recipe"]) == fitting.recipe
        if not same or held["identity"] != fitting.identity:
            raise DataError(f"checkpoint {path} is of another training; train without --resume")
        net.load_state_dict(held["net"])
        optimiser.load_state_dict(held["optimiser"])
        fitting.history = [Round(**round_) for round_ in held["history"]]
        fitting.best, fitting.best_figure = held["best"], held["best_figure"]
        own = net.state_dict()
        fitting.mean = {name: value.to(own[name].device) for name, value in held["mean"].items()}
        fitting.steps = held["steps"]
    except DataError:
        raise
    except Exception as error:  # torch raises whatever its reader trips over; all of it means damage
        raise DataError(
            f"checkpoint {path} is damaged or of another version of pocketd; train without --resume"
        ) from error
