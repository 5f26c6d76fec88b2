"""The default: what the groove template and the drummer's habits leave, by a recurrent network.

Features go through one layer of rectified units into one of gated recurrent units (Cho et al. 2014). It
steps at every drum and at every onset without a drum, so it hears all that the musician plays, in order. For
each step it says where the musician will be, how surely, and whether they play here at all; and where and
how hard a drummer would play each voice. The forecast lies between the two, the nearer to the musician the
likelier they play: it follows whoever plays, and humanises where nobody does.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import linear

from pocket_core.features import COLUMNS, OFFSET_SCALE, OFFSETS, WIDTH
from pocket_core.predict import OUTPUTS
from pocket_models.network import Network, Product, State
from pocket_models.saying import HEADS, UNIT, Folded, say, split, unfold

HIDDEN = 256
WIDE = 128  # units between features and recurrence

#: What it does not see: these are against its own forecasts, and the onsets themselves say as much.
UNSEEN = ("diff", "diff age", "diff fresh")


class Follower(Network):
    """Predict each step from its features; see the module and `pocket_models.network.Network`.

    Args:
        hidden: Recurrent units.
        wide: Units between features and recurrence.
        dropout: Before the output layer, in training only.
    """

    hears = True
    follows_itself = False
    outputs = len(OUTPUTS)
    state_names = ("h",)

    def __init__(self, *, hidden: int = HIDDEN, wide: int = WIDE, dropout: float = 0.0) -> None:
        super().__init__()
        seen = [i for i, name in enumerate(COLUMNS) if name not in UNSEEN]
        self.seen = nn.Buffer(torch.tensor(seen), persistent=False)
        gain = [1.0 / (OFFSET_SCALE * UNIT) if COLUMNS[i] in OFFSETS else 1.0 for i in seen]
        self.gain = nn.Buffer(torch.tensor(gain), persistent=False)
        self.enter = nn.Linear(len(seen), wide)
        self.gru = nn.GRU(wide, hidden, batch_first=True)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(hidden, HEADS)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)

    def initial_state(self, batch: int) -> State:
        """Return zeros (1, B, hidden), the state at the start of a take."""
        return (self.head.weight.new_zeros(1, batch, self.gru.hidden_size),)

    def forward(self, x: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """Predict whole sequences at once.

        Args:
            x: float32 (B, T, F).
            state: From the step before; None at the start of a take.

        Returns:
            Predictions (B, T, OUTPUTS), and the state after the last step.
        """
        y, last = self.gru(self._see(x), None if state is None else state[0])
        return say(self.head(self.dropout(y)).float(), x), (last.float(),)

    def step(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        """Predict one step: `forward` of a single step without dropout, by the cell's equations.

        Args:
            x: float32 (B, F).
            state: From the step before.

        Returns:
            Predictions (B, OUTPUTS), and the next state.
        """
        before, hidden = state[0][0], self.gru.hidden_size
        of_input, of_state, bias, more_bias = (
            self.gru.get_parameter(f"{name}_l0") for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        )
        below = linear(self._see(x), of_input, bias)
        within = linear(before, of_state, more_bias)
        reset = torch.sigmoid(below[:, :hidden] + within[:, :hidden])
        keep = torch.sigmoid(below[:, hidden : 2 * hidden] + within[:, hidden : 2 * hidden])
        new = torch.tanh(below[:, 2 * hidden :] + reset * within[:, 2 * hidden :])
        after = new + keep * (before - new)
        return say(self.head(after), x), (after[None],)

    def adopt(self, step: Sequence[Product], encoder: Sequence[Tensor] = ()) -> None:  # noqa: ARG002
        """Take over the weights of an exported step; see `Network.adopt`."""
        enter, below, within, folded, _ = step
        with torch.no_grad():
            self.enter.weight.copy_(enter[0][self.seen].t() / self.gain)
            self.enter.bias.copy_(enter[1])
            for (weight, bias), name in ((below, "ih"), (within, "hh")):
                self.gru.get_parameter(f"weight_{name}_l0").copy_(weight.t())
                self.gru.get_parameter(f"bias_{name}_l0").copy_(bias)
        unfold(folded, self.head)

    def one_step(self) -> nn.Module:
        """Return the step in as few operations as it takes."""
        return _OneStep(self)

    def _see(self, x: Tensor) -> Tensor:
        return torch.relu(self.enter(x.index_select(-1, self.seen) * self.gain))


class _OneStep(nn.Module):
    """The step for a batch of one; what is not seen has a weight of 0. The weights are as they are now."""

    def __init__(self, net: Follower) -> None:
        super().__init__()
        self.hidden = net.gru.hidden_size
        self.enter = net.enter.weight.new_zeros(WIDTH, net.enter.out_features)
        self.enter[net.seen] = (net.enter.weight.detach() * net.gain).t()
        self.enter_bias = net.enter.bias.detach()
        self.of_input, self.of_state, self.bias, self.more_bias = (
            net.gru.get_parameter(f"{name}_l0").detach().t().contiguous()
            for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        )
        self.folded = Folded(net.head)

    def forward(self, x: Tensor, h: Tensor) -> tuple[Tensor, Tensor]:
        """Return the predictions (1, OUTPUTS) and the state after the step.

        Args:
            x: float32 (1, F).
            h: float32 (1, 1, hidden).
        """
        before, gates = h[0], 2 * self.hidden
        seen = torch.relu(torch.addmm(self.enter_bias, x, self.enter))
        below = torch.addmm(self.bias, seen, self.of_input)
        within = torch.addmm(self.more_bias, before, self.of_state)
        gates_below, new_below = split(below, [gates, self.hidden])
        gates_within, new_within = split(within, [gates, self.hidden])
        reset, keep = torch.sigmoid(gates_below + gates_within).chunk(2, 1)
        new = torch.tanh(new_below + reset * new_within)
        after = new + keep * (before - new)
        return self.folded.say(after, x), after[None]
