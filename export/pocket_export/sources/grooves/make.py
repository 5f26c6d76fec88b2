"""Make the source `groove` that ships: the transformer that answers, and the autoencoder between grooves."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from pocket_core.errors import DataError
from pocket_core.phrases.groove_features import STEPS, VERSION, WIDTH
from pocket_core.phrases.hvo import COUNT
from pocket_core.voices import VOICES
from pocket_export.groove import LICENCE, TITLE
from pocket_export.recordings import Groove
from pocket_export.sources.fit import Fitting, Recipe, fit
from pocket_export.sources.graph_files import Exported, Graph, SourceCard, export_graph, write_source
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
)
from pocket_export.sources.grooves.scores import Score, best_thresholds, score
from pocket_export.sources.grooves.vae_lessons import ASKED, Said, Spread, split, vae_answers, vae_loss
from pocket_export.sources.grooves.windows import View, Window, recordings, shown, windows
from pocket_export.sources.order import Round, SourceOrder, Watch
from pocket_models.groove_transformer import GrooveTransformer, GrooveVAE

Array = NDArray[np.float32]

VIEWS = {  # how a window is shown when a model is chosen
    "two_bars": View(remembers=False),
    "memory": View(),
    "live": View(from_before=True),
}
SHARE_OF_MS = 1 / 50  # what a millisecond counts beside 1 - F1, where a model is chosen
MOST_PERCENTILE = 99.5  # of the strokes of a voice in two bars: more are never struck
FEW = 48  # windows of a smoke run


@dataclass(frozen=True, slots=True)
class Size:
    """How large both networks are, and how long they learn."""

    width: int = 128
    ff: int = 256
    heads: int = 4
    layers: int = 5
    latent: int = 64
    vae_layers: int = 3
    epochs: int = 20
    vae_epochs: int = 12


SHIPS = Size()
QUICK = Size(width=16, ff=16, heads=2, layers=1, latent=8, vae_layers=1, epochs=1, vae_epochs=1)
EPOCHS = SHIPS.epochs + SHIPS.vae_epochs
WEIGHTS = Weights(velocity=4.0, offset=4.0, rare=0.3)


@dataclass(frozen=True, slots=True)
class Lessons:
    """What is learnt from and chosen by."""

    train: list[Window]
    y: Array  # (N, 32, 27)
    chosen_by: list[Window]
    chosen_y: Array
    seen: dict[str, Array]  # of `chosen_by`, by view, (N, 32, WIDTH)
    bpm: NDArray[np.float64]  # of `chosen_by`


class Answer(nn.Module):
    """The transformer with its hits as chances."""

    def __init__(self, net: GrooveTransformer) -> None:
        super().__init__()
        self.net = net

    def forward(self, x: Tensor) -> Tensor:
        """Return `(1, 32, 27)` of `(1, 32, WIDTH)`."""
        return _chances(self.net(x))


class Encode(nn.Module):
    """A groove to the mean of its code."""

    def __init__(self, net: GrooveVAE) -> None:
        super().__init__()
        self.net = net

    def forward(self, groove: Tensor) -> Tensor:
        """Return `(1, z)` of `(1, 32, 3)`."""
        return self.net.encode(groove)[0]


class Decode(nn.Module):
    """A code, and what is asked for, to drums."""

    def __init__(self, net: GrooveVAE) -> None:
        super().__init__()
        self.net = net

    def forward(self, z: Tensor, wanted: Tensor) -> Tensor:
        """Return `(1, 32, 27)`."""
        return _chances(self.net.decode(z, wanted))


def make(order: SourceOrder, groove: Groove, watch: Watch) -> Path:
    """Train both networks, export them, check them and write them with their card; return the card's path.

    Raises:
        DataError: A data set without windows to learn from or to choose by, or a checkpoint that does not
        fit. ParityError: A graph is not its network; nothing is written.
    """
    size = QUICK if order.quick else SHIPS
    if order.epochs is not None:
        size = replace(size, epochs=order.epochs, vae_epochs=order.epochs)
    lessons = _lessons(groove, quick=order.quick)
    identity = f"{groove.contents} {order.without} {len(lessons.train)} {size}"
    net, fitting = train_answer(size, lessons, order, watch, identity)
    shift = _later(watch, len(fitting.history))
    vae, vae_fitting = train_vae(size, lessons, order, shift, identity)
    said = answers(net, lessons.seen["memory"])
    thresholds = best_thresholds(lessons.chosen_y, said[..., :COUNT])
    there = vae_answers(vae, lessons.seen["two_bars"])
    decoder = best_thresholds(lessons.chosen_y, there.drums[..., :COUNT])
    card = SourceCard(
        name=order.name,
        kind="groove",
        title="A musician's groove to drums: a transformer with a memory, and an autoencoder of grooves.",
        licence=LICENCE,
        data=f"{TITLE}, {len(lessons.train)} windows of two bars to learn from, "
        f"{len(lessons.chosen_by)} to choose by",
        contents_sha256=groove.contents,
        command=order.command,
        seed=order.seed,
        commit=order.commit,
        wall_seconds=round(fitting.seconds + vae_fitting.seconds, 1),
        figures=_figures(net, lessons, thresholds, there, decoder),
        settings={
            "features_version": VERSION,
            "width": WIDTH,
            "thresholds": _rounded(thresholds),
            "decoder_thresholds": _rounded(decoder),
            "most": [int(n) for n in _most(lessons.y)],
            "latent_mean": _rounded(there.codes.mean(0)),
            "latent_sd": _rounded(there.codes.std(0)),
        },
    )
    exported = _exported(net, vae, size, lessons, there)
    path = write_source(order.out, card, exported, [*fitting.history, *vae_fitting.history])
    order.checkpoint.unlink(missing_ok=True)
    _vae_checkpoint(order).unlink(missing_ok=True)
    return path


def train_answer(
    size: Size, lessons: Lessons, order: SourceOrder, watch: Watch, identity: str
) -> tuple[GrooveTransformer, Fitting]:
    """Train the transformer, chosen by all views of the validation windows."""
    torch.manual_seed(order.seed)
    net = GrooveTransformer(WIDTH, width=size.width, ff=size.ff, heads=size.heads, layers=size.layers)
    rare = rarity(lessons.y, WEIGHTS.rare)

    def losses(number: int, chance: torch.Generator) -> tuple[int, Iterable[Tensor]]:
        x = draw(lessons.train, Habits(), np.random.default_rng((order.seed, number)))
        pairs = batches(x, lessons.y, chance)
        return -(-len(x) // BATCH), (loss(net(a), b, WEIGHTS, rare) for a, b in pairs)

    def judge() -> tuple[float, str]:
        figure, words = 0.0, []
        for name, x in lessons.seen.items():
            found = _score(lessons, answers(net, x))
            figure += 1 - found.f1 + found.all_mae_ms * SHARE_OF_MS + found.velocity_mse
            words.append(f"{name} F1 {found.f1:.3f}, {found.mae_ms:.2f} ms")
        return figure, "; ".join(words)

    recipe = Recipe(size.epochs, rate=1.2e-3, seed=order.seed)
    fitting = fit(
        net,
        losses,
        judge,
        recipe,
        watch=watch,
        checkpoint=order.checkpoint,
        resume=order.resume,
        identity=identity,
    )
    return net, fitting


def train_vae(
    size: Size, lessons: Lessons, order: SourceOrder, watch: Watch, identity: str
) -> tuple[GrooveVAE, Fitting]:
    """Train the autoencoder, chosen by what comes back of the validation windows' grooves."""
    torch.manual_seed(order.seed)
    net = GrooveVAE(
        latent=size.latent,
        wanted=len(ASKED),
        width=size.width,
        ff=size.ff,
        heads=size.heads,
        layers=size.vae_layers,
    )
    rare, spread = rarity(lessons.y, WEIGHTS.rare), Spread()
    habits = Habits(remembers=0.0, style=0.5, density=0.5)

    def losses(number: int, chance: torch.Generator) -> tuple[int, Iterable[Tensor]]:
        x = draw(lessons.train, habits, np.random.default_rng((order.seed, number)))
        count = -(-len(x) // BATCH)
        pairs = enumerate(batches(x, lessons.y, chance))
        return count, (
            vae_loss(net, a, b, weights=WEIGHTS, rare=rare, kl=spread.at(number - 1 + n / count))
            for n, (a, b) in pairs
        )

    def judge() -> tuple[float, str]:
        said = vae_answers(net, lessons.seen["two_bars"])
        found = _score(lessons, said.drums)
        figure = 1 - found.f1 + found.all_mae_ms * SHARE_OF_MS + found.velocity_mse + said.kl * spread.most
        return figure, f"autoencoder F1 {found.f1:.3f}, {found.mae_ms:.2f} ms, {said.kl:.1f} nats"

    fitting = fit(
        net,
        losses,
        judge,
        Recipe(size.vae_epochs, rate=1e-3, seed=order.seed),
        watch=watch,
        checkpoint=_vae_checkpoint(order),
        resume=order.resume,
        identity=identity,
    )
    return net, fitting


def _lessons(groove: Groove, *, quick: bool) -> Lessons:
    train = windows(recordings(groove.split("train")))
    chosen_by = windows(recordings(groove.split("validation")))
    if quick:
        train, chosen_by = train[:FEW], chosen_by[:FEW]
    if not train or not chosen_by:
        raise DataError("the data set lacks beats in 4/4 to learn from or to choose by; is it whole?")
    seen = {name: np.stack([shown(window, view) for window in chosen_by]) for name, view in VIEWS.items()}
    bpm = np.array([window.recording.bpm for window in chosen_by])
    return Lessons(train, targets(train), chosen_by, targets(chosen_by), seen, bpm)


def _score(lessons: Lessons, said: Array) -> Score:
    struck = said[..., :COUNT] >= best_thresholds(lessons.chosen_y, said[..., :COUNT])
    return score(lessons.chosen_y, said, struck, lessons.bpm)


def _figures(
    net: GrooveTransformer, lessons: Lessons, thresholds: Array, there: Said, decoder: Array
) -> dict[str, float]:
    figures: dict[str, float] = {}
    for name, x in lessons.seen.items():
        said = answers(net, x)
        found = score(lessons.chosen_y, said, said[..., :COUNT] >= thresholds, lessons.bpm)
        figures |= _of(f"validation_{name}", found)
    struck = there.drums[..., :COUNT] >= decoder
    figures |= _of("validation_autoencoder", score(lessons.chosen_y, there.drums, struck, lessons.bpm))
    return {**figures, "validation_autoencoder_kl_nats": there.kl}


def _of(name: str, found: Score) -> dict[str, float]:
    voices = {f"{name}_f1_{v.replace(' ', '_')}": f1 for v, f1 in zip(VOICES, found.voice_f1, strict=True)}
    return {
        f"{name}_f1": found.f1,
        **voices,
        f"{name}_mae_ms": found.mae_ms,
        f"{name}_velocity_mse": found.velocity_mse,
        f"{name}_offset_sd": found.offset_sd,
    }


def _exported(
    net: GrooveTransformer, vae: GrooveVAE, size: Size, lessons: Lessons, there: Said
) -> list[Exported]:
    x = lessons.seen["memory"][:4]
    grooves, wanted = split(lessons.seen["two_bars"][:4])
    drums, code = (1, STEPS, 3 * COUNT), (1, size.latent)
    return [
        export_graph(
            Graph("answer", Answer(net), {"x": (1, STEPS, WIDTH)}, {"said": drums}),
            [{"x": row[None]} for row in x],
        ),
        export_graph(
            Graph("encode", Encode(vae), {"groove": (1, STEPS, 3)}, {"mean": code}),
            [{"groove": row[None]} for row in grooves],
        ),
        export_graph(
            Graph("decode", Decode(vae), {"z": code, "wanted": (1, STEPS, len(ASKED))}, {"said": drums}),
            [{"z": z[None], "wanted": w[None]} for z, w in zip(there.codes[:4], wanted, strict=True)],
        ),
    ]


def _most(y: Array) -> NDArray[np.int64]:
    counts = y[..., :COUNT].sum(1)
    usual = np.ceil(np.percentile(counts, MOST_PERCENTILE, axis=0))
    most: NDArray[np.int64] = np.maximum(usual, 1).astype(np.int64)
    return most


def _chances(said: Tensor) -> Tensor:
    return torch.cat([said[..., :COUNT].sigmoid(), said[..., COUNT:]], -1)


def _later(watch: Watch, epochs: int) -> Watch:
    """Return a watch that counts on behind other epochs."""

    def told(share: float, done: Round | None) -> None:
        watch(share, None if done is None else replace(done, number=done.number + epochs))

    return told


def _vae_checkpoint(order: SourceOrder) -> Path:
    return order.out / f"{order.name}.autoencoder.checkpoint.pt"


def _rounded(values: Array) -> list[float]:
    return [round(float(value), 5) for value in values]
