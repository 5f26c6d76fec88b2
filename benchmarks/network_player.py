"""A network as the engine's model, straight from torch; `parity` shows that its export says the same."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from pocket_core.predict import Prediction, State, read
from pocket_core.score_features import score_rows
from pocket_core.types import Beats
from pocket_models.network import Network
from pocketd.encoder import Contexts
from pocketd.known_score import KnownScore


class NetworkPlayer:
    """See `pocket_core.predict.Predictor`.

    Args:
        net: On the CPU; played as it is at each step.
        score: Read beforehand by a network that reads scores; None: it is not known.
    """

    name = "network"

    def __init__(self, net: Network, score: KnownScore | None = None) -> None:
        self.hears = net.hears
        self._net = net.eval()
        self._contexts = None if score is None or not net.context else self._read(score)

    def initial_state(self) -> State:
        """Return the state at the start of a take."""
        return tuple(part.numpy() for part in self._net.initial_state(1))

    @torch.no_grad()
    def step(self, x: NDArray[np.float32], state: State, beat: Beats) -> tuple[Prediction, State]:
        """Predict a step."""
        row = torch.from_numpy(np.array(x, np.float32))[None]
        if self._net.context:
            found = None if self._contexts is None else self._contexts.at(beat)
            context = torch.zeros(self._net.context) if found is None else torch.from_numpy(found.ravel())
            row = torch.cat([row, context[None]], 1)
        said, after = self._net.step(row, tuple(torch.from_numpy(np.array(part)) for part in state))
        return read(said[0].tolist()), tuple(part.numpy() for part in after)

    @torch.no_grad()
    def _read(self, score: KnownScore) -> Contexts:
        known = score_rows(score.steps, score.tempo, score.meters, score.repeat)
        rows = self._net.encode(torch.from_numpy(known)[None])[0].numpy()
        return Contexts(score, rows)
