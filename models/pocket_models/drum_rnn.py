"""Language models of drums: Magenta's Drum RNN as it was published, with attention or without, and ours.

Each returns logits of the 512 symbols of `pocket_core.phrases.steps`, or of two where there is one drum.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from pocket_core.phrases.hvo import COUNT
from pocket_core.phrases.step_features import KNOWN, POINTED, POINTERS, VELOCITIES, WIDTH
from pocket_core.phrases.steps import BITS, COUNTER_BITS, SYMBOLS

LEAST_SD = 0.02  # of a velocity, 0..1


class DrumRNN(nn.Module):
    """Magenta's: the symbol before as one of 512, a counter of the step, LSTM, softmax.

    Args:
        sizes: Units of each layer; 64 and 64 in its example, thrice 256 by default.
        attention: Steps that are looked back upon; 0: none. 32 by default.
        dropout: Of what each layer says; 0.5 there.
        symbols: How many there are.
    """

    def __init__(
        self,
        sizes: Sequence[int] = (64, 64),
        attention: int = 0,
        dropout: float = 0.5,
        symbols: int = SYMBOLS,
    ) -> None:
        super().__init__()
        self.attention, self.symbols = attention, symbols
        self.layers = nn.ModuleList(
            nn.LSTM(size, units, batch_first=True)
            for size, units in zip(
                (sizes[0] if attention else symbols + COUNTER_BITS, *sizes), sizes, strict=False
            )
        )
        self.dropout = nn.Dropout(dropout)
        last = sizes[-1]
        self.head = nn.Linear(last, symbols)
        if attention:  # source: `AttentionCellWrapper` of TensorFlow 1's contrib
            self.mixed = nn.Linear(symbols + COUNTER_BITS + last, sizes[0])
            self.key = nn.Linear(last, last, bias=False)
            self.query = nn.Linear(2 * sum(sizes), last)
            self.weight = nn.Linear(last, 1, bias=False)
            self.said = nn.Linear(2 * last, last)

    def forward(self, symbols: Tensor, counters: Tensor) -> Tensor:
        """Return logits `(B, T, symbols)` of what comes after each step.

        Args:
            symbols: `int64 (B, T)`.
            counters: `float32 (B, T, 6)`, of the steps that come after.
        """
        x = torch.cat([F.one_hot(symbols, self.symbols).to(counters), counters], -1)  # (B, T, 518)
        if self.attention:
            return self._looking_back(x)
        for layer in self.layers:
            x = self.dropout(layer(x)[0])
        logits: Tensor = self.head(x)
        return logits

    def _looking_back(self, x: Tensor) -> Tensor:
        batch, length, _ = x.shape
        units = self.head.in_features
        seen, keys = x.new_zeros(batch, 0, units), x.new_zeros(batch, 0, units)
        looked = x.new_zeros(batch, units)
        states: list[tuple[Tensor, Tensor] | None] = [None] * len(self.layers)
        said = []
        for step in range(length):
            row = self.mixed(torch.cat([x[:, step], looked], -1))[:, None]  # (B, 1, units)
            for n, layer in enumerate(self.layers):
                row, states[n] = layer(row, states[n])
                row = self.dropout(row)
            whole = torch.cat([part[0] for state in states if state is not None for part in state], -1)
            if step:
                scores = self.weight(torch.tanh(keys + self.query(whole)[:, None])).softmax(1)
                looked = (scores * seen).sum(1)
            out = row[:, 0]
            seen = torch.cat([seen, out[:, None]], 1)[:, -self.attention :]
            keys = torch.cat([keys, self.key(out)[:, None]], 1)[:, -self.attention :]
            said.append(self.said(torch.cat([out, looked], -1)))
        logits: Tensor = self.head(torch.stack(said, 1))
        return logits


class PocketDrums(nn.Module):
    """Ours: it sees the bars before, scores a set of voices by its voices and pairs, and points at the past.

    Args:
        units: Of each of the two recurrent layers.
        dropout: Of what goes into each layer and comes out.
        rank: Of the scores of the symbols.
    """

    voices: Tensor
    signs: Tensor

    def __init__(self, units: int = 128, dropout: float = 0.4, rank: int = 64) -> None:
        super().__init__()
        self.units = units
        self.enter = nn.Sequential(nn.Linear(WIDTH, units), nn.ReLU(), nn.Dropout(dropout))
        self.memory = nn.GRU(units, units, num_layers=2, dropout=dropout, batch_first=True)
        self.mix = nn.Sequential(
            nn.Dropout(dropout), nn.Linear(2 * units, units), nn.ReLU(), nn.Dropout(dropout)
        )
        self.code = nn.Linear(units, rank)
        self.point = nn.Linear(units, len(POINTERS))
        bits = torch.from_numpy(BITS)
        pairs = torch.stack([bits[:, a] * bits[:, b] for a in range(COUNT) for b in range(a)], 1)
        self.register_buffer("voices", torch.cat([bits, pairs], 1), persistent=False)  # (512, 45)
        self.register_buffer("signs", 2 * bits - 1, persistent=False)  # (512, 9)
        self.shape = nn.Linear(self.voices.shape[1], rank, bias=False)
        self.own = nn.Parameter(torch.zeros(SYMBOLS, rank))
        self.usual = nn.Parameter(torch.zeros(SYMBOLS))
        self.hard = nn.Sequential(
            nn.Linear(units + COUNT + VELOCITIES, 64), nn.ReLU(), nn.Linear(64, 2 * COUNT)
        )

    def forward(self, x: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor, Tensor]:
        """Return logits, what the velocities are told from, and the state after.

        Args:
            x: `float32 (B, T, WIDTH)`, of `step_features.feature_rows`.
            state: `float32 (2, B, units)`; None: the beginning.

        Returns:
            `(B, T, 512)`, `(B, T, units)` and `(2, B, units)`.
        """
        entered = self.enter(x)
        said, after = self.memory(entered, state)
        mixed = self.mix(torch.cat([entered, said], -1))
        table = self.shape(self.voices) + self.own  # (512, rank)
        logits = self.code(mixed) @ table.T + self.usual
        pointed = 2 * x[..., POINTED].reshape(*x.shape[:-1], len(POINTERS), COUNT) - 1  # (B, T, 4, 9)
        same = F.relu(pointed @ self.signs.T - (COUNT - 1))  # (B, T, 4, 512): 1 where it is that symbol
        weights = F.softplus(self.point(mixed)) * x[..., KNOWN]
        return logits + (weights[..., None, :] @ same)[..., 0, :], mixed, after

    def velocities(self, mixed: Tensor, struck: Tensor, before: Tensor) -> tuple[Tensor, Tensor]:
        """Return mean and standard deviation of each voice's velocity, 0..1, `(..., 9)` each.

        Args:
            mixed: `(..., units)`, from `forward`.
            struck: `(..., 9)`, the voices of the symbol that was chosen.
            before: `(..., 27)`, of `step_features.velocity_rows`.
        """
        said = self.hard(torch.cat([mixed, struck, before], -1))
        return said[..., :COUNT].sigmoid(), F.softplus(said[..., COUNT:]) + LEAST_SD
