"""From a trained network to the file that the daemon runs: one step, static shapes, one ONNX file.

Contract (`pocketd.model`): `x float32[1, WIDTH]` and the state's tensors `float32[layers, 1, hidden]` in;
`said float32[1, outputs]` (`pocket_core.predict.OUTPUTS`) and each state tensor as `NAME_next` out. A network
that reads the score also takes `context float32[1, context]`, which its encoder makes (`encoder_export`).
"""

from __future__ import annotations

import io
import warnings

import onnx
import torch

from pocket_core.features import WIDTH
from pocket_models.network import Network

OPSET = 17
OUTPUT, CONTEXT = "said", "context"


def state_shapes(net: Network) -> dict[str, tuple[int, ...]]:
    """Return name and shape of each state tensor of the exported step."""
    return {name: tuple(part.shape) for name, part in zip(net.state_names, net.initial_state(1), strict=True)}


def export_step(net: Network) -> bytes:
    """Return the one-step ONNX model, whole and checked.

    The legacy exporter: the newer one writes a second file of weights unless told not to, and has given
    wrong results for an LSTM of other lengths than the example's.
    """
    net.eval()
    content, context = io.BytesIO(), [torch.zeros(1, net.context)] if net.context else []
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.onnx.export(
            net.one_step().eval(),
            (torch.zeros(1, WIDTH), *context, *net.initial_state(1)),
            content,  # type: ignore[arg-type]  # a file object is fine for the legacy exporter
            dynamo=False,
            opset_version=OPSET,
            input_names=["x", *([CONTEXT] if net.context else []), *net.state_names],
            output_names=[OUTPUT, *(f"{name}_next" for name in net.state_names)],
        )
    onnx.checker.check_model(onnx.load_from_string(content.getvalue()), full_check=True)
    return content.getvalue()
