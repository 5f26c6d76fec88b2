"""The paper's second network: an encoder that reads the whole score, and a decoder that plays (Burloiu 2020).

A bidirectional LSTM reads what is known of the score before anything is played. What it makes of a timestep
stands behind that timestep's features, and a 2-layer LSTM of 256 units goes on from there as the paper's
first network does. Three things go beyond the paper: a layer of entry before the encoder; the decoder also
knows the drummer's habits; and the output layer sees the context itself, and says how each drum is played.

A timestep that the score does not have has a context of zeros.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor, nn

from pocket_core.features import COLUMNS, HABITS, OFFSETS, PORTRAIT, WIDTH
from pocket_core.predict import OUTPUTS
from pocket_core.score_features import OWN_COLUMNS, SCORE_WIDTH
from pocket_models import cells
from pocket_models.lstm import HIDDEN, LAYERS
from pocket_models.network import Network, Product, State
from pocket_models.saying import HEADS, Folded, say, unfold

WIDE = 192  # units between score and encoder
READING = 128  # units of the encoder, a direction
SEEN = (*range(PORTRAIT), *range(HABITS, WIDTH))  # of the features; the portrait is of what it does not hear
OFFSET_GAIN, TEMPO_GAIN = 5.0, 2.0


class Seq2Seq(Network):
    """Predict each timestep from its features and the whole score; see `pocket_models.network.Network`.

    The encoder sees the score alone: habits that are told of a later bar know how the bars before it were
    played.

    Args:
        hidden: Units of the decoder, a layer.
        layers: Of the decoder.
        reading: Units of the encoder, a direction.
        dropout: Around the encoder, between the decoder's layers and behind them, in training only.
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
        self.score_gain = nn.Buffer(_gain(OWN_COLUMNS, SCORE_WIDTH), persistent=False)
        self.gain = nn.Buffer(_gain((COLUMNS[i] for i in SEEN), len(SEEN) + self.context), persistent=False)
        self.seen = nn.Buffer(torch.tensor(SEEN), persistent=False)
        self.enter = nn.Linear(SCORE_WIDTH, WIDE)
        self.forwards = nn.LSTM(WIDE, reading, batch_first=True)
        self.backwards = nn.LSTM(WIDE, reading, batch_first=True)
        self.decoder = nn.LSTM(len(SEEN) + self.context, hidden, layers, batch_first=True, dropout=dropout)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(hidden + self.context, HEADS)
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
        x = self.dropout(torch.relu(self.enter(score * self.score_gain)))
        turned = _turn(x, lengths)
        ahead, behind = self.forwards(x)[0], self.backwards(turned)[0]
        context: Tensor = self.dropout(torch.cat([ahead.float(), _turn(behind.float(), lengths)], -1))
        return context

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
        said = self.head(torch.cat([self.dropout(y.float()), x[..., WIDTH:]], -1))
        return say(said.float(), x), (h.float(), c.float())

    def step(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        """Predict one timestep: `forward` of a single step without dropout, by the cell's equations.

        Args:
            x: float32 (B, F + context).
            state: From the timestep before.

        Returns:
            Predictions (B, OUTPUTS), and the next state.
        """
        top, after = cells.step(self.decoder, self._see(x) * self.gain, state)
        return say(self.head(torch.cat([top, x[..., WIDTH:]], -1)), x), after

    def adopt(self, step: Sequence[Product], encoder: Sequence[Tensor] = ()) -> None:
        """Take over the weights of an exported step and encoder; see `Network.adopt`."""
        *layers, folded, _ = step
        cells.adopt(self.decoder, layers, self.gain)
        unfold(folded, self.head)
        bias, weight, *both = encoder
        with torch.no_grad():
            self.enter.bias.copy_(bias)
            self.enter.weight.copy_(weight.t())
        for lstm, tensors in ((self.forwards, both[:3]), (self.backwards, both[3:])):
            cells.adopt_operator(lstm, *tensors)

    def one_step(self) -> nn.Module:
        """Return the decoder's step in as few operations as it takes."""
        return _OneStep(self)

    def _see(self, x: Tensor) -> Tensor:
        return torch.cat([x.index_select(-1, self.seen), x[..., WIDTH:]], -1)


class _OneStep(nn.Module):
    """The decoder's step, for a batch of one: a matrix product a layer and one for all that is said."""

    def __init__(self, net: Seq2Seq) -> None:
        super().__init__()
        self.products = cells.Products(net.decoder, net.gain)
        self.folded = Folded(net.head)

    def forward(self, x: Tensor, context: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return the predictions (1, OUTPUTS) and the state after the step.

        Args:
            x: float32 (1, F).
            context: float32 (1, context).
            h: float32 (layers, 1, hidden).
            c: Of the same shape.
        """
        top, h, c = self.products.step(torch.cat([x[:, :PORTRAIT], x[:, HABITS:], context], 1), h, c)
        return self.folded.say(torch.cat([top, context], 1), x), h, c


def _turn(rows: Tensor, lengths: Sequence[int] | None) -> Tensor:
    """Return sequences (B, T, C) from their ends; what lies beyond a sequence's length stays."""
    if lengths is None:
        return rows.flip(1)
    at = torch.arange(rows.shape[1])
    last = torch.tensor(lengths)[:, None] - 1
    order = torch.where(at <= last, last - at, at)
    return rows.gather(1, order[..., None].expand(-1, -1, rows.shape[-1]).to(rows.device))


def _gain(columns: Iterable[str], width: int) -> Tensor:
    """Return what brings columns up to about 1; those behind them are there."""
    known = dict.fromkeys(OFFSETS, OFFSET_GAIN) | {"tempo": TEMPO_GAIN}
    gain = torch.ones(width)
    for i, name in enumerate(columns):
        gain[i] = known.get(name, 1.0)
    return gain
