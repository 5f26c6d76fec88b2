"""What the gate needs to know of two networks, measured."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from itertools import groupby
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pocket_core.features import WIDTH
from pocket_core.predict import OUTPUTS, Predictor
from pocket_core.types import Beats, Seconds
from pocket_export.curriculum import validation_duets
from pocket_export.dataset import lessons
from pocket_export.duets import NOBODY
from pocket_export.evaluate import follow, forecast, predict, score
from pocket_export.lesson import Lesson
from pocket_export.night.gate import SLOWER, Groove, Judged
from pocket_export.night.take_lessons import TakeLesson
from pocket_export.night.targets import Style
from pocket_export.recordings import Performance
from pocket_models.network import Network
from pocketd.model import load_predictor

STEPS, TIMES = 300, 3  # of each model, in turns; and so often before it is called slower
PAUSE = 0.004  # seconds between two steps; a model that was not used for a while is slower
UNLIMITED = Seconds(1.0)  # no step is too slow to be measured
_CHANCE = OUTPUTS.index("chance")


def judge(
    takes: Sequence[TakeLesson], champion: Network, challenger: Network, rest: Callable[[], None]
) -> list[Judged]:
    """Return what both networks forecast in the bars that are kept to judge by, a take each.

    Args:
        takes: As `make_lessons` returns them.
        champion: As it was.
        challenger: As it has become.
        rest: Called often; what it raises ends it.
    """
    kept = [part for part in takes if part.judged.any()]
    said = zip(kept, _forecasts(champion, kept, rest), _forecasts(challenger, kept, rest), strict=True)
    return [
        Judged(
            song=about.song or "",
            take=about.take,
            bars=np.concatenate([part.bars[part.judged] for part, _, _ in parts]),
            human=np.concatenate([part.lesson.meets[part.judged] for part, _, _ in parts], dtype=np.float64),
            champion=np.concatenate([was[part.judged] for part, was, _ in parts]),
            challenger=np.concatenate([now[part.judged] for part, _, now in parts]),
            centred=parts[0][0].style is Style.VARIANCE,
        )
        for about, group in groupby(said, key=lambda one: one[0].source.about)
        for parts in [list(group)]
    ]


def groove_lessons(performances: Sequence[Performance]) -> tuple[list[Lesson], list[Lesson]]:
    """Return what is not to be forgotten: duets to follow in, and the same drummers with nobody to follow."""
    chosen = [p for p in performances if p.in_follow] or list(performances)
    return validation_duets(chosen), lessons(chosen, NOBODY, knows_drummer=True)


def judge_on_groove(net: Network, to_follow: Sequence[Lesson], to_humanise: Sequence[Lesson]) -> Groove:
    """Return how well a network does what it was pretrained for."""
    said = list(predict(net, to_follow))
    return Groove(
        score((lesson, values[:, 0]) for lesson, values in said).mae_ms,
        follow(net, to_humanise).drummer_mae_ms,
        _brier(said) if net.outputs > _CHANCE else None,
    )


def time_steps(champion: Path, challenger: Path, rest: Callable[[], None]) -> tuple[float, float]:
    """Return the median step of both models in ms, measured in turns; anew where a chance slowed one down."""
    both = [load_predictor(path, UNLIMITED) for path in (champion, challenger)]
    was, now = _medians(both, rest)
    for _ in range(TIMES - 1):
        if now <= SLOWER * was:
            break
        was, now = _medians(both, rest)
    return was, now


def _medians(both: Sequence[Predictor], rest: Callable[[], None]) -> tuple[float, float]:
    states = [predictor.initial_state() for predictor in both]
    noise = np.random.default_rng(1).normal(0.0, 0.3, (64, WIDTH)).astype(np.float32)
    taken: list[list[float]] = [[], []]
    for n in range(STEPS):
        rest()
        for which, predictor in enumerate(both):
            time.sleep(PAUSE)
            began = time.perf_counter()
            _, states[which] = predictor.step(noise[n % len(noise)], states[which], Beats(n / 4))
            taken[which].append(time.perf_counter() - began)
    was, now = (float(np.median(times)) * 1000 for times in taken)
    return was, now


def _brier(said: Iterable[tuple[Lesson, NDArray[np.float32]]]) -> float:
    """Return the Brier score of the chance that the musician plays with the drums: 0 is always right."""
    wrong = [(values[:, _CHANCE] - ~np.isnan(lesson.meets))[lesson.drums] for lesson, values in said]
    return float(np.square(np.concatenate(wrong)).mean())


def _forecasts(
    net: Network, takes: Sequence[TakeLesson], rest: Callable[[], None]
) -> list[NDArray[np.float64]]:
    """Return each take's forecasts, (T,) of its lesson's rows; NaN where there is no drum."""
    found = []
    for take in takes:
        rest()
        rows = np.full(len(take.lesson), np.nan)
        ((_, said),) = forecast(net, [take.lesson])
        if net.hears:
            rows[take.lesson.drums] = said[take.lesson.drums]
        else:
            rows[take.lesson.drums] = said
        found.append(rows)
    return found
