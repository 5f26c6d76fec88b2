"""Train the networks of the source `groove`: one with a memory, some without, and the autoencoder."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from pocket_core.errors import DataError
from pocket_core.phrases.groove_features import WIDTH
from pocket_core.phrases.hvo import COUNT
from pocket_export.recordings import Groove
from pocket_export.sources.fit import Batches, Fitting, Judge, Recipe, fit
from pocket_export.sources.grooves.alone_lessons import Varied, draw_alone
from pocket_export.sources.grooves.lessons import (
    BATCH,
    Habits,
    Weights,
    answers,
    batches,
    draw,
    loss,
    rarity,
    targets,
    varied,
)
from pocket_export.sources.grooves.own_memory import own_drums
from pocket_export.sources.grooves.parts import part_to
from pocket_export.sources.grooves.scores import Score, best_thresholds, score
from pocket_export.sources.grooves.vae_lessons import ASKED, Spread, vae_answers, vae_loss
from pocket_export.sources.grooves.windows import (
    Recording,
    View,
    Window,
    recordings,
    shown,
    tempos,
    windows,
)
from pocket_export.sources.order import Round, SourceOrder, Watch
from pocket_models.groove_transformer import GrooveTransformer, GrooveVAE

Array = NDArray[np.float32]

ANSWER = "answer"  # the network with a memory
ALONE = "two_bars"  # how windows are shown to those without
VIEWS = {  # how a window is shown when a model is chosen
    ALONE: View(remembers=False),
    "memory": View(),
    "live": View(from_before=True),
}
PARTS = "part"  # live, to a musician's part: told, but not gone by
SHARE_OF_MS = 1 / 50  # what a millisecond counts beside 1 - F1, where a model is chosen
FEW = 48  # windows of a smoke run
MEAN = 0.998  # of the weights: over about two epochs
EARLY = 2  # epochs before a model hears itself
ALONE_DROPOUT = 0.2
WEIGHTS = Weights(velocity=4.0, offset=4.0, rare=0.0)  # 0: a chance says how often, as drawing wants it
ALONE_WEIGHTS = Weights(velocity=2.0, offset=2.0, rare=0.0)
VAE_WEIGHTS = Weights(velocity=4.0, offset=4.0, rare=0.3)


@dataclass(frozen=True, slots=True)
class Size:
    """How large the networks are, and how long they learn."""

    width: int = 128
    ff: int = 256
    heads: int = 4
    layers: int = 5
    latent: int = 64
    vae_layers: int = 3
    together: int = 2  # networks without a memory, whose mean answers
    epochs: int = 16
    alone_epochs: int = 8  # of each
    vae_epochs: int = 10

    @property
    def all_epochs(self) -> int:
        """How many there are of all networks."""
        return self.epochs + self.together * self.alone_epochs + self.vae_epochs


SHIPS = Size()
QUICK = Size(16, 16, 2, 1, latent=8, vae_layers=1, together=2, epochs=1, alone_epochs=1, vae_epochs=1)


@dataclass(frozen=True, slots=True)
class Lessons:
    """What is learnt from and chosen by."""

    train: list[Window]
    y: Array  # (N, 32, 27)
    chosen_by: list[Window]
    chosen_y: Array
    seen: dict[str, Array]  # of `chosen_by`, by view, (N, 32, WIDTH)
    bpm: NDArray[np.float64]  # of `chosen_by`

    @property
    def recordings(self) -> list[Recording]:
        """What the windows to learn from are of, each once."""
        return list({window.recording.name: window.recording for window in self.train}.values())


@dataclass(frozen=True, slots=True)
class Bench:
    """Where networks are trained: all that is the same for each."""

    size: Size
    lessons: Lessons
    order: SourceOrder
    identity: str  # of the data

    def fit(
        self, name: str, net: nn.Module, lesson: tuple[Batches, Judge], recipe: Recipe, watch: Watch
    ) -> Fitting:
        """Train a network with a checkpoint of its own."""
        return fit(
            net,
            *lesson,
            recipe,
            watch=watch,
            checkpoint=self.checkpoint(name),
            resume=self.order.resume,
            identity=f"{name} {self.identity} {sum(p.numel() for p in net.parameters())}",
        )

    def checkpoint(self, name: str) -> Path:
        """Where a network's training is kept until all are done; the first one's is the order's own."""
        if name == ANSWER:
            return self.order.checkpoint
        return self.order.out / f"{self.order.name}.{name}.checkpoint.pt"

    @property
    def names(self) -> list[str]:
        """Of all networks."""
        return [ANSWER, *(_alone(n) for n in range(1, self.size.together + 1)), "autoencoder"]

    def drawn(self, number: int, network: int = 0) -> np.random.Generator:
        """Return the chance of an epoch of a network."""
        return np.random.default_rng((self.order.seed, number, network))

    def score(self, said: Array) -> Score:
        """Score what is said of the windows to choose by, with the thresholds that are best there."""
        real = self.lessons.chosen_y
        struck = said[..., :COUNT] >= best_thresholds(real, said[..., :COUNT])
        return score(real, said, struck, self.lessons.bpm)


