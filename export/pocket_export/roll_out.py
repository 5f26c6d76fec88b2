"""A network that follows itself, timestep by timestep, as it happens live."""

from __future__ import annotations

import torch
from torch import Tensor

from pocket_core.features import DIFF, OFFSET_SCALE
from pocket_models.network import Network, State


@torch.no_grad()
def roll_out(
    net: Network,
    x: Tensor,
    link: Tensor,
    state: State,
    *,
    human: Tensor,
    said: Tensor,
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
        said: float32 (B, S, outputs), filled in place for these timesteps; earlier ones are read.
        start: Index of the first timestep.

    Returns:
        A copy of `x` with `diff` filled in, and the state after the last timestep.
    """
    x = x.clone()
    known = link >= 0
    newest = link.clamp(min=0)
    heard = torch.gather(human, 1, newest)
    for t in range(x.shape[1]):
        diff = heard[:, t] - torch.gather(said[..., 0], 1, newest[:, t : t + 1])[:, 0]
        x[:, t, DIFF] = torch.where(known[:, t], OFFSET_SCALE * diff, 0.0)
        said[:, start + t], state = net.step(x[:, t], state)
    return x, state
