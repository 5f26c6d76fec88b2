"""Read real tracks with the graphs that ship, as the daemon would."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pocket_core.phrases.step_features import feature_rows, velocity_rows
from pocket_core.phrases.steps import BITS
from pocket_export.sources.continuing.data import Track
from pocket_export.sources.continuing.lessons import Read
from pocketd.generators.graphs import Graphs
from pocketd.generators.speaker import LAYERS


def read_by_graphs(graphs: Graphs, tracks: Sequence[Track], *, one_drum: bool = False) -> list[Read]:
    """Return what the graphs say of each track, from its second step on.

    Args:
        graphs: Of the source `continue`.
        tracks: Real ones.
        one_drum: The tracks are of one drum.

    Raises:
        ModelError: A graph fails.
    """
    return [_read(graphs, track, "one_" if one_drum else "") for track in tracks]


def _read(graphs: Graphs, track: Track, prefix: str) -> Read:
    steps = track.steps
    units = int(graphs.card.graphs[f"{prefix}step"].inputs["state"][2] or 1)
    x = feature_rows(steps.symbols, track.setting)[None, 1:-1]
    said = graphs.run(f"{prefix}step", x=x, state=np.zeros((LAYERS, 1, units), np.float32))
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
