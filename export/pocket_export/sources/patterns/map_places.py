"""Where each pattern lies on the map: t-SNE or UMAP of the latent codes, and where genres are at home."""

from __future__ import annotations

import io
import re
import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from pocket_export.needs import need
from pocket_export.sources.patterns.map_content import NO_GENRE

FEW = 8  # patterns; so few have no neighbourhoods, and lie along their principal components
GRID = 96  # cells along a side of the square that areas are drawn on
REACH = 1.25  # half its side; patterns lie within -1..1
SPREAD = 2.5  # cells: how far a pattern makes its genre felt
MOST_GENRES = 12  # have a colour of their own; all others are drawn as none
ITERATIONS = 1000  # of t-SNE, its default; it may end sooner where it gets no further
TOLD = re.compile(r"Iteration (\d+)|^(\d+) of (\d+)$")  # what t-SNE prints, and UMAP as it is told below
LEAST_PATTERNS = 3  # of a genre that is drawn at all


class Method(StrEnum):
    """How many numbers become two."""

    TSNE = "tsne"
    UMAP = "umap"


class Overheard(io.TextIOBase):
    """Takes what a library prints while it works, and passes on the share that is done; it has no callback.

    Args:
        progress: Told which share is done, 0..1.
    """

    def __init__(self, progress: Callable[[float], None]) -> None:
        self._progress = progress

    def write(self, text: str, /) -> int:
        """Take in what is printed; what tells no share is left out."""
        found = TOLD.search(text.strip())
        if found is not None:
            done, of = found[1] or found[2], found[3] or ITERATIONS
            self._progress(min(int(done) / int(of), 1.0))
        return len(text)


def places(
    codes: NDArray[np.float32],
    method: Method,
    seed: int,
    progress: Callable[[float], None] = lambda _: None,
) -> NDArray[np.float32]:
    """Lay codes out on a plane.

    Args:
        codes: `(N, D)`, N >= 1.
        method: How.
        seed: The same gives the same map, on the same machine.
        progress: Told which share is done, 0..1.

    Returns:
        `float32[N, 2]`: x to the right, y upwards, both within -1..1.

    Raises:
        TrainingMissingError: scikit-learn or umap-learn is not installed.
    """
    distinct, back = np.unique(codes, axis=0, return_inverse=True)  # twins would tear the layout apart
    if len(distinct) < FEW:
        flat = _principal(distinct)
    elif method is Method.TSNE:
        flat = _tsne(distinct, seed, Overheard(progress))
    else:
        flat = _umap(distinct, seed, Overheard(progress))
    progress(1.0)
    return _fit(flat)[back.reshape(-1)]


def main_genres(genres: Sequence[str]) -> tuple[str, ...]:
    """Return the genres that have a colour, the most frequent first."""
    counted = Counter(genre for genre in genres if genre != NO_GENRE)
    ranked = sorted(counted.items(), key=lambda item: (-item[1], item[0]))
    return tuple(genre for genre, count in ranked if count >= LEAST_PATTERNS)[:MOST_GENRES]


def areas(flat: NDArray[np.float32], groups: NDArray[np.int64], count: int) -> NDArray[np.uint8]:
    """Say how much at home each genre is at each place: its density, weighed by its share of all genres'.

    Each genre counts the same, whether it has ten patterns or a thousand.

    Args:
        flat: `(N, 2)` within -1..1.
        groups: `(N,)`: the genre of each, or `count` for none.
        count: How many genres.

    Returns:
        `uint8[count, GRID, GRID]`: rows from the top, 255 at the heart of a genre.
    """
    density = np.zeros((count, GRID, GRID))
    cells = np.clip((flat + REACH) / (2 * REACH) * GRID, 0, GRID - 1).astype(np.int64)
    for genre in range(count):
        mine = cells[groups == genre]
        np.add.at(density[genre], (GRID - 1 - mine[:, 1], mine[:, 0]), 1.0)
    density = _blur(density)
    density /= np.maximum(density.sum(axis=(1, 2), keepdims=True), 1e-12)
    share = density / np.maximum(density.sum(axis=0), 1e-12)
    home = density * share
    home /= np.maximum(home.max(axis=(1, 2), keepdims=True), 1e-12)
    return np.asarray(np.rint(255.0 * np.sqrt(home)), np.uint8)


def _tsne(codes: NDArray[np.float32], seed: int, overheard: Overheard) -> NDArray[np.float64]:
    need("sklearn")
    from sklearn.manifold import TSNE

    layout = TSNE(
        perplexity=min(30.0, (len(codes) - 1) / 3),
        max_iter=ITERATIONS,
        init="pca",
        random_state=seed,
        n_jobs=1,
        verbose=2,  # it prints every 50th iteration
    )
    with redirect_stdout(overheard):
        return np.asarray(layout.fit_transform(codes), np.float64)


def _umap(codes: NDArray[np.float32], seed: int, overheard: Overheard) -> NDArray[np.float64]:
    need("umap")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that a seed takes one core, and what it would like to import
        from umap import UMAP

        flat = UMAP(
            n_neighbors=min(15, len(codes) - 1),
            min_dist=0.15,
            init="pca",
            random_state=seed,
            n_jobs=1,
            tqdm_kwds={
                "disable": False,
                "file": overheard,
                "bar_format": "{n_fmt} of {total_fmt}",
                "mininterval": 0.0,
                "miniters": 10,
            },
        ).fit_transform(codes)
    return np.asarray(flat, np.float64)


def _principal(codes: NDArray[np.float32]) -> NDArray[np.float64]:
    centred = codes.astype(np.float64) - codes.mean(axis=0)
    _, _, axes = np.linalg.svd(centred, full_matrices=False)
    flat = centred @ axes[:2].T
    return np.pad(flat, ((0, 0), (0, 2 - flat.shape[1])))


def _fit(flat: NDArray[np.float64]) -> NDArray[np.float32]:
    """Put the middle of the plane at 0, and its farthest point on the edge of the square."""
    centred = flat - (flat.min(axis=0) + flat.max(axis=0)) / 2
    return np.asarray(centred / max(float(np.abs(centred).max()), 1e-9), np.float32)


def _blur(grids: NDArray[np.float64]) -> NDArray[np.float64]:
    """Spread each cell over its neighbours, by a bell of `SPREAD` cells."""
    reach = int(np.ceil(3 * SPREAD))
    bell = np.exp(-0.5 * (np.arange(-reach, reach + 1) / SPREAD) ** 2)
    bell /= bell.sum()
    for axis in (1, 2):
        padded = np.pad(grids, [(reach, reach) if a == axis else (0, 0) for a in range(3)])
        grids = np.lib.stride_tricks.sliding_window_view(padded, len(bell), axis) @ bell
    return grids
