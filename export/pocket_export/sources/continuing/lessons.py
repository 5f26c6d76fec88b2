"""What our language model learns from: tracks and windows of them, and what each step came to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from pocket_core.phrases.hvo import A_BAR
from pocket_core.phrases.step_features import feature_rows, velocity_rows
from pocket_core.phrases.steps import BITS
from pocket_export.sources.continuing.data import Track, varied
from pocket_models.drum_rnn import PocketDrums

WINDOW = 256  # steps that are learnt at once
BATCH = 16  # windows
VELOCITY_WEIGHT = 0.1  # of the velocities' share of the loss


@dataclass(frozen=True, slots=True)
class Lesson:
    """Windows side by side."""

    x: Tensor  # (B, T, WIDTH)
    symbols: Tensor  # int64 (B, T), what comes
    velocities: Tensor  # (B, T, 9)
    before: Tensor  # (B, T, 27), velocities before
    counts: Tensor  # (B, T), 1 where there is a step


@dataclass(frozen=True, slots=True)
class Read:
    """What a model said of a track, from its second step on."""

    nats: NDArray[np.float64]  # (T - 1,), of what came
    right: NDArray[np.bool_]  # (T - 1,), whether the likeliest came
    means: NDArray[np.float32]  # (T - 1, 9), of velocities
    spreads: NDArray[np.float32]  # (T - 1, 9)


def windows_of(
    tracks: Sequence[Track], chance: np.random.Generator, *, vary: bool = True
) -> list[tuple[NDArray[np.float32], Track, int, int]]:
    """Return every track once as a window that begins with a bar, and twice or more where it is long."""
    found = []
    for track in tracks:
        for _ in range(_times(track)):
            one = varied(track, chance) if vary else track
            last = max(len(one.steps) - WINDOW, 0) // A_BAR
            begin = int(chance.integers(last + 1)) * A_BAR
            end = min(begin + WINDOW, len(one.steps))
            x = feature_rows(one.steps.symbols[:end], one.setting, first=begin)[:-1]
            found.append((x, one, begin, end))
    return found


def lesson_count(tracks: Sequence[Track]) -> int:
    """Return how many lessons an epoch has."""
    return -(-sum(_times(track) for track in tracks) // BATCH)


def lessons(tracks: Sequence[Track], chance: np.random.Generator, *, vary: bool = True) -> Iterable[Lesson]:
    """Return an epoch's lessons, windows in an order by chance."""
    windows = windows_of(tracks, chance, vary=vary)
    order = chance.permutation(len(windows))
    for at in range(0, len(windows), BATCH):
        yield lesson_of([windows[int(n)] for n in order[at : at + BATCH]])


def lesson_of(windows: Sequence[tuple[NDArray[np.float32], Track, int, int]]) -> Lesson:
    """Put windows side by side; behind a shorter one is nothing."""
    longest = max(end - begin for _, _, begin, end in windows)

    def filled(rows: Sequence[NDArray[Any]]) -> Tensor:
        return torch.from_numpy(
            np.stack([np.pad(row, [(0, longest - len(row)), *[(0, 0)] * (row.ndim - 1)]) for row in rows])
        )

    return Lesson(
        x=filled([x for x, _, _, _ in windows]),
        symbols=filled([track.steps.symbols[begin:end] for _, track, begin, end in windows]),
        velocities=filled([track.steps.velocities[begin:end] for _, track, begin, end in windows]),
        before=filled([velocity_rows(t.steps.velocities[:end], begin)[:-1] for _, t, begin, end in windows]),
        counts=filled([(np.arange(begin, end) > 0).astype(np.float32) for _, _, begin, end in windows]),
    )


def loss(net: PocketDrums, lesson: Lesson) -> Tensor:
    """Return the mean nats of a step, and the velocities' share; the velocities do not teach the memory."""
    logits, mixed, _ = net(lesson.x)
    each = F.cross_entropy(logits.flatten(0, 1), lesson.symbols.flatten(), reduction="none")
    counts = lesson.counts.flatten()
    nats = (each * counts).sum() / counts.sum()
    struck = torch.from_numpy(BITS)[lesson.symbols] * lesson.counts[..., None]
    mean, spread = net.velocities(mixed.detach(), struck, lesson.before)
    off = ((lesson.velocities - mean) / spread) ** 2 / 2 + spread.log()
    return nats + VELOCITY_WEIGHT * (off * struck).sum() / struck.sum()


@torch.no_grad()
def read(net: PocketDrums, track: Track) -> Read:
    """Return what a model says of a whole track."""
    steps = track.steps
    x = torch.from_numpy(feature_rows(steps.symbols, track.setting)[1:-1])[None]
    before = torch.from_numpy(velocity_rows(steps.velocities)[1:-1])[None]
    symbols = torch.from_numpy(steps.symbols[1:])
    struck = torch.from_numpy(BITS[steps.symbols[1:]])[None]
    logits, mixed, _ = net(x)
    chances = logits[0].log_softmax(-1)
    mean, spread = net.velocities(mixed, struck, before)
    return Read(
        -chances.gather(1, symbols[:, None])[:, 0].numpy().astype(np.float64),
        (chances.argmax(1) == symbols).numpy(),
        mean[0].numpy(),
        spread[0].numpy(),
    )


def perplexity(reads: Iterable[Read]) -> float:
    """Return e to the mean nats of all steps."""
    return float(np.exp(np.concatenate([one.nats for one in reads]).mean()))


def _times(track: Track) -> int:
    return max(1, round(len(track.steps) / WINDOW))
