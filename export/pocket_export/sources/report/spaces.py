"""Pictures of spaces: bars, or a source's own codes of them, laid out on a plane."""

from __future__ import annotations

import importlib
import importlib.util
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from pocket_core.errors import one_line
from pocket_core.phrases.hvo import A_BAR, COUNT, cells_from, phrase_of_cells
from pocket_core.phrases.kit import Kit
from pocket_core.phrases.phrase import Phrase
from pocket_export.sources.report.material import Song
from pocket_export.sources.report.rows import Player

CODED_BARS = 2
NEIGHBOURS, LEAST_POINTS = 15, 40  # UMAP's usual number; fewer points are laid out by their main axes
MOST_REAL, MOST_MADE = 900, 256  # points


#: Puts `float64[N, D]` on a plane, `float64[N, 2]`, by a seed, and says how.
Layout = Callable[[NDArray[np.float64], int], tuple[NDArray[np.float64], str]]


@runtime_checkable
class Coder(Protocol):
    """A generator that has a space of its own, and shows it."""

    def codes(self, phrases: Sequence[Phrase]) -> NDArray[np.float32]:
        """Return where phrases lie, `float32[N, z]`; of each its beginning, as much as fits."""


@dataclass(frozen=True, slots=True)
class Points:
    """Bars on a plane."""

    xy: NDArray[np.float64]  # (N, 2)
    row: tuple[str, ...]  # of which row each is
    genre: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Space:
    """A picture of a space, or why there is none."""

    title: str
    points: Points | None
    how: str  # it was laid out, or why there are no points


@dataclass(frozen=True, slots=True)
class Piece:
    """Two bars of a song."""

    song: Song
    phrase: Phrase
    cells: NDArray[np.float32]  # (32, 27)


def pieces(songs: Sequence[Song], most: int, seed: int) -> list[Piece]:
    """Cut songs in pieces of two bars, silent ones left out; of too many some are drawn."""
    steps = CODED_BARS * A_BAR
    places = [
        (song, begin)
        for song in songs
        for begin in range(0, len(song.cells) - steps + 1, steps)
        if song.cells.hits[begin : begin + steps].any()
    ]
    if len(places) > most:
        drawn = np.random.default_rng(seed).choice(len(places), most, replace=False)
        places = [places[n] for n in sorted(drawn.tolist())]
    found = []
    for song, begin in places:
        cells = song.cells.array[begin : begin + steps]
        found.append(Piece(song, phrase_of_cells(cells_from(cells), Kit()), cells))
    return found


def space_of_strokes(named: Sequence[tuple[str, Sequence[Piece]]], seed: int, layout: Layout) -> Space:
    """Lay out all rows by what is struck and how loud."""
    points = [piece.cells[:, COUNT : 2 * COUNT].ravel() for _, those in named for piece in those]
    return _space("strokes and velocities", named, np.array(points, np.float64), seed, layout)


def space_of_codes(
    player: Player, named: Sequence[tuple[str, Sequence[Piece]]], seed: int, layout: Layout
) -> Space:
    """Lay out real and made drums by a source's own codes; one that has none says so."""
    title = f"codes of {player.name}"
    if player.generator is None:
        return Space(title, None, player.why)
    if not isinstance(player.generator, Coder):
        return Space(title, None, f"{player.name} has no space of codes")
    try:
        codes = player.generator.codes([piece.phrase for _, those in named for piece in those])
    except Exception as error:  # a bug in a generator costs its picture, and is told
        return Space(title, None, f"{type(error).__name__}: {one_line(error)}")
    expected = sum(len(those) for _, those in named)
    if codes.ndim != 2 or len(codes) != expected:
        return Space(title, None, f"codes are of shape {codes.shape}, one line a phrase would be {expected}")
    return _space(title, named, codes.astype(np.float64), seed, layout)


def laid_out(points: NDArray[np.float64], seed: int) -> tuple[NDArray[np.float64], str]:
    """Return points on a plane, `float64[N, 2]`, and how: UMAP (McInnes et al. 2018), or main axes."""
    if len(points) < LEAST_POINTS:
        return main_axes(points), f"their two main axes: fewer than {LEAST_POINTS} points"
    if importlib.util.find_spec("umap") is None:
        return main_axes(points), "their two main axes: umap-learn is not installed"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of one core, which the seed wants
        umap = importlib.import_module("umap")
        found = umap.UMAP(n_neighbors=NEIGHBOURS, random_state=seed, n_jobs=1).fit_transform(points)
    return np.asarray(found, np.float64), f"UMAP, {NEIGHBOURS} neighbours, seed {seed}"


def on_axes(points: NDArray[np.float64], seed: int) -> tuple[NDArray[np.float64], str]:  # noqa: ARG001
    """Lay points out by their main axes alone; a `Layout` that is quick."""
    return main_axes(points), "their two main axes"


def main_axes(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return points along the two axes on which they are spread most, `float64[N, 2]`."""
    centred = points - points.mean(0)
    left, sizes, _ = np.linalg.svd(centred, full_matrices=False)
    xy = np.zeros((len(points), 2))
    kept = min(2, len(sizes))
    xy[:, :kept] = left[:, :kept] * sizes[:kept]
    return xy


def _space(
    title: str,
    named: Sequence[tuple[str, Sequence[Piece]]],
    points: NDArray[np.float64],
    seed: int,
    layout: Layout,
) -> Space:
    rows = tuple(name for name, those in named for _ in those)
    whole = [piece.song for _, those in named for piece in those]
    if not whole:
        return Space(title, None, "nothing was played")
    xy, how = layout(points, seed)
    return Space(title, Points(xy, rows, tuple(song.genre for song in whole)), how)