def train_answer(bench: Bench, watch: Watch) -> tuple[GrooveTransformer, Fitting]:
    """Train the transformer with a memory, chosen by what it makes of the validation windows with theirs."""
    size, lessons = bench.size, bench.lessons
    net = _transformer(size, bench.order.seed)
    rare = rarity(lessons.y, WEIGHTS.rare)
    all_recordings, remembered = lessons.recordings, lessons.seen["memory"]

    def losses(number: int, chance: torch.Generator) -> tuple[int, Iterable[Tensor]]:
        drawn, own = bench.drawn(number), None
        if number > EARLY:
            thresholds = best_thresholds(lessons.chosen_y, answers(net, remembered)[..., :COUNT])
            own = own_drums(net, all_recordings, thresholds, drawn)
        x, y = varied(draw(lessons.train, Habits(), drawn, own), lessons.y, drawn)
        pairs = batches(x, y, chance)
        return _count(x), (loss(net(a), b, WEIGHTS, rare, a) for a, b in pairs)

    def judge() -> tuple[float, str]:
        figure, words = 0.0, []
        for name in ("memory", "live"):
            found = bench.score(answers(net, lessons.seen[name]))
            figure += _figure(found)
            words.append(f"{name} F1 {found.f1:.3f}, {found.mae_ms:.2f} ms")
        words.append(f"{PARTS} F1 {bench.score(answers(net, lessons.seen[PARTS])).f1:.3f}")
        return figure, "; ".join(words)

    recipe = Recipe(size.epochs, rate=1.2e-3, seed=bench.order.seed, average=MEAN)
    return net, bench.fit(ANSWER, net, (losses, judge), recipe, watch)


def train_alone(bench: Bench, watch: Watch) -> tuple[list[GrooveTransformer], list[Round]]:
    """Train networks for two bars without a memory, alike but for their luck; their mean is to answer."""
    size, lessons = bench.size, bench.lessons
    rare = rarity(lessons.y, ALONE_WEIGHTS.rare)
    nets, history = list[GrooveTransformer](), list[Round]()
    for number in range(1, size.together + 1):
        seed = bench.order.seed + number
        net = _transformer(size, seed, ALONE_DROPOUT)
        recipe = Recipe(size.alone_epochs, rate=1.2e-3, decay=0.02, seed=seed, average=MEAN)
        lesson = _alone_lesson(bench, net, number, rare)
        history += bench.fit(_alone(number), net, lesson, recipe, later(watch, len(history))).history
        nets.append(net)
    return nets, history


