"""The paper's second network: an encoder that reads the whole score, and a decoder that plays (Burloiu 2020).

A bidirectional LSTM reads what is known of the score before anything is played. What it makes of a timestep
stands behind that timestep's features (the paper's, and what is heard), and a 2-layer LSTM of 256 units with
tanh and a linear output goes on from there as the paper's first network does. The paper's output is one
offset; this one has the expressive output layer, of which the offset is the first number.

A timestep that the score does not have has a context of zeros.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor, nn

from pocket_core.features import COLUMNS, PAPER, WIDTH
from pocket_core.predict import OUTPUTS
from pocket_core.score_features import SCORE_COLUMNS, SCORE_WIDTH
from pocket_models import cells
from pocket_models.lstm import GAIN, HIDDEN, LAYERS
from pocket_models.network import Network, State
from pocket_models.saying import HEADS, say

READING = 128  # units of the encoder, a direction


class Seq2Seq(Network):
    """Predict each timestep from its features and the whole score; see `pocket_models.network.Network`.

    Args:
        hidden: Units of the decoder, a layer.
        layers: Of the decoder.
        reading: Units of the encoder, a direction.
        dropout: Between the layers and before the output, in training only.
    """

    hears = False
    follows_itself = True
    outputs = len(OUTPUTS)
    state_names = ("h", "c")

    def __init__(
        self, *, hidden: int = HIDDEN, layers: int = LAYERS, reading: int = READING, dropout: float = 0.0
    ) -> None:
        super().__init__()
        self.context = 2 * reading
        self.score_gain = nn.Buffer(_gain(SCORE_COLUMNS), persistent=False)
        self.gain = nn.Buffer(torch.cat([_gain(COLUMNS[:PAPER]), torch.ones(2 * reading)]), persistent=False)
        self.forwards = nn.LSTM(SCORE_WIDTH, reading, batch_first=True)
        self.backwards = nn.LSTM(SCORE_WIDTH, reading, batch_first=True)
        self.decoder = nn.LSTM(PAPER + self.context, hidden, layers, batch_first=True, dropout=dropout)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(hidden, HEADS)
        nn.init.zeros_(self.decoder.get_parameter("weight_ih_l0")[:, PAPER:].detach())
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)

    def initial_state(self, batch: int) -> State:
        """Return zeros, the state at the start of a take."""
        zeros = self.head.weight.new_zeros(self.decoder.num_layers, batch, self.decoder.hidden_size)
        return zeros, zeros

    def encode(self, score: Tensor, lengths: Sequence[int] | None = None) -> Tensor:
        """Read whole scores, each from its beginning and from its end; (B, T, context).

        Two LSTMs are one that is bidirectional. Apart they read padded scores without packing, eight times
        as fast on a CPU.
        """
        x = score * self.score_gain
        turned = _turn(x, lengths)
        ahead, behind = self.forwards(x)[0], self.backwards(turned)[0]
        return torch.cat([ahead.float(), _turn(behind.float(), lengths)], -1)

    def forward(self, x: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """Predict whole sequences at once.

        Args:
            x: float32 (B, T, F + context), `diff` filled in.
            state: From the timestep before; None at the start of a take.

        Returns:
            Predictions (B, T, OUTPUTS), and the state after the last timestep.
        """
        given = None if state is None else (state[0], state[1])
        y, (h, c) = self.decoder(self._see(x) * self.gain, given)
        said = self.head(self.dropout(torch.tanh(y.float()))).float()
        return say(said, x), (h.float(), c.float())

    def step(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        """Predict one timestep: `forward` of a single step without dropout, by the cell's equations.

        Args:
            x: float32 (B, F + context).
            state: From the timestep before.

        Returns:
            Predictions (B, OUTPUTS), and the next state.
        """
        top, after = cells.step(self.decoder, self._see(x) * self.gain, state)
        return say(self.head(torch.tanh(top)), x), after

    def one_step(self) -> nn.Module:
        """Return the decoder's step as two matrix products, one a layer."""
        return _OneStep(self)

    def _see(self, x: Tensor) -> Tensor:
        return torch.cat([x[..., :PAPER], x[..., WIDTH:]], -1)


class _OneStep(nn.Module):
    """The decoder's step, for a batch of one."""

    def __init__(self, net: Seq2Seq) -> None:
        super().__init__()
        self.head = net.head
        self.products = cells.Products(net.decoder, net.gain)

    def forward(self, x: Tensor, context: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return the predictions (1, OUTPUTS) and the state after the step.

        Args:
            x: float32 (1, F).
            context: float32 (1, context).
            h: float32 (layers, 1, hidden).
            c: Of the same shape.
        """
        top, h, c = self.products.step(torch.cat([x[:, :PAPER], context], 1), h, c)
        return say(self.head(torch.tanh(top)), x), h, c


def _turn(rows: Tensor, lengths: Sequence[int] | None) -> Tensor:
    """Return sequences (B, T, C) from their ends; what lies beyond a sequence's length stays."""
    if lengths is None:
        return rows.flip(1)
    at = torch.arange(rows.shape[1])
    last = torch.tensor(lengths)[:, None] - 1
    order = torch.where(at <= last, last - at, at)
    return rows.gather(1, order[..., None].expand(-1, -1, rows.shape[-1]).to(rows.device))


def _gain(columns: Iterable[str]) -> Tensor:
    """Return what brings columns up to about 1."""
    return torch.tensor([GAIN.get(name, 1.0) for name in columns])
