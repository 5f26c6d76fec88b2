"""Make the source `continue` that ships: one network of the whole kit, and a small one of one drum."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from pocket_core.errors import DataError
from pocket_core.phrases.hvo import A_BAR, COUNT, Cells
from pocket_core.phrases.settling import Settling
from pocket_core.phrases.step_features import VELOCITIES, VERSION, WIDTH, feature_rows, velocity_rows
from pocket_core.phrases.steps import BITS, SYMBOLS
from pocket_export.groove import LICENCE, TITLE
from pocket_export.recordings import Groove
from pocket_export.sources.continuing.data import ROCK, Track, one_drum_tracks, tracks
from pocket_export.sources.continuing.figures import Figures, figures_of
from pocket_export.sources.continuing.learn_feel import learn_feel, strays, whole_cells
from pocket_export.sources.continuing.lessons import Read, lesson_count, lessons, loss, perplexity, read
from pocket_export.sources.continuing.reading import logits_by_graphs, settled_nats
from pocket_export.sources.continuing.samples import settled
from pocket_export.sources.continuing.settle import learn_settling
from pocket_export.sources.fit import Fitting, Recipe, fit
from pocket_export.sources.graph_files import Exported, Graph, SourceCard, export_graph, write_source
from pocket_export.sources.order import Round, SourceOrder, Watch
from pocket_models.drum_rnn import PocketDrums
from pocketd.generators.graphs import Graphs, load_graphs
from pocketd.generators.speaker import LAYERS, Speaker

FEW = 4  # tracks of a smoke run
TRIED_STEPS = (1, 2 * A_BAR, 1)  # that graph and network are compared on


@dataclass(frozen=True, slots=True)
class Size:
    """How large a network is, and how it learns."""

    units: int
    epochs: int
    dropout: float = 0.4
    rate: float = 2e-3
    vary: bool = True  # learn from tracks as other kits would play them


SHIPS, SHIPS_ONE = Size(128, 20), Size(48, 8)
QUICK = Size(8, 1)
EPOCHS = SHIPS.epochs + SHIPS_ONE.epochs


class Step(nn.Module):
    """Steps to what comes after each, and the state after the last."""

    def __init__(self, net: PocketDrums) -> None:
        super().__init__()
        self.net = net

    def forward(self, x: Tensor, state: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return logits `(B, T, 512)`, `(B, T, units)` and the state `(2, B, units)`."""
        logits, mixed, after = self.net(x, state)
        return logits, mixed, after


class Velocity(nn.Module):
    """What was said to how hard it is struck."""

    def __init__(self, net: PocketDrums) -> None:
        super().__init__()
        self.net = net

    def forward(self, mixed: Tensor, struck: Tensor, before: Tensor) -> tuple[Tensor, Tensor]:
        """Return mean and spread, `(N, 9)` each."""
        return self.net.velocities(mixed, struck, before)


