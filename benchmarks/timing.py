"""Distributions of times, and what a step of a model takes when it comes now and then, as live."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from pocket_core.features import WIDTH
from pocket_core.predict import Predictor
from pocket_core.types import Beats, Seconds
from pocketd.backends.clock import SystemClock

PERIOD = 0.020  # seconds from one step to the next


@dataclass(frozen=True, slots=True)
class Steps:
    """What was timed, in seconds; the bare timer ran in the same loop."""

    taken: Sequence[float]  # of each step of the model
    late: Sequence[float]  # of each waking, against when it was meant to be


def distribution(seconds: Sequence[float]) -> dict[str, float]:
    """Return p50, p99, p99.9 and the largest, in ms.

    Raises:
        ValueError: There is nothing to look at.
    """
    if not seconds:
        raise ValueError("a distribution of nothing")
    p50, p99, p999 = np.percentile(np.asarray(seconds) * 1000, (50, 99, 99.9))
    return {"p50_ms": float(p50), "p99_ms": float(p99), "p999_ms": float(p999), "max_ms": max(seconds) * 1000}


def time_steps(predictor: Predictor, seconds: float, advance: Callable[[float], None]) -> Steps:
    """Run a step every 20 ms and time it.

    Args:
        predictor: Loaded and warm.
        seconds: For how long.
        advance: Told how many seconds have passed.
    """
    clock = SystemClock()
    noise = np.random.default_rng(1).normal(0.0, 0.3, (64, WIDTH)).astype(np.float32)
    state = predictor.initial_state()
    taken, late = [], []
    with _no_collection():
        begin = time.perf_counter()
        for n in range(int(seconds / PERIOD)):
            wanted = Seconds(begin + (n + 1) * PERIOD)
            clock.wait(wanted)
            woke = time.perf_counter()
            _, state = predictor.step(noise[n % len(noise)], state, Beats(n / 4))
            taken.append(time.perf_counter() - woke)
            late.append(woke - wanted)
            advance(PERIOD)
    return Steps(taken, late)


@contextmanager
def _no_collection() -> Iterator[None]:
    """Keep the garbage collector away, as the daemon's loop does."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
