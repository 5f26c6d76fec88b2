"""The paper's network: a 2-layer unidirectional LSTM of 256 units, tanh, one linear output (Burloiu 2020)."""

from __future__ import annotations

from enum import StrEnum

import torch
from torch import Tensor, nn

from pocket_core.features import COLUMNS, DIFF, GROOVE, OFFSET_SCALE, WIDTH

HIDDEN = 256
LAYERS = 2

HUNDREDTHS = 100.0  # a second; the unit of the linear output, in which offsets are about 1

#: What brings columns that are much smaller than 1 up to about it; training is slow without.
GAIN = {"since previous": 4.0, "to next": 8.0, "tempo": 3.0, "diff": 8.0, "groove": 8.0, "heard": 8.0}

State = tuple[Tensor, Tensor]  # h and c, each (layers, B, hidden)


class Anchor(StrEnum):
    """What the network's output is added to."""

    GRID = "grid"  # nothing: the output is the offset, as in the paper
    GROOVE = "groove"  # the template's expectation: the network predicts what remains (DESIGN, "adapts")


class PocketLSTM(nn.Module):
    """Predict the offset of each timestep, in seconds, from its features.

    A `GRID` network that never met a musician ignores the columns only a musician fills: `deafen` it
    before training. Dropout acts between the layers and before the output, in training only.
    """

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
        self.gain = nn.Buffer(torch.tensor([GAIN.get(name, 1.0) for name in COLUMNS]), persistent=False)
        self.lstm = nn.LSTM(WIDTH, hidden, layers, batch_first=True, dropout=dropout)
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
            Offsets (B, T) in seconds, and the state after the last timestep.
        """
        y, state = self.lstm(x * self.gain, state)
        return self._offset(y.float(), x), (state[0].float(), state[1].float())

    def step(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        """Predict one timestep: `forward` of a single step without dropout, by the cell equations.

        Args:
            x: float32 (B, F).
            state: From the timestep before.

        Returns:
            Offsets (B,) in seconds, and the next state.
        """
        below, hs, cs = x * self.gain, [], []
        for layer in range(self.lstm.num_layers):
            h, c = torch.lstm_cell(below, (state[0][layer], state[1][layer]), *self.weights(layer))
            below = h
            hs.append(h)
            cs.append(c)
        offset = self.head(torch.tanh(below))[:, 0] / HUNDREDTHS
        return self._from_anchor(offset, x), (torch.stack(hs), torch.stack(cs))

    def weights(self, layer: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Return a layer's weights from below and from before, and its two biases; gates i, f, g, o."""
        names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        a, b, c, d = (self.lstm.get_parameter(f"{name}_l{layer}") for name in names)
        return a, b, c, d

    def _offset(self, y: Tensor, x: Tensor) -> Tensor:
        return self._from_anchor(self.head(self.dropout(torch.tanh(y)))[..., 0] / HUNDREDTHS, x)

    def _from_anchor(self, offset: Tensor, x: Tensor) -> Tensor:
        return offset + x[..., GROOVE] / OFFSET_SCALE if self.anchor is Anchor.GROOVE else offset


@torch.no_grad()
def roll_out(
    net: PocketLSTM,
    x: Tensor,
    link: Tensor,
    state: State,
    *,
    human: Tensor,
    forecasts: Tensor,
    start: int,
) -> tuple[Tensor, State]:
    """Fill `diff` from the network's own forecasts, timestep by timestep, as it happens live.

    Teacher forcing would hand the network the drummer's own offsets, which it never sees live: there the
    `diff` is against what it forecast itself, errors and all. So training first rolls out without gradient
    and without dropout, which fills `diff`, and then runs the same timesteps in one parallel pass with
    gradient. The forecasts in `diff` are constants of that pass, as what has sounded cannot be taken back.

    Args:
        net: The network, in any mode.
        x: float32 (B, T, F), timesteps `start .. start + T` of the sequences; its `diff` column is ignored.
        link: int64 (B, T), the timestep whose `diff` is newest known, -1 where none is.
        state: From the timestep before.
        human: float32 (B, S), the musician's onset against nominal in seconds, whole sequences.
        forecasts: float32 (B, S), filled in place for these timesteps; earlier ones are read.
        start: Index of the first timestep.

    Returns:
        A copy of `x` with `diff` filled in, and the state after the last timestep.
    """
    x = x.clone()
    known = link >= 0
    newest = link.clamp(min=0)
    heard = torch.gather(human, 1, newest)
    for t in range(x.shape[1]):
        diff = heard[:, t] - torch.gather(forecasts, 1, newest[:, t : t + 1])[:, 0]
        x[:, t, DIFF] = torch.where(known[:, t], OFFSET_SCALE * diff, 0.0)
        forecasts[:, start + t], state = net.step(x[:, t], state)
    return x, state
