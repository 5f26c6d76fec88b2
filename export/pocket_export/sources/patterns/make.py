"""Make the source `pattern` that ships."""

from __future__ import annotations

import base64
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from pocket_core.errors import DataError
from pocket_core.phrases.patterns import CELLS, STEPS
from pocket_export.groove import LICENCE, TITLE
from pocket_export.recordings import Groove
from pocket_export.sources.graph_files import Graph, SourceCard, export_graph, write_source
from pocket_export.sources.order import SourceOrder, Watch
from pocket_export.sources.patterns import data
from pocket_export.sources.patterns.data import PatternSet
from pocket_export.sources.patterns.figures import filtered, passes
from pocket_export.sources.patterns.realism import Judged, realism
from pocket_export.sources.patterns.sampling import (
    Source,
    calibrated,
    codes_of_cells,
    mixture,
    patterns_at,
)
from pocket_export.sources.patterns.table import to_tsv
from pocket_export.sources.patterns.training import Kind, train_space
from pocket_export.sources.patterns.velocities import learn_velocities
from pocket_models.pattern_space import PatternSpace
from pocketd.generators.pattern import SHORT
from pocketd.wholefile import write_whole

EPOCHS = 40
TABLE = "pattern.tsv"  # beside the card: some of what it has learnt from
SHIPS = Kind("acai", EPOCHS, latent=32, hidden=(512, 256), critic=0.1)
FEW = 512  # patterns of a smoke run
SAMPLES, QUICK_SAMPLES = 10_000, 500
JUDGED = 2_000  # samples, at most, whose realism is measured
SHOWN = 3_000  # patterns, at most, in the table that ships
TRIED = 4  # patterns that graph and network are compared on


class Encoder(nn.Module):
    """Patterns to codes."""

    def __init__(self, space: PatternSpace) -> None:
        super().__init__()
        self.space = space

    def forward(self, cells: Tensor) -> Tensor:
        """Return `(N, z)` of `(N, 448)`."""
        return self.space.encode(cells)


class Decoder(nn.Module):
    """Codes to chances, over 0.5 of which an instrument is struck: the thresholds are in the last biases."""

    def __init__(self, space: PatternSpace, thresholds: NDArray[np.float32]) -> None:
        super().__init__()
        held = {name: value.clone() for name, value in space.decoder.state_dict().items()}
        last = f"{len(space.decoder) - 1}.bias"
        held[last] = held[last] - torch.from_numpy(np.tile(thresholds, STEPS))
        self.layers = PatternSpace(space.latent, _hidden(space), variational=space.variational).decoder
        self.layers.load_state_dict(held)

    def forward(self, code: Tensor) -> Tensor:
        """Return `(N, 448)` of `(N, z)`."""
        logits: Tensor = self.layers(code)
        return logits.sigmoid()


