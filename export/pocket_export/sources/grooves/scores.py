"""How near drums are to those of a drummer: what is struck, how hard, and when."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pocket_core.phrases.hvo import COUNT

LEAST, MOST, TRIES = 0.04, 0.94, 46  # thresholds that are tried
ROUNDS = 6  # in which each voice's is chosen again
FAIR = 0.5  # how much the mean of the voices' F1 counts beside that of all
FAIR_ALONE = 0.2  # the same without a memory, where a rare voice is hard to guess and costs all much
ENOUGH = 0.2  # F1 of a voice, without a memory, that is enough: all gives up nothing for more

Array = NDArray[np.float32]  # (N, 32, 27): hits, velocities, offsets


@dataclass(frozen=True, slots=True)
class Score:
    """Over all windows. Times are in ms at each window's own tempo."""

    accuracy: float  # share of the cells
    precision: float
    recall: float
    f1: float
    voice_f1: tuple[float, ...]  # of each voice
    hits: float  # of a window that are predicted
    velocity_mse: float  # on true positives, 0..1
    velocity_mae: float
    velocity_sd: float  # of what is predicted there
    velocity_real_sd: float
    mae_ms: float  # on true positives
    all_mae_ms: float  # on every hit of the drummer
    all_velocity_mse: float
    offset_sd: float  # sixteenths, of what is predicted on true positives
    offset_real_sd: float


def score(real: Array, said: Array, struck: NDArray[np.bool_], bpm: NDArray[np.float64]) -> Score:
    """Compare drums with a drummer's.

    Args:
        real: `float32[N, 32, 27]`.
        said: Likewise; only velocities and offsets count.
        struck: `bool[N, 32, 9]`, what is said to be struck.
        bpm: `float64[N]`.
    """
    hits = real[..., :COUNT] > 0.5
    both = hits & struck
    ms = np.broadcast_to((15_000.0 / bpm)[:, None, None], hits.shape)
    late = (said[..., 2 * COUNT :] - real[..., 2 * COUNT :]) * ms
    harder = said[..., COUNT : 2 * COUNT] - real[..., COUNT : 2 * COUNT]
    return Score(
        accuracy=float((hits == struck).mean()),
        precision=float(both.sum() / max(struck.sum(), 1)),
        recall=float(both.sum() / max(hits.sum(), 1)),
        f1=_f1(both, hits, struck),
        voice_f1=tuple(_f1(both[..., v], hits[..., v], struck[..., v]) for v in range(COUNT)),
        hits=float(struck.sum() / len(real)),
        velocity_mse=_mean(harder[both] ** 2),
        velocity_mae=_mean(np.abs(harder[both])),
        velocity_sd=_sd(said[..., COUNT : 2 * COUNT][both]),
        velocity_real_sd=_sd(real[..., COUNT : 2 * COUNT][both]),
        mae_ms=_mean(np.abs(late[both])),
        all_mae_ms=_mean(np.abs(late[hits])),
        all_velocity_mse=_mean(harder[hits] ** 2),
        offset_sd=_sd(said[..., 2 * COUNT :][both]),
        offset_real_sd=_sd(real[..., 2 * COUNT :][both]),
    )


def best_thresholds(
    real: Array, chances: NDArray[np.float32], fair: float = FAIR, enough: float = 1.0
) -> NDArray[np.float32]:
    """Return of each voice its threshold, `float32[9]`: best for the F1 of all and the mean of the voices'.

    By its own F1 alone a rare voice would be struck far too often: where it is hard to guess, that is best
    if it is struck almost everywhere, and the F1 of all falls.

    Args:
        real: `float32[N, 32, 27]`.
        chances: `float32[N, 32, 9]`, 0..1.
        fair: How much the mean of the voices counts beside all.
        enough: A voice's F1 counts up to this; all gives up nothing for more.
    """
    hits = real[..., :COUNT] > 0.5
    tries = np.linspace(LEAST, MOST, TRIES)
    both, struck = np.empty((COUNT, TRIES)), np.empty((COUNT, TRIES))
    for n, threshold in enumerate(tries):
        said = chances >= threshold
        both[:, n], struck[:, n] = (hits & said).sum((0, 1)), said.sum((0, 1))
    there = hits.sum((0, 1))
    alone = np.minimum(2 * both / np.maximum(struck + there[:, None], 1), enough)
    best = np.full(COUNT, TRIES // 2)
    voices = np.arange(COUNT)
    for _ in range(ROUNDS):
        for voice in range(COUNT):
            rest = voices != voice
            b = both[voices[rest], best[rest]].sum() + both[voice]
            s = struck[voices[rest], best[rest]].sum() + struck[voice]
            best[voice] = int(np.argmax(2 * b / np.maximum(s + there.sum(), 1) + fair * alone[voice] / COUNT))
    chosen: NDArray[np.float32] = tries[best].astype(np.float32)
    return chosen


def _f1(both: NDArray[np.bool_], hits: NDArray[np.bool_], struck: NDArray[np.bool_]) -> float:
    return float(2 * both.sum() / max(hits.sum() + struck.sum(), 1))


def _mean(values: NDArray[np.float32]) -> float:
    return float(values.mean()) if values.size else 0.0


def _sd(values: NDArray[np.float32]) -> float:
    return float(values.std()) if values.size else 0.0
