"""Whether an exported model says what its network says, step after step."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import onnxruntime
import torch
from numpy.typing import NDArray

from pocket_core.errors import ModelError
from pocket_core.features import DIFF, OFFSET_SCALE, WIDTH
from pocket_export.evaluate import forecast
from pocket_export.lesson import Lesson
from pocket_export.onnx_export import CONTEXT, OUTPUT, state_shapes
from pocket_models.network import Network

STEPS = 2000
TOLERANCE = (
    1e-5  # in tenths of a second and of a share; states as they are, beyond 1 as a share of their size
)


class ParityError(ModelError):
    """An exported model that differs from its network."""


@dataclass(frozen=True, slots=True)
class Parity:
    """The largest differences over a sequence."""

    steps: int
    offset: float  # of all that it says; tenths of a second, tenths of a share
    state: float  # beyond 1 as a share: an LSTM's cell may count to 64, where a float32 has steps of 4e-6


def check_parity(net: Network, model: bytes, x: NDArray[np.float32], tolerance: float = TOLERANCE) -> Parity:
    """Run ONNX Runtime step by step against torch over the whole sequence at once.

    Args:
        net: The network.
        model: Its export.
        x: `float32[T, WIDTH + context]`, one long take.
        tolerance: Of both differences, > 0.

    Raises:
        ParityError: They differ by more than that somewhere.
    """
    with torch.no_grad():
        whole, last = net.eval()(torch.from_numpy(x)[None])
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    shapes = state_shapes(net)
    names = [OUTPUT, *(f"{name}_next" for name in shapes)]
    state = [np.zeros(shape, np.float32) for shape in shapes.values()]
    said = np.empty((len(x), net.outputs), np.float32)
    for t, row in enumerate(x):
        given = {"x": row[None, :WIDTH], **({CONTEXT: row[None, WIDTH:]} if net.context else {})}
        now, *state = session.run(names, {**given, **dict(zip(shapes, state, strict=True))})
        said[t] = now[0]
    parity = Parity(
        steps=len(x),
        offset=float(np.abs(said - whole[0].numpy()).max()) * OFFSET_SCALE,
        state=max(_apart(a, b.numpy()) for a, b in zip(state, last, strict=True)),
    )
    if not max(parity.offset, parity.state) <= tolerance:  # NaN is no parity
        raise ParityError(
            f"over {parity.steps} steps the ONNX model is off its network by {parity.offset:.1e} in what it "
            f"says and {parity.state:.1e} in the state, allowed is {tolerance:.0e}; export it again"
        )
    return parity


def _apart(found: NDArray[np.float32], wanted: NDArray[np.float32]) -> float:
    return float((np.abs(found - wanted) / np.maximum(np.abs(wanted), 1.0)).max())


def long_take(net: Network, lessons: list[Lesson], steps: int = STEPS) -> NDArray[np.float32]:
    """Return real features end to end, `float32[steps, WIDTH + context]`.

    `diff` is from the network's own forecasts, the context from each lesson's whole score.
    """
    rows: list[NDArray[np.float32]] = []
    for lesson, forecasts in forecast(net, lessons):
        x, known = lesson.x.copy(), lesson.link >= 0
        if net.follows_itself:
            newest = lesson.link[known]
            x[known, DIFF] = OFFSET_SCALE * (lesson.human[newest] - forecasts[newest])
        with torch.no_grad():
            context = net.encode(torch.from_numpy(lesson.score)[None])[0].numpy()
        rows.append(np.concatenate([x, context], 1))
        if sum(map(len, rows)) >= steps:
            break
    return np.resize(np.concatenate(rows), (steps, WIDTH + net.context))
