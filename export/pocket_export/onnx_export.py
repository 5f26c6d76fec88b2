"""From a trained network to the file that the daemon runs: one step, static shapes, one ONNX file.

Contract (`pocketd.model`): `x float32[1, WIDTH]`, `h` and `c float32[layers, 1, hidden]` in; `offset_s
float32[1, 1]` in seconds, `h_next` and `c_next` out.
"""

from __future__ import annotations

import io
import warnings

import onnx
import torch
from torch import Tensor, nn

from pocket_core.features import GROOVE, OFFSET_SCALE, WIDTH
from pocket_models.lstm import HUNDREDTHS, Anchor, PocketLSTM

OPSET = 17
OUTPUT = "offset_s"
STATE = ("h", "c")


class OneStep(nn.Module):
    """One step of a `PocketLSTM` as two matrix products, one a layer.

    ONNX Runtime 1.31 takes about 3 % longer for its own LSTM operator at a sequence of one.
    """

    def __init__(self, net: PocketLSTM) -> None:
        super().__init__()
        self.anchor = net.anchor
        self.head = net.head
        self.products: list[tuple[Tensor, Tensor]] = []  # of each layer: weight, bias
        for layer in range(net.lstm.num_layers):
            below, before, bias, more_bias = (w.detach() for w in net.weights(layer))
            if layer == 0:
                below = below * net.gain
            self.products.append((torch.cat([below, before], 1).t().contiguous(), bias + more_bias))

    def forward(self, x: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return the offset in seconds (1, 1) and the state after the step.

        Args:
            x: float32 (1, WIDTH).
            h: float32 (layers, 1, hidden).
            c: Of the same shape.
        """
        below, hs, cs = x, [], []
        for layer, (weight, bias) in enumerate(self.products):
            gates = torch.addmm(bias, torch.cat([below, h[layer]], 1), weight)
            enter, keep, new, leave = gates.chunk(4, 1)  # torch's order: i, f, g, o
            cell = torch.sigmoid(keep) * c[layer] + torch.sigmoid(enter) * torch.tanh(new)
            below = torch.sigmoid(leave) * torch.tanh(cell)
            hs.append(below)
            cs.append(cell)
        offset = self.head(torch.tanh(below)) / HUNDREDTHS
        if self.anchor is Anchor.GROOVE:
            offset = offset + x[:, GROOVE : GROOVE + 1] / OFFSET_SCALE
        return offset, torch.stack(hs), torch.stack(cs)


def state_shape(net: PocketLSTM) -> tuple[int, int, int]:
    """Return the shape of each state tensor of the exported step."""
    return net.lstm.num_layers, 1, net.lstm.hidden_size


def export_step(net: PocketLSTM) -> bytes:
    """Return the one-step ONNX model, whole and checked.

    The legacy exporter: the newer one writes a second file of weights unless told not to, and has given
    wrong results for an LSTM of other lengths than the example's.
    """
    step = OneStep(net).eval()
    state = torch.zeros(state_shape(net))
    content = io.BytesIO()
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.onnx.export(
            step,
            (torch.zeros(1, WIDTH), state, state),
            content,  # type: ignore[arg-type]  # a file object is fine for the legacy exporter
            dynamo=False,
            opset_version=OPSET,
            input_names=["x", *STATE],
            output_names=[OUTPUT, *(f"{name}_next" for name in STATE)],
        )
    onnx.checker.check_model(onnx.load_from_string(content.getvalue()), full_check=True)
    return content.getvalue()
