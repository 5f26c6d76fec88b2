"""Whether an exported model says what its network says, step after step."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import onnxruntime
import torch
from numpy.typing import NDArray

from pocket_core.errors import ModelError
from pocket_core.features import DIFF, OFFSET_SCALE, WIDTH
from pocket_export.dataset import Lesson
from pocket_export.evaluate import forecast
from pocket_export.onnx_export import OUTPUT, STATE, state_shape
from pocket_models.lstm import PocketLSTM

STEPS = 2000
TOLERANCE = 1e-5  # in the network's own units: offsets in tenths of a second, states as they are


class ParityError(ModelError):
    """An exported model that differs from its network."""


@dataclass(frozen=True, slots=True)
class Parity:
    """The largest differences over a sequence."""

    steps: int
    offset: float  # tenths of a second
    state: float


def check_parity(net: PocketLSTM, model: bytes, x: NDArray[np.float32]) -> Parity:
    """Run ONNX Runtime step by step against torch over the whole sequence.

    Args:
        net: The network.
        model: Its export.
        x: `float32[T, WIDTH]`, one long take.

    Raises:
        ParityError: They differ by more than `TOLERANCE` somewhere.
    """
    with torch.no_grad():
        offsets, last = net.eval()(torch.from_numpy(x)[None])
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    names = [OUTPUT, *(f"{name}_next" for name in STATE)]
    state = [np.zeros(state_shape(net), np.float32) for _ in STATE]
    said = np.empty(len(x), np.float32)
    for t, row in enumerate(x):
        offset, *state = session.run(names, {"x": row[None], **dict(zip(STATE, state, strict=True))})
        said[t] = offset[0, 0]
    parity = Parity(
        steps=len(x),
        offset=float(np.abs(said - offsets[0].numpy()).max()) * OFFSET_SCALE,
        state=max(float(np.abs(a - b.numpy()).max()) for a, b in zip(state, last, strict=True)),
    )
    if not max(parity.offset, parity.state) <= TOLERANCE:  # NaN is no parity
        raise ParityError(
            f"over {parity.steps} steps the ONNX model is off its network by {parity.offset:.1e} in the "
            f"offset and {parity.state:.1e} in the state, allowed is {TOLERANCE:.0e}; export it again"
        )
    return parity


def long_take(net: PocketLSTM, lessons: list[Lesson], steps: int = STEPS) -> NDArray[np.float32]:
    """Return real features end to end, `diff` from the network's own forecasts, `float32[steps, WIDTH]`."""
    rows: list[NDArray[np.float32]] = []
    for lesson, forecasts in forecast(net, lessons):
        x, known = lesson.x.copy(), lesson.link >= 0
        newest = lesson.link[known]
        x[known, DIFF] = OFFSET_SCALE * (lesson.human[newest] - forecasts[newest])
        rows.append(x)
    return np.resize(np.concatenate(rows), (steps, WIDTH))
