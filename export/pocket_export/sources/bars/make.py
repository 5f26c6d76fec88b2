"""Make the source `bars` that ships."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn

from pocket_core.errors import DataError
from pocket_core.phrases.bar_grid import PITCHES, STEPS
from pocket_export.groove import LICENCE, TITLE
from pocket_export.recordings import Groove
from pocket_export.sources.bars.data import bar_set
from pocket_export.sources.bars.figures import back, best_threshold, divergence, explained, notes, widening
from pocket_export.sources.bars.training import Kind, train_bars
from pocket_export.sources.graph_files import Graph, SourceCard, export_graph, write_source
from pocket_export.sources.order import SourceOrder, Watch
from pocket_models.bar_vae import BarVAE

EPOCHS = 24
SHIPS = Kind(latent=64, kl=0.02, epochs=EPOCHS)
QUICK = Kind(latent=8, kl=0.02, epochs=2, width=32)
FEW = 256  # bars of a smoke run
ANCHORS = 96  # bars of the training set whose codes the card holds, to begin with from nothing
TRIED = 4  # bars that graph and network are compared on


class Encoder(nn.Module):
    """Bars to the means of their codes."""

    def __init__(self, net: BarVAE) -> None:
        super().__init__()
        self.net = net

    def forward(self, bars: Tensor) -> Tensor:
        """Return `(1, z)` of `(1, 64, 22)`."""
        return self.net.encode(bars)[0]


class Decoder(nn.Module):
    """Codes to what is struck, and how hard."""

    def __init__(self, net: BarVAE) -> None:
        super().__init__()
        self.net = net

    def forward(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """Return logits and velocities, `(1, 64, 22)` each, of `(1, z)`."""
        return self.net.decode(z)


def make(order: SourceOrder, groove: Groove, watch: Watch) -> Path:
    """Train the autoencoder, export it, check it and write it with its card; return the card's path.

    Raises:
        DataError: A data set without bars to learn from or to choose by, or a checkpoint that does not fit.
        ParityError: A graph is not its network; nothing is written.
    """
    train, chosen_by = bar_set(groove.split("train")), bar_set(groove.split("validation"))
    if not len(chosen_by):
        raise DataError("the data set lacks bars to choose by; `pocketd data show` tells what it has")
    kind = QUICK if order.quick else SHIPS
    if order.quick:
        train, chosen_by = train.rows(slice(0, FEW)), chosen_by.rows(slice(0, FEW))
    if order.epochs is not None:
        kind = Kind(kind.latent, kind.kl, epochs=order.epochs, width=kind.width)
    torch.manual_seed(order.seed)
    net, fitting = train_bars(
        kind,
        train,
        chosen_by,
        seed=order.seed,
        watch=watch,
        checkpoint=order.checkpoint,
        resume=order.resume,
        identity=f"{groove.contents} {order.without} {len(train)}",
    )
    there, known = back(net, chosen_by), back(net, train)
    threshold = best_threshold(chosen_by, there.logits)
    found, struck = (
        explained(chosen_by, there.expected),
        notes(chosen_by, there.logits, there.velocities, threshold),
    )
    means, factors = widening(chosen_by, there.logits, there.velocities, threshold)
    chance = np.random.default_rng(order.seed)
    rows = np.sort(chance.choice(len(train), min(ANCHORS, len(train)), replace=False))
    tries = [{"bars": bar[None]} for bar in chosen_by.bars[:TRIED]]
    codes = [{"z": code[None]} for code in there.codes[:TRIED]]
    cell, code = (1, STEPS, len(PITCHES)), (1, kind.latent)
    exported = [
        export_graph(Graph("encoder", Encoder(net), {"bars": cell}, {"mean": code}), tries),
        export_graph(
            Graph("decoder", Decoder(net), {"z": code}, {"logits": cell, "velocities": cell}), codes
        ),
    ]
    card = SourceCard(
        name=order.name,
        kind="bars",
        title="Single bars from a latent space, after BeatGen: onset and velocity apart.",
        licence=LICENCE,
        data=f"{TITLE}, {len(train)} bars in 4/4 to learn from, {len(chosen_by)} to choose by",
        contents_sha256=groove.contents,
        command=order.command,
        seed=order.seed,
        commit=order.commit,
        wall_seconds=round(fitting.seconds, 1),
        figures={
            "epochs": len(fitting.history),
            "best_epoch": fitting.best_round.number,
            "validation_explained": found.share,
            "validation_explained_low": found.low,
            "validation_explained_high": found.high,
            "validation_sse": found.sse,
            "validation_notes_ratio": struck.ratio,
            "validation_notes_f1": struck.f1,
            "validation_kl_nats": divergence(net, chosen_by),
        },
        settings={
            "threshold_logit": round(threshold, 4),
            "velocity_means": _rounded(means),
            "velocity_factors": _rounded(factors),
            "latent_sd": _rounded(known.codes.std(0)),
            "anchors": [_rounded(known.codes[row]) for row in rows],
        },
    )
    path = write_source(order.out, card, exported, fitting.history)
    order.checkpoint.unlink(missing_ok=True)
    return path


def _rounded(values: object) -> list[float]:
    return [round(float(value), 4) for value in cast(np.ndarray, values)]
