"""Read real tracks with the graphs that ship, as the daemon would."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pocket_core.phrases.settling import Settling
from pocket_core.phrases.step_features import feature_rows, velocity_rows
from pocket_core.phrases.steps import BITS
from pocket_export.sources.continuing.data import Track
from pocket_export.sources.continuing.lessons import Read
from pocketd.generators.graphs import Graphs
from pocketd.generators.speaker import LAYERS


def read_by_graphs(graphs: Graphs, tracks: Sequence[Track], *, one_drum: bool = False) -> list[Read]:
    """Return what the networks say of each track, from its second step on.

    Args:
        graphs: Of the source `continue`.
        tracks: Real ones.
        one_drum: The tracks are of one drum.

    Raises:
        ModelError: A graph fails.
    """
    return [_read(graphs, track, "one_" if one_drum else "") for track in tracks]


def logits_by_graphs(graphs: Graphs, track: Track, *, one_drum: bool = False) -> NDArray[np.float32]:
    """Return the logits before each step of a track from the second on, `(T - 1, 512)`.

    Raises:
        ModelError: The graph fails.
    """
    return np.asarray(_run(graphs, track, "one_" if one_drum else "")["logits"][0])


def settled_nats(
    graphs: Graphs, tracks: Sequence[Track], settling: Settling, *, one_drum: bool = False
) -> list[NDArray[np.float64]]:
    """Return the nats of each step of each track from the second on, where drums settle.

    Raises:
        ModelError: A graph fails.
    """
    return [
        settling.read(track.steps.symbols, logits_by_graphs(graphs, track, one_drum=one_drum))[0]
        for track in tracks
    ]


def _run(graphs: Graphs, track: Track, prefix: str) -> dict[str, NDArray[np.float32]]:
    units = int(graphs.card.graphs[f"{prefix}step"].inputs["state"][2] or 1)
    x = feature_rows(track.steps.symbols, track.setting)[None, 1:-1]
    return graphs.run(f"{prefix}step", x=x, state=np.zeros((LAYERS, 1, units), np.float32))


def _read(graphs: Graphs, track: Track, prefix: str) -> Read:
    steps, said = track.steps, _run(graphs, track, prefix)
    logits = said["logits"][0].astype(np.float64)
    most = logits.max(1, keepdims=True)
    nats = np.log(np.exp(logits - most).sum(1)) + most[:, 0]
    came = steps.symbols[1:]
    told = graphs.run(
        f"{prefix}velocity",
        mixed=said["mixed"][0],
        struck=BITS[came],
        before=velocity_rows(steps.velocities)[1:-1],
    )
    return Read(
        nats - logits[np.arange(len(came)), came], logits.argmax(1) == came, told["mean"], told["spread"]
    )