def make(order: SourceOrder, groove: Groove, watch: Watch) -> Path:
    """Train both networks, export them, check them and write them with their card; return the card's path.

    Raises:
        DataError: A data set without tracks to learn from or to choose by, or a checkpoint that does not fit.
        ParityError: A graph is not its network; nothing is written.
    """
    learnt, chosen_by = tracks(groove.split("train")), tracks(groove.split("validation"))
    if order.quick:
        learnt, chosen_by = learnt[:FEW], chosen_by[:FEW]
    if not learnt or not chosen_by:
        raise DataError("the data set lacks beats of seven bars in 4/4 to learn from or to choose by")
    size, one_size = (QUICK, QUICK) if order.quick else (SHIPS, SHIPS_ONE)
    if order.epochs is not None:
        size, one_size = replace(size, epochs=order.epochs), replace(one_size, epochs=order.epochs)
    identity = f"{groove.contents} {order.without} {len(learnt)}"
    net, fitting = train_drums(
        size,
        learnt,
        chosen_by,
        seed=order.seed,
        watch=watch,
        checkpoint=order.checkpoint,
        resume=order.resume,
        identity=identity,
    )
    one_checkpoint = order.out / f"{order.name}.one.checkpoint.pt"
    one, one_fitting = train_drums(
        one_size,
        one_drum_tracks(learnt),
        one_drum_tracks(chosen_by),
        seed=order.seed,
        watch=_later(watch, len(fitting.history)),
        checkpoint=one_checkpoint,
        resume=order.resume,
        identity=f"one {identity}",
    )
    card = SourceCard(
        name=order.name,
        kind="continue",
        title="A language model of drums, sixteenth by sixteenth, that goes on from what was played.",
        licence=LICENCE,
        data=f"{TITLE}, {len(learnt)} tracks in 4/4 to learn from, {len(chosen_by)} to choose by",
        contents_sha256=groove.contents,
        command=order.command,
        seed=order.seed,
        commit=order.commit,
        wall_seconds=round(fitting.seconds + one_fitting.seconds, 1),
        figures={
            "epochs": len(fitting.history),
            "best_epoch": fitting.best_round.number,
            **_figures("validation", net, chosen_by),
            **_figures("validation_one_drum", one, one_drum_tracks(chosen_by)),
        },
        settings={"features_version": VERSION, "width": WIDTH},
    )
    played = {name: whole_cells(groove.split(name)) for name in ("train", "validation")}
    card = _felt(card, played["train"], played["validation"])
    exported = [*_exported("", net, chosen_by[0]), *_exported("one_", one, one_drum_tracks(chosen_by)[0])]
    history = [*fitting.history, *one_fitting.history]
    path = write_source(order.out, card, exported, history)
    path = write_source(order.out, _settled(card, path, learnt, chosen_by), exported, history)
    order.checkpoint.unlink(missing_ok=True)
    one_checkpoint.unlink(missing_ok=True)
    return path


def _felt(card: SourceCard, learnt: Sequence[Cells], chosen_by: Sequence[Cells]) -> SourceCard:
    """Return the card with where strokes lie within their sixteenth."""
    feel = learn_feel(learnt)
    off, straight = strays(feel, chosen_by)
    figures = {"validation_offset_mse": off, "validation_offset_mse_straight": straight}
    settings = {**card.settings, "feel": feel.told()}
    return replace(card, figures={**card.figures, **figures}, settings=settings)


def _settled(card: SourceCard, path: Path, learnt: Sequence[Track], chosen_by: Sequence[Track]) -> SourceCard:
    """Return the card with how drums settle, learnt, and with bars copied as often as real ones repeat."""
    graphs = load_graphs("continue", path)
    chain, one_chain = _chain(graphs, learnt), _chain(graphs, one_drum_tracks(learnt), one_drum=True)

    def settings(more: float) -> dict[str, Any]:
        told = {"step": {**chain.told(), "more": more}, "one_step": {**one_chain.told(), "more": 1.0}}
        return {**card.settings, "settling": told}

    def speaker(more: float) -> Speaker:
        return Speaker(graphs.told(settings(more)))

    more, found, wanted = settled(speaker, chosen_by, card.seed)
    nats = settled_nats(graphs, chosen_by, chain.more(more))
    rock = [n for n, track in zip(nats, chosen_by, strict=True) if track.setting.style == ROCK]
    figures = {
        "validation_settled_perplexity": float(np.exp(np.concatenate(nats).mean())),
        **(
            {"validation_settled_rock_perplexity": float(np.exp(np.concatenate(rock).mean()))} if rock else {}
        ),
        "validation_bars_repeated": found.exact,
        "validation_bars_repeated_real": wanted.exact,
        "validation_bars_repeated_of_four": found.exact_of_four,
        "validation_bars_repeated_of_four_real": wanted.exact_of_four,
        "validation_like_the_bar_before": found.alike,
        "validation_like_the_bar_before_real": wanted.alike,
    }
    return replace(card, figures={**card.figures, **figures}, settings=settings(more))


