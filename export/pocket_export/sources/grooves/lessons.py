"""What a groove transformer learns from: every window, each epoch seen otherwise, and how far off it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from pocket_core.phrases.groove_features import (
    BPM_SCALE,
    DECIDED,
    MEMORY_STEPS,
    STEPS,
    TEMPO,
    TURNS,
    USUAL_BPM,
    VELOCITIES,
    WIDTH,
    decide,
)
from pocket_core.phrases.hvo import COUNT, Cells, no_cells
from pocket_export.sources.grooves.parts import part_to
from pocket_export.sources.grooves.windows import Mistakes, View, Window, shown

BATCH = 64
MOST_WRONG = 0.4  # of a memory's cells
MOST_FORGOTTEN = 0.7  # of the voices
LOUDER = 0.15  # a window is louder or softer by a share of up to this
FASTER = 0.03  # spread of the tempo that it is said to have, as a share
TURN_SHARES = (0.5, 0.25, 0.25)  # of the windows: asked in the first turn, the second and so on
AUDIENCE = 512  # windows at once, where nothing is learnt


@dataclass(frozen=True, slots=True)
class Habits:
    """How often a window is shown in which way, each 0..1."""

    remembers: float = 0.75
    from_before: float = 0.3  # of those that remember
    style: float = 0.4
    density: float = 0.3
    mistaken: float = 0.5  # of those that remember: some of it is from elsewhere
    forgetful: float = 0.15  # of those that remember: some voices were never played
    musician: float = 0.3  # have a musician's part for their groove
    turns: tuple[float, ...] = TURN_SHARES


@dataclass(frozen=True, slots=True)
class Weights:
    """What counts how much."""

    velocity: float = 2.0  # squared error, on the drummer's hits
    offset: float = 2.0  # error in sixteenths, likewise
    rare: float = 0.5  # the power of a voice's share by which its hits count more: 0 all alike


def draw(
    of: Sequence[Window], habits: Habits, chance: np.random.Generator, own: Mapping[str, Cells] | None = None
) -> NDArray[np.float32]:
    """Return what an epoch shows of windows, `float32[N, STEPS, WIDTH]`.

    Args:
        of: The windows.
        habits: How they are shown.
        chance: What is drawn from.
        own: What the model itself made of recordings, by name: it is what their windows remember.
    """
    x = np.empty((len(of), STEPS, WIDTH), np.float32)
    for n, window in enumerate(of):
        remembers = chance.random() < habits.remembers
        view = View(
            remembers=remembers,
            from_before=remembers and window.known >= STEPS and chance.random() < habits.from_before,
            style=chance.random() < habits.style,
            density=chance.random() < habits.density,
        )
        wrong, played = None, None
        if remembers and chance.random() < habits.mistaken:
            at = chance.random((MEMORY_STEPS, COUNT)) < chance.uniform(0, MOST_WRONG)
            wrong = Mistakes(at, of[int(chance.integers(len(of)))].past())
        elif remembers and chance.random() < habits.forgetful:
            never = chance.random(COUNT) < chance.uniform(0, MOST_FORGOTTEN)
            wrong = Mistakes(np.tile(never, (MEMORY_STEPS, 1)), no_cells(MEMORY_STEPS))
        if own and remembers:
            played = own.get(window.recording.name)
        part = part_to(window.and_past(), chance) if chance.random() < habits.musician else None
        x[n] = shown(window, view, wrong, played, part)
        _decide_some(x[n], window.cells.hits, habits.turns, chance)
    return x


def varied(
    x: NDArray[np.float32], y: NDArray[np.float32], chance: np.random.Generator
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return what windows show and what was played, louder or softer, and said to be faster or slower."""
    x, y = x.copy(), y.copy()
    loud = chance.uniform(1 - LOUDER, 1 + LOUDER, (len(x), 1, 1)).astype(np.float32)
    for rows, columns in ((x, VELOCITIES), (y, slice(COUNT, 2 * COUNT))):
        rows[..., columns] = np.minimum(rows[..., columns] * loud, 1.0)
    bpm = USUAL_BPM + BPM_SCALE * x[..., TEMPO]
    bpm *= np.exp(FASTER * chance.standard_normal((len(x), 1))).astype(np.float32)
    x[..., TEMPO] = (bpm - USUAL_BPM) / BPM_SCALE
    return x, y


def targets(of: Sequence[Window]) -> NDArray[np.float32]:
    """Return what was played, `float32[N, STEPS, 27]`."""
    return np.stack([window.cells.array for window in of])


def batches(
    x: NDArray[np.float32], y: NDArray[np.float32], chance: torch.Generator
) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield inputs and targets in random order."""
    order = torch.randperm(len(x), generator=chance).numpy()
    for begin in range(0, len(order), BATCH):
        some = order[begin : begin + BATCH]
        yield torch.from_numpy(x[some]), torch.from_numpy(y[some])


def rarity(y: NDArray[np.float32], power: float) -> Tensor:
    """Return how much a hit of each voice counts, `(9,)`: more where it is rare; 1 for a usual voice."""
    share = y[..., :COUNT].mean((0, 1)) + 1e-4
    weight = (share.mean() / share) ** power
    return torch.from_numpy(np.clip(weight, 0.5, 6.0).astype(np.float32))


def loss(said: Tensor, y: Tensor, weights: Weights, rare: Tensor, x: Tensor | None = None) -> Tensor:
    """Return how far what a model says, `(B, T, 27)`, is from what was played.

    Args:
        said: Hits as logits.
        y: What was played, likewise.
        weights: What counts how much.
        rare: How much a hit of each voice counts, `(9,)`.
        x: What it was said of, `(B, T, WIDTH)`: whether a voice strikes that is decided there is no question;
            None: nothing is decided.
    """
    hits, velocity, offset = torch.chunk(y, 3, -1)
    logits, said_velocity, said_offset = torch.chunk(said, 3, -1)
    struck = hits.sum().clamp(min=1.0)
    bce = functional.binary_cross_entropy_with_logits(logits, hits, reduction="none")
    bce = bce * (1 + hits * (rare - 1))
    if x is not None:
        bce = bce * (1 - x[..., DECIDED][..., :COUNT])
    harder = (hits * (said_velocity - velocity) ** 2).sum() / struck
    later = (hits * (said_offset - offset).abs()).sum() / struck
    return bce.mean() + weights.velocity * harder + weights.offset * later


def answers(net: torch.nn.Module, x: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return what a model says, `float32[N, STEPS, 27]`, hits as chances 0..1."""
    net.eval()
    found = []
    with torch.no_grad():
        for begin in range(0, len(x), AUDIENCE):
            said = net(torch.from_numpy(x[begin : begin + AUDIENCE])).numpy()
            said[..., :COUNT] = 1 / (1 + np.exp(-said[..., :COUNT]))
            found.append(said)
    return np.concatenate(found)


def _decide_some(
    x: NDArray[np.float32], hits: NDArray[np.float32], shares: Sequence[float], chance: np.random.Generator
) -> None:
    """Write into a window's input, `float32[STEPS, WIDTH]`, what the turns before its own have struck."""
    for turn in TURNS[: int(chance.choice(len(shares), p=shares))]:
        decide(x, turn, hits)
