"""From a training to a model that the daemon runs: export, parity, card and history."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np

from pocket_core.features import GROOVE, OFFSET_SCALE
from pocket_export.card import StateTensor, Taught, describe_encoder, make_card, write_model
from pocket_export.encoder_export import check_encoder, export_encoder, of_lengths
from pocket_export.evaluate import Follow, follow, score
from pocket_export.groove import LICENCE
from pocket_export.lesson import Lesson
from pocket_export.onnx_export import OUTPUT, export_step, state_shapes
from pocket_export.parity import check_parity, long_take
from pocket_export.schools import SCHOOLS
from pocket_export.train import Training
from pocket_models.network import Network
from pocketd.wholefile import write_whole


def publish(
    training: Training,
    chosen_by: Sequence[Lesson],
    out: Path,
    *,
    title: str | None = None,
    taught: Taught | None = None,
) -> Path:
    """Export a training's network, check it and write it with its card and history.

    Args:
        training: With its best weights in the network, which is on the CPU.
        chosen_by: The lessons that chose them.
        out: The folder.
        title: What the model is; None: what its school says.
        taught: What it learnt from takes.

    Returns:
        The path of the .onnx file.

    Raises:
        ParityError: The export is not the network; nothing is written.
    """
    net, origin = training.net, training.origin
    school, name = SCHOOLS[origin.model], origin.model
    model, encoder = export_step(net), export_encoder(net) if net.context else None
    parity = check_parity(net, model, long_take(net, list(chosen_by)))
    keeps_last = training.recipe.keep_last
    best = training.history[-1] if keeps_last else min(training.history, key=lambda epoch: epoch.figure_ms)
    figures = {
        "parity_offset_tenths_s": parity.offset,
        "parity_state": parity.state,
        "parity_steps": parity.steps,
        **(_encoder_figures(net, encoder, chosen_by) if encoder is not None else {}),
        "epochs": len(training.history),
        "best_epoch": best.number,
        **_figures("validation", follow(net, chosen_by) if keeps_last else best.validation),
        **(_figures("validation_groove_template", _template(chosen_by)) if school.musician else {}),
        **_figures("validation_quantised", _quantised(chosen_by)),
    }
    card = make_card(
        name,
        model,
        state=tuple(StateTensor(part, shape) for part, shape in state_shapes(net).items()),
        output=OUTPUT,
        outputs=net.outputs,
        hears=net.hears,
        title=title or school.title,
        licence=LICENCE,
        data=origin.data,
        data_sha256=origin.data_sha256,
        contents_sha256=origin.contents_sha256,
        command=origin.command,
        seed=training.recipe.seed,
        commit=origin.commit,
        wall_seconds=training.seconds,
        figures=figures,
        encoder=None if encoder is None else describe_encoder(name, encoder, net.context),
        taught=taught,
    )
    path = write_model(out, model, card, encoder)
    _write_history(out / f"{name}.history.csv", training)
    return path


def _template(made: Sequence[Lesson]) -> Follow:
    return score((lesson, lesson.x[:, GROOVE] / OFFSET_SCALE) for lesson in made)


def _quantised(made: Sequence[Lesson]) -> Follow:
    return score((lesson, np.zeros(len(lesson), np.float32)) for lesson in made)


def _encoder_figures(net: Network, encoder: bytes, made: Sequence[Lesson]) -> dict[str, float]:
    parity = check_encoder(net, encoder, of_lengths(lesson.deaf().score for lesson in made))
    return {"parity_context": parity.context, "parity_scores": parity.scores}


def _figures(name: str, result: Follow) -> dict[str, float]:
    """Return a result as figures; without a musician only what is said of the drummer."""
    said = asdict(result) if result.steps else {"drummer_mae_ms": result.drummer_mae_ms}
    return {f"{name}_{key}": float(value) for key, value in said.items()}


def _write_history(path: Path, training: Training) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["epoch", "loss", "mae_ms", "sd_ms", "drummer_mae_ms", "seconds"])
    for e in training.history:
        v = e.validation
        row = (e.loss, v.mae_ms, v.sd_ms, v.drummer_mae_ms, e.seconds)
        writer.writerow([e.number, *(f"{value:.3f}" for value in row)])
    write_whole(path, text.getvalue().encode())
