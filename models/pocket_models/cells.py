"""LSTM layers a step at a time: by the cell's equations, and as matrix products for export."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from pocket_models.network import Product, State
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


def adopt(lstm: nn.LSTM, products: Sequence[Product], gain: Tensor) -> None:
    """Take over the weights of `Products`, in place; of two biases that were added the second becomes 0.

    Raises:
        ValueError: Another number of layers.
    """
    with torch.no_grad():
        for layer, (weight, bias) in zip(range(lstm.num_layers), products, strict=True):
            of_below, of_before, first, second = weights(lstm, layer)
            below, before = split(weight.t(), [of_below.shape[1], lstm.hidden_size])
            of_below.copy_(below / gain if layer == 0 else below)
            of_before.copy_(before)
            first.copy_(bias)
            second.zero_()


def adopt_operator(lstm: nn.LSTM, below: Tensor, before: Tensor, biases: Tensor) -> None:
    """Take over the weights of ONNX's LSTM operator, of one layer in one direction, in place.

    Args:
        lstm: Of one layer.
        below: (1, 4 hidden, inputs); gates in ONNX's order, i, o, f, g.
        before: (1, 4 hidden, hidden).
        biases: (1, 8 hidden), of the input and of the state.
    """
    hidden = lstm.hidden_size

    def ordered(rows: Tensor) -> Tensor:
        enter, leave, keep, new = rows.reshape(4, hidden, *rows.shape[1:])
        return torch.cat([enter, keep, new, leave])

    given = (below[0], before[0], *biases.reshape(2, 4 * hidden))
    with torch.no_grad():
        for own, rows in zip(weights(lstm, 0), given, strict=True):
            own.copy_(ordered(rows))


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
