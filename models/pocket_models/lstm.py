"""The paper's network: a 2-layer unidirectional LSTM of 256 units, tanh, one linear output (Burloiu 2020)."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

import torch
from torch import Tensor, nn

from pocket_core.features import COLUMNS, DIFF, GROOVE, OFFSET_SCALE, PAPER
from pocket_core.predict import PAPER_OUTPUTS
from pocket_models import cells
from pocket_models.network import Network, Product, State

HIDDEN = 256
LAYERS = 2

HUNDREDTHS = 100.0  # a second; the unit of the linear output, in which offsets are about 1

#: What brings columns that are much smaller than 1 up to about it; training is slow without.
GAIN = {"since previous": 4.0, "to next": 8.0, "tempo": 3.0, "diff": 8.0, "groove": 8.0, "heard": 8.0}


class Anchor(StrEnum):
    """What the network's output is added to."""

    GRID = "grid"  # nothing: the output is the offset, as in the paper
    GROOVE = "groove"  # the template's expectation: the network predicts what remains (DESIGN, "adapts")


class PocketLSTM(Network):
    """Predict the offset of each timestep, in seconds, from its features.

    It sees the first `PAPER` columns. A `GRID` network that never met a musician ignores the columns only a
    musician fills: `deafen` it before training. Dropout acts between the layers and before the output, in
    training only.
    """

    hears = False
    follows_itself = True
    outputs = PAPER_OUTPUTS
    state_names = ("h", "c")

    def __init__(
        self,
        *,
        anchor: Anchor = Anchor.GROOVE,
        hidden: int = HIDDEN,
        layers: int = LAYERS,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.anchor = anchor
        self.gain = nn.Buffer(
            torch.tensor([GAIN.get(name, 1.0) for name in COLUMNS[:PAPER]]), persistent=False
        )
        self.lstm = nn.LSTM(PAPER, hidden, layers, batch_first=True, dropout=dropout)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(hidden, 1)
        nn.init.zeros_(self.head.bias)

    def initial_state(self, batch: int) -> State:
        """Return zeros, the state at the start of a take."""
        zeros = self.head.weight.new_zeros(self.lstm.num_layers, batch, self.lstm.hidden_size)
        return zeros, zeros

    def deafen(self) -> None:
        """Forget the input weights of the columns from `diff` on; they stay 0 while those columns are 0."""
        with torch.no_grad():
            self.lstm.get_parameter("weight_ih_l0")[:, DIFF:] = 0.0

    def forward(self, x: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """Predict whole sequences at once.

        Args:
            x: float32 (B, T, F), `diff` filled in.
            state: From the timestep before; None at the start of a take.

        Returns:
            Offsets (B, T, 1) in seconds, and the state after the last timestep.
        """
        given = None if state is None else (state[0], state[1])
        y, (h, c) = self.lstm(x[..., :PAPER] * self.gain, given)
        return self._offset(y.float(), x), (h.float(), c.float())

    def step(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        """Predict one timestep: `forward` of a single step without dropout, by the cell equations.

        Args:
            x: float32 (B, F).
            state: From the timestep before.

        Returns:
            Offsets (B, 1) in seconds, and the next state.
        """
        top, after = cells.step(self.lstm, x[:, :PAPER] * self.gain, state)
        return self._from_anchor(self.head(torch.tanh(top)) / HUNDREDTHS, x), after

    def _offset(self, y: Tensor, x: Tensor) -> Tensor:
        return self._from_anchor(self.head(self.dropout(torch.tanh(y))) / HUNDREDTHS, x)

    def _from_anchor(self, offset: Tensor, x: Tensor) -> Tensor:
        return offset + x[..., GROOVE : GROOVE + 1] / OFFSET_SCALE if self.anchor is Anchor.GROOVE else offset

    def adopt(self, step: Sequence[Product], encoder: Sequence[Tensor] = ()) -> None:  # noqa: ARG002
        """Take over the weights of an exported step; see `Network.adopt`. It does not tell the anchor."""
        *layers, head = step
        cells.adopt(self.lstm, layers, self.gain)
        with torch.no_grad():
            self.head.weight.copy_(head[0].t())
            self.head.bias.copy_(head[1])

    def one_step(self) -> nn.Module:
        """Return the step as two matrix products, one a layer: ONNX Runtime's own operator is slower."""
        return _OneStep(self)


class _OneStep(nn.Module):
    """One step of a `PocketLSTM`, for a batch of one."""

    def __init__(self, net: PocketLSTM) -> None:
        super().__init__()
        self.anchor = net.anchor
        self.head = net.head
        self.products = cells.Products(net.lstm, net.gain)

    def forward(self, x: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return the offset in seconds (1, 1) and the state after the step.

        Args:
            x: float32 (1, F).
            h: float32 (layers, 1, hidden).
            c: Of the same shape.
        """
        top, h, c = self.products.step(x[:, :PAPER], h, c)
        offset = self.head(torch.tanh(top)) / HUNDREDTHS
        if self.anchor is Anchor.GROOVE:
            offset = offset + x[:, GROOVE : GROOVE + 1] / OFFSET_SCALE
        return offset, h, c
