"""How much of a night's lesson is kept: all of it, or so much that Groove is not forgotten.

Along the line between a network and what fine-tuning made of it, what was learnt and what was forgotten both
come by degrees, the forgetting later (Wortsman et al. 2022, "Robust fine-tuning of zero-shot models").
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from pocket_export.night.gate import Check
from pocket_models.network import Network

SHARES = (1.0, 0.75, 0.5, 0.25)  # tried in this order


@dataclass(frozen=True, slots=True)
class Kept:
    """What a night's network shall become."""

    share: float  # of what it had learnt, 0..1
    checks: Sequence[Check]  # on Groove, of what it is then
    weights: Mapping[str, Tensor]  # to be loaded


def keep(before: Network, after: Network, judged: Callable[[Network], Sequence[Check]]) -> Kept:
    """Return as much of what a network learnt as passes; all of it if no share does.

    The network is as it was when this ends, however it ends; so it can be done again.

    Args:
        before: As it was before it learnt.
        after: As it has become; of the same shape.
        judged: Says whether a network has forgotten.
    """
    old = {name: weights.clone() for name, weights in before.state_dict().items()}
    new = {name: weights.clone() for name, weights in after.state_dict().items()}
    tried: list[Kept] = []
    try:
        for share in SHARES:
            weights = {name: torch.lerp(old[name], new[name], share) for name in new}
            after.load_state_dict(weights)
            tried.append(Kept(share, judged(after), weights))
            if all(check.passed for check in tried[-1].checks):
                return tried[-1]
    finally:
        after.load_state_dict(new)
    return tried[0]
