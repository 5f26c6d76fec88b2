"""The second graph of a network that reads the score: its encoder, and whether it says what the network says.

Contract (`pocketd.encoder`): `score float32[T, SCORE_WIDTH]` in, `context float32[T, C]` out, for any T >= 1.
It runs once, when the score is known; the decoder's step then takes a row of `context` at a timestep.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import onnx
import onnxruntime
import torch
from numpy.typing import NDArray

from pocket_core.score_features import SCORE_WIDTH
from pocket_export.onnx_export import CONTEXT, OPSET
from pocket_export.parity import TOLERANCE, ParityError
from pocket_models.network import Network, Reader

SCORE = "score"
LENGTHS = (1, 2, 97, 500)  # of the scores that are compared; none of them the example's
EXAMPLE = 5  # timesteps


@dataclass(frozen=True, slots=True)
class EncoderParity:
    """The largest difference over whole scores."""

    scores: int
    context: float


def export_encoder(net: Network) -> bytes:
    """Return the encoder's ONNX model, whole and checked."""
    net.eval()
    content = io.BytesIO()
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # it fears for lengths and batches that the parity check tries
        torch.onnx.export(
            Reader(net).eval(),
            (torch.zeros(EXAMPLE, SCORE_WIDTH),),
            content,  # type: ignore[arg-type]  # a file object is fine for the legacy exporter
            dynamo=False,
            opset_version=OPSET,
            input_names=[SCORE],
            output_names=[CONTEXT],
            dynamic_axes={SCORE: {0: "T"}, CONTEXT: {0: "T"}},
        )
    onnx.checker.check_model(onnx.load_from_string(content.getvalue()), full_check=True)
    return content.getvalue()


def check_encoder(
    net: Network, model: bytes, scores: Iterable[NDArray[np.float32]], tolerance: float = TOLERANCE
) -> EncoderParity:
    """Run ONNX Runtime against torch over whole scores.

    Args:
        net: The network.
        model: The export of its encoder.
        scores: `float32[T, SCORE_WIDTH]` each, of other lengths; see `of_lengths`.
        tolerance: Of the difference, > 0.

    Raises:
        ParityError: They differ by more than that somewhere.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    net.eval()
    worst, count = 0.0, 0
    for score in scores:
        with torch.no_grad():
            wanted = net.encode(torch.from_numpy(score)[None])[0].numpy()
        (found,) = session.run([CONTEXT], {SCORE: score})
        count += 1
        worst = float(np.maximum(worst, np.abs(found - wanted).max(initial=0.0)))  # NaN stays
    if not worst <= tolerance:
        raise ParityError(
            f"over {count} scores the ONNX encoder is off its network by {worst:.1e}, allowed is "
            f"{tolerance:.0e}; export it again"
        )
    return EncoderParity(count, worst)


def of_lengths(
    scores: Iterable[NDArray[np.float32]], lengths: Iterable[int] = LENGTHS
) -> list[NDArray[np.float32]]:
    """Return real rows end to end, as scores of each of these lengths."""
    rows = np.concatenate(list(scores))
    return [np.resize(rows, (length, SCORE_WIDTH)) for length in lengths]
