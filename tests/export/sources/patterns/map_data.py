"""Content for maps: patterns and a decoder by lot, small and the same each time."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from pocket_core.phrases.patterns import CELLS, STEPS
from pocket_export.sources.patterns.map_content import Layer, MapContent

COUNT = 60
GENRES = ("rock", "jazz", "")


def decoder(seed: int = 3) -> tuple[Layer, ...]:
    rng = np.random.default_rng(seed)
    sizes = (4, 32, 64, CELLS)
    return tuple(
        Layer(
            rng.normal(0, 1 / np.sqrt(a), (b, a)).astype(np.float32), rng.normal(0, 0.4, b).astype(np.float32)
        )
        for a, b in pairwise(sizes)
    )


def small(
    count: int = COUNT,
    *,
    title: str = "A small map",
    genre: str = "rock",
    name: str = "",
    licence: str = "CC0",
) -> MapContent:
    rng = np.random.default_rng(7)
    patterns = np.where(rng.random((count, STEPS)) < 0.5, 0, rng.integers(0, 2**9, (count, STEPS)))
    genres = tuple((genre, *GENRES[1:])[i % len(GENRES)] for i in range(count))
    return MapContent(
        title=title,
        patterns=patterns,
        codes=rng.normal(0, 2, (count, 4)).astype(np.float32),
        genres=genres,
        names=tuple(name or f"folder/file {i}.mid" for i in range(count)),
        decoder=decoder(),
        licences=(licence,),
    )


def ring(count: int = COUNT) -> NDArray[np.float32]:
    """Lay patterns out where each can be clicked: on a circle."""
    turn = np.linspace(0, 2 * np.pi, count, endpoint=False)
    return np.stack([np.cos(turn), np.sin(turn)], axis=1).astype(np.float32)
