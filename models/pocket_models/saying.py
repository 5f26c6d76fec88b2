"""What an output layer's numbers mean, for the networks that say more than the paper's one offset.

Offsets are counted from what the groove template expects and from the drummer's habits, so an output layer of
zeros says what those do.
"""

from __future__ import annotations

import torch
from torch import Tensor

from pocket_core.features import GROOVE, HABITS, OFFSET_SCALE
from pocket_core.voices import VOICES

UNIT = 0.010  # seconds; what the output layer counts offsets in, and the layer of entry
VELOCITY_UNIT = 0.1
CENTRE = 0.5  # a velocity of whom nothing is known
GLUE = 8.0  # how much nearer to the musician than their chance alone would put it the forecast lies
LEAST_SPREAD, LEAST_VELOCITY_SPREAD = 1e-4, 1e-3  # seconds, shares

_N = len(VOICES)
#: Where the output layer's numbers stand.
_EXPECTED, _SPREAD, _CHANCE, _OWN, _OFFSET = range(5)
_STRAY, _VELOCITY, _VELOCITY_STRAY = _OFFSET + _N, _OFFSET + 2 * _N, _OFFSET + 3 * _N
HEADS = _OFFSET + 4 * _N  # so many numbers


def say(said: Tensor, x: Tensor) -> Tensor:
    """Turn an output layer's numbers into predictions.

    Args:
        said: float32 (..., HEADS).
        x: float32 (..., F), features of the same steps.

    Returns:
        Predictions (..., OUTPUTS), as `pocket_core.predict.OUTPUTS` names them.
    """
    groove = x[..., GROOVE : GROOVE + 1] / OFFSET_SCALE
    habit = x[..., HABITS : HABITS + _N] / OFFSET_SCALE
    hard = x[..., HABITS + _N : HABITS + 2 * _N]
    expected = groove + UNIT * said[..., _EXPECTED : _EXPECTED + 1]
    own = groove + habit.sum(-1, keepdim=True) / x[..., :_N].sum(-1, keepdim=True).clamp(min=1.0)
    own = own + UNIT * said[..., _OWN : _OWN + 1]
    chance = torch.sigmoid(said[..., _CHANCE : _CHANCE + 1])
    glued = 1.0 - (1.0 - chance) ** GLUE
    return torch.cat(
        [
            own + glued * (expected - own),
            expected,
            LEAST_SPREAD + UNIT * torch.exp(said[..., _SPREAD : _SPREAD + 1]),
            chance,
            own,
            groove + habit + UNIT * said[..., _OFFSET:_STRAY],
            LEAST_SPREAD + UNIT * torch.exp(said[..., _STRAY:_VELOCITY]),
            CENTRE + hard + VELOCITY_UNIT * said[..., _VELOCITY:_VELOCITY_STRAY],
            LEAST_VELOCITY_SPREAD + VELOCITY_UNIT * torch.exp(said[..., _VELOCITY_STRAY:]),
        ],
        -1,
    )
