"""Who forecasts inside the engine: a shipped model, or a simple follower made of the features alone.

The simple ones put the engine itself to the test: what it loses against the same rule as a loop over arrays,
and whether its restoring force holds whatever the model does.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping

import numpy as np

from pocket_core.errors import PocketError
from pocket_core.features import WIDTH
from pocket_core.predict import Predictor, ZeroPredictor
from pocket_core.testing import EagerPredictor
from pocket_core.types import Beats, Seconds
from pocketd.model import load_predictor

SHIPPED = ("lstm-solo", "lstm", "seq2seq", "follower")  # the best last
TEMPLATE = "template"  # the engine's own groove template and nothing else

SIMPLE: Mapping[str, Callable[[], Predictor]] = {
    "none": ZeroPredictor,
    TEMPLATE: lambda: EagerPredictor(by_template=True),
    "eager": EagerPredictor,  # takes every diff for the truth: the easiest to lead astray
}


def predictor(name: str) -> Predictor:
    """Return a simple follower by name, or load a model; no step is ever too slow for it.

    Raises:
        ModelError: There is no such model, or it cannot be trusted.
    """
    if name in SIMPLE:
        return SIMPLE[name]()
    return load_predictor(name, Seconds(math.inf))


def speaks_of_voices(player: Predictor) -> bool:
    """Whether a model says how each voice is played, and not the timestep's one offset alone."""
    x = np.zeros(WIDTH, np.float32)
    return player.step(x, player.initial_state(), Beats(0.0))[0].voicing is not None


def weights(models: Iterable[str]) -> dict[str, str]:
    """Return the sha256 of each model that can be loaded, by the name it has in its rows."""
    found = {}
    for name in models:
        try:
            found[name] = getattr(predictor(name), "sha256", "")
        except PocketError:
            continue  # its row says why
    return found