def train_vae(bench: Bench, watch: Watch) -> tuple[GrooveVAE, Fitting]:
    """Train the autoencoder, chosen by what comes back of the validation windows' grooves."""
    size, lessons = bench.size, bench.lessons
    torch.manual_seed(bench.order.seed)
    net = GrooveVAE(
        latent=size.latent,
        wanted=len(ASKED),
        width=size.width,
        ff=size.ff,
        heads=size.heads,
        layers=size.vae_layers,
    )
    rare, spread = rarity(lessons.y, VAE_WEIGHTS.rare), Spread()
    habits = Habits(remembers=0.0, style=0.5, density=0.5, musician=0.0, turns=(1.0,))

    def losses(number: int, chance: torch.Generator) -> tuple[int, Iterable[Tensor]]:
        x = draw(lessons.train, habits, bench.drawn(number))
        count = _count(x)
        pairs = enumerate(batches(x, lessons.y, chance))
        return count, (
            vae_loss(net, a, b, weights=VAE_WEIGHTS, rare=rare, kl=spread.at(number - 1 + n / count))
            for n, (a, b) in pairs
        )

    def judge() -> tuple[float, str]:
        said = vae_answers(net, lessons.seen[ALONE])
        found = bench.score(said.drums)
        figure = _figure(found) + said.kl * spread.most
        return figure, f"autoencoder F1 {found.f1:.3f}, {found.mae_ms:.2f} ms, {said.kl:.1f} nats"

    recipe = Recipe(size.vae_epochs, rate=1e-3, seed=bench.order.seed)
    return net, bench.fit("autoencoder", net, (losses, judge), recipe, watch)


def lessons_of(groove: Groove, *, quick: bool) -> Lessons:
    """Return the windows to learn from and to choose by, all of the data set or a few.

    Raises:
        DataError: There are none.
    """
    train = windows(recordings(groove.split("train")))
    chosen_by = windows(recordings(groove.split("validation")))
    if quick:
        train, chosen_by = train[:FEW], chosen_by[:FEW]
    if not train or not chosen_by:
        raise DataError("the data set lacks beats in 4/4 to learn from or to choose by; is it whole?")
    seen = {name: np.stack([shown(window, view) for window in chosen_by]) for name, view in VIEWS.items()}
    chance = np.random.default_rng(0)
    parts = [part_to(window.and_past(), chance) for window in chosen_by]
    live = VIEWS["live"]
    seen[PARTS] = np.stack([shown(w, live, part=part) for w, part in zip(chosen_by, parts, strict=True)])
    return Lessons(train, targets(train), chosen_by, targets(chosen_by), seen, tempos(chosen_by))


def later(watch: Watch, epochs: int) -> Watch:
    """Return a watch that counts on behind other epochs."""

    def told(share: float, done: Round | None) -> None:
        watch(share, None if done is None else replace(done, number=done.number + epochs))

    return told


def _transformer(size: Size, seed: int, dropout: float = 0.15) -> GrooveTransformer:
    torch.manual_seed(seed)
    return GrooveTransformer(
        WIDTH, width=size.width, ff=size.ff, heads=size.heads, layers=size.layers, dropout=dropout
    )


def _alone(number: int) -> str:
    return f"alone-{number}"


def _alone_lesson(bench: Bench, net: nn.Module, network: int, rare: Tensor) -> tuple[Batches, Judge]:
    def losses(number: int, chance: torch.Generator) -> tuple[int, Iterable[Tensor]]:
        x, y = draw_alone(bench.lessons.train, Varied(), bench.drawn(number, network))
        return _count(x), (loss(net(a), b, ALONE_WEIGHTS, rare) for a, b in batches(x, y, chance))

    def judge() -> tuple[float, str]:
        found = bench.score(answers(net, bench.lessons.seen[ALONE]))
        return _figure(found), f"alone F1 {found.f1:.3f}, {found.mae_ms:.2f} ms"

    return losses, judge


def _figure(found: Score) -> float:
    """Return what shall be small where weights are chosen."""
    return 1 - found.f1 + found.all_mae_ms * SHARE_OF_MS + found.velocity_mse


def _count(x: Array) -> int:
    return -(-len(x) // BATCH)
