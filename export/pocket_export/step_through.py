"""A model as the daemon runs it, step by step over lessons, and how well it did by BENCHMARKS' Follow.

The features are the lessons', not the engine's; a test holds one against the other. A grid position is
counted from its bar line here, so that a few timesteps in ten thousand fall elsewhere than in
`benchmarks/follow.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pocket_core.features import DIFF, OFFSET_SCALE
from pocket_core.predict import Prediction, Predictor
from pocket_core.tempo import MeterChange, MeterMap, steady
from pocket_core.types import Beats
from pocket_core.voices import VOICES
from pocket_export.lesson import Lesson
from pocketd.casting import tell_score
from pocketd.known_score import KnownScore, make_steps


@dataclass(frozen=True, slots=True)
class Played:
    """What a model said of the timesteps of one lesson."""

    lesson: Lesson  # the drums' timesteps alone
    offsets: NDArray[np.float64]  # (T,) forecasts in seconds
    chances: NDArray[np.float64] | None = None  # (T,) that the musician plays there; None: it does not say
    velocities: NDArray[np.float64] | None = None  # (T, 9) 0..1; None: it does not say
    strokes: NDArray[np.float64] | None = None  # (T, 9) seconds; where each voice's own stroke would be


@dataclass(frozen=True, slots=True)
class Figures:
    """How well; None where nothing is said of it."""

    files: int
    steps: int  # timesteps that have both parts
    mae_ms: float | None  # |musician - forecast|
    sd_ms: float | None  # of the same, about its mean
    centred_mae_ms: float | None  # with each file's mean error removed
    drummer_mae_ms: float  # |drummer's own offset - forecast|, every timestep
    chance_accuracy: float | None  # share of timesteps at which "more likely than not" was right
    stroke_mae_ms: float | None  # |stroke's own offset - what is said of its voice|, every stroke
    velocity_mse: float | None  # of every stroke, 0..1


def step_through(predictor: Predictor, lesson: Lesson, advance: Callable[[int], None]) -> Played:
    """Step a model over a lesson, as the engine does: `diff` is against its own forecasts.

    Args:
        predictor: Loaded; where it reads scores it is told this one.
        lesson: With its onsets without a drum, which a model that does not hear is spared.
        advance: Told how many steps have been made.
    """
    heard = lesson if predictor.hears else lesson.deaf()
    tell_score(predictor, _score(lesson.deaf()))
    x, human = heard.x.copy(), heard.human[heard.drums]
    state, said = predictor.initial_state(), list[Prediction]()
    for t, (drum, link, beat) in enumerate(
        zip(heard.drums.tolist(), heard.link.tolist(), heard.beats.tolist(), strict=True)
    ):
        if link >= 0:
            x[t, DIFF] = OFFSET_SCALE * (human[link] - said[link].offset)
        prediction, state = predictor.step(x[t], state, Beats(beat))
        if drum:
            said.append(prediction)
        advance(1)
    meetings = [prediction.meeting for prediction in said if prediction.meeting is not None]
    voicings = [prediction.voicing for prediction in said if prediction.voicing is not None]
    whole = len(said)
    return Played(
        lesson.deaf(),
        np.array([prediction.offset for prediction in said], np.float64),
        np.array([meeting.chance for meeting in meetings]) if len(meetings) == whole else None,
        np.array([voicing.velocities for voicing in voicings]) if len(voicings) == whole else None,
        np.array([voicing.offsets for voicing in voicings]) if len(voicings) == whole else None,
    )


def figures(played: Sequence[Played]) -> Figures:
    """Return how well lessons were played, pooled over timesteps."""
    errors = [_errors(one) for one in played]
    human = np.concatenate(errors)
    centred = np.concatenate([error - error.mean() for error in errors if error.size] or [human])
    own = np.concatenate([(one.lesson.own - one.offsets) * 1000.0 for one in played])
    right = [(one.chances > 0.5) == ~np.isnan(one.lesson.meets) for one in played if one.chances is not None]
    strokes = [
        np.abs(one.strokes - one.lesson.strokes)[~np.isnan(one.lesson.strokes)] * 1000.0
        for one in played
        if one.strokes is not None
    ]
    squares = [
        np.square(one.velocities - one.lesson.velocities)[~np.isnan(one.lesson.strokes)]
        for one in played
        if one.velocities is not None
    ]
    return Figures(
        files=len(played),
        steps=human.size,
        mae_ms=float(np.abs(human).mean()) if human.size else None,
        sd_ms=float(human.std()) if human.size else None,
        centred_mae_ms=float(np.abs(centred).mean()) if human.size else None,
        drummer_mae_ms=float(np.abs(own).mean()),
        chance_accuracy=float(np.concatenate(right).mean()) if right else None,
        stroke_mae_ms=float(np.concatenate(strokes).mean()) if strokes else None,
        velocity_mse=float(np.concatenate(squares).mean()) if squares else None,
    )


def _errors(played: Played) -> NDArray[np.float64]:
    """Return the musician's onset less the forecast where both play, ms."""
    errors = (played.lesson.meets - played.offsets) * 1000.0
    return np.asarray(errors[~np.isnan(errors)], np.float64)


def _score(lesson: Lesson) -> KnownScore:
    tempo = steady(lesson.source.bpm)
    meters = MeterMap((MeterChange(Beats(0.0), lesson.source.meter),))
    struck = (np.flatnonzero(row).tolist() for row in lesson.x[:, : len(VOICES)])
    return KnownScore(make_steps(zip(map(Beats, lesson.beats.tolist()), struck, strict=True)), tempo, meters)
