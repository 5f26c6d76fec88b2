"""Make the source `groove` that ships: transformers with a memory and without, and an autoencoder."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from pocket_core.phrases.groove_features import STEPS, VERSION, WIDTH
from pocket_core.phrases.hvo import COUNT
from pocket_core.voices import VOICES
from pocket_export.groove import LICENCE, TITLE
from pocket_export.recordings import Groove
from pocket_export.sources.graph_files import Exported, Graph, SourceCard, export_graph, write_source
from pocket_export.sources.grooves.lessons import answers
from pocket_export.sources.grooves.scores import ENOUGH, FAIR_ALONE, Score, best_thresholds, score
from pocket_export.sources.grooves.training import (
    ALONE,
    QUICK,
    SHIPS,
    Bench,
    Lessons,
    later,
    lessons_of,
    train_alone,
    train_answer,
    train_vae,
)
from pocket_export.sources.grooves.vae_lessons import ASKED, Said, split, vae_answers
from pocket_export.sources.order import SourceOrder, Watch
from pocket_models.groove_transformer import GrooveTransformer, GrooveVAE, Together

Array = NDArray[np.float32]

MOST_PERCENTILE = 99.5  # of the strokes of a voice in two bars: more are never struck
EPOCHS = SHIPS.all_epochs


class Answer(nn.Module):
    """A transformer with its hits as chances.

    It sees its one window without a batch: ONNX Runtime takes a quarter less time than for a batch of one.
    """

    def __init__(self, net: GrooveTransformer | Together) -> None:
        super().__init__()
        self.net = net

    def forward(self, x: Tensor) -> Tensor:
        """Return `(1, 32, 27)` of `(1, 32, WIDTH)`."""
        return _chances(self.net(x[0]))[None]


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
    """Train the networks, export them, check them and write them with their card; return the card's path.

    Raises:
        DataError: A data set without windows to learn from or to choose by, or a checkpoint that does not
        fit. ParityError: A graph is not its network; nothing is written.
    """
    size = QUICK if order.quick else SHIPS
    if order.epochs is not None:
        n = order.epochs
        size = replace(size, epochs=n, alone_epochs=n, vae_epochs=n)
    lessons = lessons_of(groove, quick=order.quick)
    bench = Bench(size, lessons, order, f"{groove.contents} {order.without} {len(lessons.train)}")
    net, fitting = train_answer(bench, watch)
    history = list(fitting.history)
    nets, rounds = train_alone(bench, later(watch, len(history)))
    alone = Together(nets).eval()
    history += rounds
    vae, fitting = train_vae(bench, later(watch, len(history)))
    history += fitting.history
    said = {name: answers(alone if name == ALONE else net, x) for name, x in lessons.seen.items()}
    there = vae_answers(vae, lessons.seen[ALONE])
    thresholds = {
        "alone_thresholds": best_thresholds(lessons.chosen_y, said[ALONE][..., :COUNT], FAIR_ALONE, ENOUGH),
        "thresholds": best_thresholds(lessons.chosen_y, said["memory"][..., :COUNT]),
        "decoder_thresholds": best_thresholds(lessons.chosen_y, there.drums[..., :COUNT]),
    }
    card = SourceCard(
        name=order.name,
        kind="groove",
        title="A musician's groove to drums: transformers with a memory and without, and an autoencoder.",
        licence=LICENCE,
        data=f"{TITLE}, {len(lessons.train)} windows of two bars to learn from, "
        f"{len(lessons.chosen_by)} to choose by",
        contents_sha256=groove.contents,
        command=order.command,
        seed=order.seed,
        commit=order.commit,
        wall_seconds=round(sum(r.seconds for r in history), 1),
        figures=_figures(lessons, said, there, thresholds),
        settings={
            "features_version": VERSION,
            "width": WIDTH,
            **{name: _rounded(values) for name, values in thresholds.items()},
            "most": [int(n) for n in _most(lessons.y)],
            "latent_mean": _rounded(there.codes.mean(0)),
            "latent_sd": _rounded(there.codes.std(0)),
        },
    )
    exported = _exported((net, alone, vae), lessons, there)
    path = write_source(order.out, card, exported, history)
    for name in bench.names:
        bench.checkpoint(name).unlink(missing_ok=True)
    return path


def _figures(
    lessons: Lessons, said: dict[str, Array], there: Said, thresholds: dict[str, Array]
) -> dict[str, float]:
    figures: dict[str, float] = {}
    for name, drums, key in (
        (ALONE, said[ALONE], "alone_thresholds"),
        ("memory", said["memory"], "thresholds"),
        ("live", said["live"], "thresholds"),
        ("autoencoder", there.drums, "decoder_thresholds"),
    ):
        struck = drums[..., :COUNT] >= thresholds[key]
        figures |= _of(f"validation_{name}", score(lessons.chosen_y, drums, struck, lessons.bpm))
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
    nets: tuple[GrooveTransformer, Together, GrooveVAE], lessons: Lessons, there: Said
) -> list[Exported]:
    net, alone, vae = nets
    grooves, wanted = split(lessons.seen[ALONE][:4])
    drums, code = (1, STEPS, 3 * COUNT), (1, there.codes.shape[1])
    return [
        *(
            export_graph(
                Graph(name, Answer(each), {"x": (1, STEPS, WIDTH)}, {"said": drums}),
                [{"x": row[None]} for row in lessons.seen[view][:4]],
            )
            for name, each, view in (("answer", net, "memory"), ("alone", alone, ALONE))
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


def _rounded(values: Array) -> list[float]:
    return [round(float(value), 5) for value in values]
