"""What an output layer's numbers mean, for the networks that say more than the paper's one offset.

Offsets are counted from what the groove template expects and from the drummer's habits, so an output layer of
zeros says what those do.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from pocket_core.features import GROOVE, HABITS, OFFSET_SCALE, WIDTH
from pocket_core.predict import OUTPUTS
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
NEVER = -1e4  # an exponent of nothing
_REST = ("chance's exponent", "expected - own", "habits in seconds", "voices struck")


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


def split(row: Tensor, sizes: list[int]) -> tuple[Tensor, ...]:
    """Return parts of a tensor (1, C), each with so many columns."""
    parts: tuple[Tensor, ...] = row.split(sizes, 1)  # type: ignore[no-untyped-call]
    return parts


class Folded:
    """`say` of an output layer in few operations, for export; the weights are as they are now.

    Almost all that is said is a sum, or the exponential of one, of what the layer below says and of the
    features: so it is one matrix product. ONNX Runtime has a price for each operation, above all after a
    pause, as there is one from step to step.

    Args:
        head: From the layer below to `HEADS` numbers.
    """

    def __init__(self, head: nn.Linear) -> None:
        size, seconds = len(OUTPUTS), 1.0 / OFFSET_SCALE
        weight, bias = head.weight.detach(), head.bias.detach()
        self._below = head.in_features
        # Columns: what is said but for exponentials; their exponents; then one each of `_REST`.
        self._weight = weight.new_zeros(self._below + WIDTH, 2 * size + len(_REST))
        self._bias = weight.new_zeros(2 * size + len(_REST))
        self._bias[size : 2 * size] = NEVER

        def add(column: int, number: int, gain: float = 1.0) -> None:
            self._weight[: self._below, column] += gain * weight[number]
            self._bias[column] += gain * bias[number]

        def feature(column: int, of: int, gain: float = 1.0) -> None:
            self._weight[self._below + of, column] += gain

        def spread(column: int, number: int, unit: float, least: float) -> None:
            self._bias[size + column] = math.log(unit)
            add(size + column, number)
            self._bias[column] = least

        offset, expected, stray, chance, own = range(5)
        likely, apart, habits, struck = (2 * size + n for n in range(len(_REST)))
        for column, number in ((offset, _OWN), (expected, _EXPECTED), (own, _OWN)):
            add(column, number, UNIT)
            feature(column, GROOVE, seconds)
        spread(stray, _SPREAD, UNIT, LEAST_SPREAD)
        add(likely, _CHANCE)
        add(apart, _EXPECTED, UNIT)
        add(apart, _OWN, -UNIT)
        for v in range(_N):
            offset_v, stray_v, hard_v, hard_stray_v = (own + 1 + v + n * _N for n in range(4))
            add(offset_v, _OFFSET + v, UNIT)
            feature(offset_v, GROOVE, seconds)
            feature(offset_v, HABITS + v, seconds)
            spread(stray_v, _STRAY + v, UNIT, LEAST_SPREAD)
            add(hard_v, _VELOCITY + v, VELOCITY_UNIT)
            feature(hard_v, HABITS + _N + v)
            self._bias[hard_v] += CENTRE
            spread(hard_stray_v, _VELOCITY_STRAY + v, VELOCITY_UNIT, LEAST_VELOCITY_SPREAD)
            feature(habits, HABITS + v, seconds)
            feature(struck, v)
        # What is said of the drummer's habit, of the chance, and of what lies between musician and drummer.
        self._rest = weight.new_zeros(3, size)
        self._rest[0, offset] = self._rest[0, own] = self._rest[1, chance] = self._rest[2, offset] = 1.0

    def say(self, below: Tensor, x: Tensor) -> Tensor:
        """Return the predictions (1, OUTPUTS).

        Args:
            below: float32 (1, units), what the layer below says.
            x: float32 (1, F).
        """
        size = len(OUTPUTS)
        sums = torch.addmm(self._bias, torch.cat([below, x], 1), self._weight)
        said, exponents, likely, apart, habits, struck = split(sums, [size, size, 1, 1, 1, 1])
        habit = habits / struck.clamp(min=1.0)
        chance = torch.sigmoid(likely)
        glued = 1.0 - (1.0 - chance) ** GLUE
        rest = torch.cat([habit, chance, glued * (apart - habit)], 1)
        return torch.addmm(said + torch.exp(exponents), rest, self._rest)


def unfold(product: tuple[Tensor, Tensor], head: nn.Linear) -> None:
    """Put back into an output layer what `Folded` made of it.

    Args:
        product: Weight (units + WIDTH, columns) and bias (columns,) of the folded product.
        head: From as many units to `HEADS` numbers; changed in place.

    Raises:
        ValueError: The product is of another layer.
    """
    weight, bias = product
    size, below = len(OUTPUTS), head.in_features
    if weight.shape != (below + WIDTH, 2 * size + len(_REST)):
        raise ValueError(f"a folded output layer of {tuple(weight.shape)}")
    _, expected, stray, _, own = range(5)
    columns = {
        _EXPECTED: (expected, UNIT, 0.0),
        _SPREAD: (size + stray, 1.0, math.log(UNIT)),
        _CHANCE: (2 * size, 1.0, 0.0),
        _OWN: (own, UNIT, 0.0),
    }
    for v in range(_N):
        offset_v, stray_v, hard_v, hard_stray_v = (own + 1 + v + n * _N for n in range(4))
        columns[_OFFSET + v] = (offset_v, UNIT, 0.0)
        columns[_STRAY + v] = (size + stray_v, 1.0, math.log(UNIT))
        columns[_VELOCITY + v] = (hard_v, VELOCITY_UNIT, CENTRE)
        columns[_VELOCITY_STRAY + v] = (size + hard_stray_v, 1.0, math.log(VELOCITY_UNIT))
    with torch.no_grad():
        for number, (column, unit, more) in columns.items():
            head.weight[number] = weight[:below, column] / unit
            head.bias[number] = (bias[column] - more) / unit
