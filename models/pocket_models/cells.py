"""LSTM layers a step at a time: by the cell's equations, and as matrix products for export."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from pocket_models.network import State
from pocket_models.saying import split


def weights(lstm: nn.LSTM, layer: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return a layer's weights from below and from before, and its two biases; gates i, f, g, o."""
    names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    a, b, c, d = (lstm.get_parameter(f"{name}_l{layer}") for name in names)
    return a, b, c, d


def step(lstm: nn.LSTM, below: Tensor, state: State) -> tuple[Tensor, State]:
    """Run one step without dropout.

    Args:
        lstm: Unidirectional.
        below: float32 (B, inputs).
        state: h and c, each (layers, B, hidden).

    Returns:
        What the top layer says, (B, hidden), and the next state.
    """
    hs, cs = [], []
    for layer in range(lstm.num_layers):
        h, c = torch.lstm_cell(below, (state[0][layer], state[1][layer]), *weights(lstm, layer))
        below = h
        hs.append(h)
        cs.append(c)
    return below, (torch.stack(hs), torch.stack(cs))


class Products:
    """A step as one matrix product a layer; the weights are as they are now.

    ONNX Runtime 1.31 takes about 3 % longer for its own LSTM operator at a sequence of one.

    Args:
        lstm: Unidirectional.
        gain: (inputs,), what the inputs are multiplied by.
    """

    def __init__(self, lstm: nn.LSTM, gain: Tensor) -> None:
        self._hidden = lstm.hidden_size
        self._layers: list[tuple[Tensor, Tensor]] = []  # weight, bias
        for layer in range(lstm.num_layers):
            below, before, bias, more_bias = (w.detach() for w in weights(lstm, layer))
            if layer == 0:
                below = below * gain
            self._layers.append((torch.cat([below, before], 1).t().contiguous(), bias + more_bias))

    def step(self, below: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Run one step; as `step`, with the state apart."""
        hs, cs = [], []
        for layer, (weight, bias) in enumerate(self._layers):
            gates = torch.addmm(bias, torch.cat([below, h[layer]], 1), weight)
            enter, keep, new, leave = split(gates, [self._hidden] * 4)  # torch's order: i, f, g, o
            cell = torch.sigmoid(keep) * c[layer] + torch.sigmoid(enter) * torch.tanh(new)
            below = torch.sigmoid(leave) * torch.tanh(cell)
            hs.append(below)
            cs.append(cell)
        return below, torch.stack(hs), torch.stack(cs)