def _chain(graphs: Graphs, learnt: Sequence[Track], *, one_drum: bool = False) -> Settling:
    return learn_settling(
        (track.steps, logits_by_graphs(graphs, track, one_drum=one_drum)) for track in learnt
    )


def train_drums(
    size: Size,
    learnt: Sequence[Track],
    chosen_by: Sequence[Track],
    *,
    seed: int,
    watch: Watch,
    checkpoint: Path | None = None,
    resume: bool = False,
    identity: str = "",
) -> tuple[PocketDrums, Fitting]:
    """Train one of ours; chosen by the perplexity of all styles, and by that of rock, of other tracks.

    Raises:
        DataError: The checkpoint is of another training.
    """
    torch.manual_seed(seed)
    net = PocketDrums(size.units, size.dropout)

    def losses(number: int, _: torch.Generator) -> tuple[int, Iterable[Tensor]]:
        drawn = np.random.default_rng((seed, number))
        return lesson_count(learnt), (loss(net, one) for one in lessons(learnt, drawn, vary=size.vary))

    def judge() -> tuple[float, str]:
        reads = [read(net, track) for track in chosen_by]
        rock = of_style(reads, chosen_by, ROCK) or reads
        figure = (np.log(perplexity(reads)) + np.log(perplexity(rock))) / 2
        words = f"perplexity {perplexity(reads):.3f}, of rock {perplexity(rock):.3f}"
        return float(figure), words

    fitting = fit(
        net,
        losses,
        judge,
        Recipe(size.epochs, rate=size.rate, seed=seed),
        watch=watch,
        checkpoint=checkpoint,
        resume=resume,
        identity=f"{size} {identity}",
    )
    return net, fitting


def of_style(reads: Sequence[Read], of: Sequence[Track], style: str) -> list[Read]:
    """Return those of a style."""
    return [one for one, track in zip(reads, of, strict=True) if track.setting.style == style]


def _figures(name: str, net: PocketDrums, chosen_by: Sequence[Track]) -> dict[str, float]:
    reads = [read(net, track) for track in chosen_by]
    found: Figures = figures_of(reads, chosen_by)
    rock = of_style(reads, chosen_by, ROCK)
    return {
        f"{name}_perplexity": found.perplexity,
        **({f"{name}_rock_perplexity": perplexity(rock)} if rock else {}),
        f"{name}_accuracy": found.accuracy,
        f"{name}_velocity_mse": found.velocity_mse,
    }


def _exported(name: str, net: PocketDrums, track: Track) -> list[Exported]:
    units = net.units
    rows = feature_rows(track.steps.symbols, track.setting)[1:-1]
    state = np.zeros((LAYERS, 1, units), np.float32)
    tries = [{"x": rows[None, :count], "state": state} for count in TRIED_STEPS]
    with torch.no_grad():
        mixed = net(torch.from_numpy(rows[None]))[1][0].numpy()
    struck, before = BITS[track.steps.symbols[1:]], velocity_rows(track.steps.velocities)[1:-1]
    told = [
        {"mixed": mixed[n : n + 1], "struck": struck[n : n + 1], "before": before[n : n + 1]}
        for n in range(min(4, len(mixed)))
    ]
    return [
        export_graph(
            Graph(
                f"{name}step",
                Step(net),
                {"x": (None, None, WIDTH), "state": (LAYERS, None, units)},
                {
                    "logits": (None, None, SYMBOLS),
                    "mixed": (None, None, units),
                    "after": (LAYERS, None, units),
                },
            ),
            tries,
        ),
        export_graph(
            Graph(
                f"{name}velocity",
                Velocity(net),
                {"mixed": (None, units), "struck": (None, COUNT), "before": (None, VELOCITIES)},
                {"mean": (None, COUNT), "spread": (None, COUNT)},
            ),
            told,
        ),
    ]


def _later(watch: Watch, epochs: int) -> Watch:
    """Return a watch that counts on behind other epochs."""

    def told(share: float, done: Round | None) -> None:
        watch(share, None if done is None else replace(done, number=done.number + epochs))

    return told
