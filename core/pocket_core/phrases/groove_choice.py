"""From chances to what is struck: the likeliest, or drawn so that each voice comes as often as is likely."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import pi, sqrt

import numpy as np
from numpy.typing import NDArray

from pocket_core.phrases.groove_features import TURNS, decide
from pocket_core.phrases.hvo import A_BAR, COUNT
from pocket_core.voices import VOICES

HALF_BAR = A_BAR // 2
TOMS = [VOICES.index(voice) for voice in ("low tom", "mid tom", "high tom")]  # come together, as a fill
TOGETHER = 0.7  # correlation of a voice's luck within half a bar: toms come in a run, not as crumbs
WARMTH = (0.6, 0.65, 1.0)  # temperature of each turn's voices, where 1 is asked for: see `warmth`
BOLDER = 0.25  # how much wider luck becomes from a temperature of 1 to 2
RARELY = 1e-6  # a chance is no nearer to 0 or 1

Array = NDArray[np.float32]


def in_turns(
    say: Callable[[Array], Array],
    x: Array,
    lean: Callable[[Array], Array],
    turns: Sequence[Sequence[int]] = TURNS,
) -> tuple[Array, Array]:
    """Return what a network says at last, `float32[..., T, 27]`, and its leans, `[..., T, 9]` (`inclined`).

    Drawn all at once, each voice by its own chance, a bar has the hat of one drummer and the ride of another.
    So voices are decided in turns, and the network is asked again with those that are (as the blocks of Huang
    et al. 2017, "Counterpoint by Convolution").

    Args:
        say: From inputs, `float32[..., T, WIDTH]`, to chances, velocities and offsets.
        x: The inputs; nothing is decided in them yet.
        lean: From chances, `float32[..., T, 9]`, to leans, likewise; see `inclined`.
        turns: Voices that are decided together, in order.
    """
    x = x.copy()
    leans = np.full((*x.shape[:-1], COUNT), -np.inf, np.float32)
    said = say(x)
    for n, turn in enumerate(turns):
        if n > 0:
            said = say(x)
        voices = list(turn)
        leans[..., voices] = lean(said[..., :COUNT])[..., voices]
        decide(x, turn, (leans >= 0).astype(np.float32))
    return said, leans


def warmth(temperature: float) -> Array:
    """Return the temperature of each voice, `float32[9]`, for one of all.

    What is drawn cell by cell frays a hat's eighths and a backbeat, which drummers play all or not at all; so
    the beat is decided more firmly, and what comes now and then as often as its chance says. Chosen on
    validation: so many strokes and voices, and so much alike, are bars there (docs/decisions/0021-groove.md).
    """
    warm = np.ones(COUNT, np.float32)
    for turn, share in zip(TURNS, WARMTH, strict=True):
        warm[list(turn)] = share
    return temperature * warm


def inclined(chances: Array, thresholds: Array, temperature: float | Array, lucky: Array) -> Array:
    """Return how much each cell is for a stroke, `float32[..., T, V]`, as a logit; from 0 on it is struck.

    At a temperature of 0 what reaches its threshold is struck; at 1 a cell is struck as often as its chance
    says, so that a voice that never reaches its threshold still comes as often as learnt. Between them both
    are mixed; beyond 1 the improbable gets likelier.

    Args:
        chances: `float32[..., T, V]`, 0..1.
        thresholds: `float32[V]`, 0..1.
        temperature: 0..2, one or an array of a shape that fits.
        lucky: `float32[..., T, V]`; see `luck`.
    """
    cool = np.minimum(temperature, 1.0)
    wide = cool + BOLDER * (np.maximum(temperature, 1.0) - 1.0)
    leans = logit(chances) - (1.0 - cool) * logit(thresholds) + wide * lucky
    return np.asarray(leans, np.float32)


def luck(shape: tuple[int, int], chance: np.random.Generator) -> Array:
    """Return logistic noise, `float32[T, V]`, that is alike for a voice within half a bar; toms share theirs.

    A Gaussian copula; from normal to logistic as Page 1977, off by less than .0002 of a chance.

    Args:
        shape: Steps and voices.
        chance: What is drawn from.
    """
    steps, voices = shape
    run = chance.standard_normal((-(-steps // HALF_BAR), voices)).repeat(HALF_BAR, 0)[:steps]
    run[:, TOMS] = run[:, TOMS[:1]]
    normal = sqrt(TOGETHER) * run + sqrt(1 - TOGETHER) * chance.standard_normal((steps, voices))
    logistic: Array = (sqrt(8 / pi) * normal * (1 + 0.044715 * normal**2)).astype(np.float32)
    return logistic


def logit(chances: Array) -> Array:
    """Return the logarithm of the odds of chances, 0..1."""
    safe = np.clip(chances, RARELY, 1 - RARELY)
    odds: Array = np.log(safe / (1 - safe)).astype(np.float32)
    return odds