def make(order: SourceOrder, groove: Groove, watch: Watch) -> Path:
    """Train the space, export it, check it and write it with its card; return the card's path.

    Raises:
        DataError: Nothing to learn from or to choose by, or a checkpoint that does not fit.
        ParityError: A graph is not its network; nothing is written.
    """
    multitrack = data.find_multitrack(order.patterns)
    made = data.splits(groove, multitrack)
    train, chosen_by = made["train"], made["validation"]
    if len(set(chosen_by.names)) < 2:
        raise DataError("the data set lacks patterns to choose by; `pocketd data show` tells what it has")
    if order.quick:
        train = train.rows(range(min(FEW, len(train))))
    kind = replace(SHIPS, epochs=order.epochs or EPOCHS)
    space, fitting = train_space(
        kind,
        train.cells,
        chosen_by.cells,
        seed=order.seed,
        watch=watch,
        checkpoint=order.checkpoint,
        resume=order.resume,
        identity=f"{groove.contents} {data.contents(multitrack)} {order.without} {len(train)}",
    )
    codes = codes_of_cells(space, train.cells)
    source, count = mixture(codes, order.seed), QUICK_SAMPLES if order.quick else SAMPLES
    thresholds = calibrated(space, source, train.cells, order.seed)
    velocities = learn_velocities(groove.split("train"))
    tries = [{"cells": row[None]} for row in chosen_by.cells[:TRIED]]
    points = [{"code": row[None]} for row in codes[:TRIED]]
    exported = [
        export_graph(
            Graph("encoder", Encoder(space), {"cells": (None, CELLS)}, {"code": (None, kind.latent)}), tries
        ),
        export_graph(
            Graph(
                "decoder",
                Decoder(space, thresholds),
                {"code": (None, kind.latent)},
                {"chances": (None, CELLS)},
            ),
            points,
        ),
    ]
    card = SourceCard(
        name=order.name,
        kind="pattern",
        title="Two-bar patterns from a latent space, after Tikhonov: an adversarially smoothed autoencoder.",
        licence=LICENCE if multitrack is None else f"{LICENCE}; {data.LICENCE}",
        data=_said(train, chosen_by),
        contents_sha256=" ".join(filter(None, (groove.contents, data.contents(multitrack)))),
        command=order.command,
        seed=order.seed,
        commit=order.commit,
        wall_seconds=round(fitting.seconds, 1),
        figures={
            "epochs": len(fitting.history),
            "validation_nats": fitting.best_round.figure,
            **_figures(space, (source, thresholds), (train, chosen_by), order.seed, count),
        },
        settings={
            "cloud_weights": _rounded(source.weights),
            "cloud_means": _rounded(source.means),
            "cloud_roots": _rounded(source.roots[:, *np.tril_indices(kind.latent)]),
            "velocities": np.round(velocities.means.astype(np.float64), 1).tolist(),
            "velocity_spreads": _rounded(velocities.spreads),
            "known": base64.b64encode(b"".join(sorted(d[:SHORT] for d in train.digests))).decode(),
        },
    )
    path = write_source(order.out, card, exported, fitting.history)
    write_whole(path.with_name(TABLE), to_tsv(_some(train).lines))
    order.checkpoint.unlink(missing_ok=True)
    return path


def _figures(
    space: PatternSpace,
    drawn: tuple[Source, NDArray[np.float32]],
    sets: tuple[PatternSet, PatternSet],
    seed: int,
    count: int,
) -> dict[str, float]:
    """Return what of samples passes the filter, and how real that is."""
    (source, thresholds), (train, chosen_by) = drawn, sets
    known = train.digests
    samples = patterns_at(space, source.draw(count, np.random.default_rng(seed)), thresholds)
    found = filtered(samples, known)
    kept = [sample for sample in samples if passes(sample, known)][:JUDGED]
    figures = {
        "samples_passing_share": found.passing / count,
        "samples_distinct_share": found.distinct / count,
        "samples_silent_share": found.silent / count,
    }
    if kept:
        others = Judged(list(map(tuple, chosen_by.patterns.tolist())), chosen_by.names)
        real = realism(Judged(kept), others, train.cells, seed)
        figures |= {
            "validation_auc_trees": real.trees.area,
            "validation_auc_regression": real.regression.area,
            "nearest_cells": real.nearest_mean,
            "copied_share": real.copied,
        }
    return figures


def _some(train: PatternSet) -> PatternSet:
    """Return all that MIDI files repeat, and of recordings as many as there is room for, evenly."""
    others = [n for n, name in enumerate(train.names) if not name.startswith("groove/")]
    recorded = [n for n, name in enumerate(train.names) if name.startswith("groove/")]
    room = max(SHOWN - len(others), 0)
    step = max(-(-len(recorded) // max(room, 1)), 1)
    return train.rows([*others, *recorded[::step]])


def _said(train: PatternSet, chosen_by: PatternSet) -> str:
    of_files = sum(not name.startswith("groove/") for name in train.names)
    return (
        f"{TITLE}, {len(train) - of_files} windows of two bars in 4/4, and {of_files} patterns that repeat "
        f"in multi-track MIDI files of freedoom, to learn from; {len(chosen_by)} of both to choose by"
    )


def _hidden(space: PatternSpace) -> list[int]:
    return [layer.out_features for layer in space.encoder if isinstance(layer, nn.Linear)][:-1]


def _rounded(values: NDArray[np.float32]) -> list[object]:
    rounded: list[object] = np.round(values.astype(np.float64), 4).tolist()
    return rounded
