"""A shipped model as a humaniser: what the daemon does with nobody playing, through ONNX Runtime.

The features are the engine's own (`pocket_core.features`), as of drums that come early by the look-ahead. Who
knows the drummer's earlier bars tells them as habits (`pocket_core.habits`), bar by bar.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.players import speaks_of_voices
from benchmarks.windows import BAR, SIXTEENTHS, WINDOW_BARS, Floats, Ints, Played, Sheet, Window
from pocket_core.expression import dynamics, express
from pocket_core.features import Context, vector
from pocket_core.grid import TWELFTHS
from pocket_core.habits import UNKNOWN, Habits, Stroke
from pocket_core.portrait import Portrait
from pocket_core.predict import Prediction, Predictor
from pocket_core.settings import Settings
from pocket_core.tempo import MeterMap, TempoChange, TempoMap
from pocket_core.types import Beats, Seconds
from pocketd.casting import tell_score
from pocketd.known_score import KnownScore, make_steps

LEAD = Settings().drums_lead + 1e-9
LOUDEST = 127
A_SIXTEENTH = TWELFTHS // SIXTEENTHS  # in twelfths of a quarter note


@dataclass(frozen=True, slots=True)
class ModelHumaniser:
    """Plays what is written as a model predicts it, or with a real drummer's irregularity.

    Args:
        predictor: The model.
        expressive: 0 the expected drummer .. 1 as uneven as a real one.
    """

    predictor: Predictor
    expressive: float = 0.0

    @property
    def speaks_of_voices(self) -> bool:
        """Whether the model says how each voice is played, and not the timestep's one offset alone."""
        return speaks_of_voices(self.predictor)

    def windows(self, windows: Sequence[Window]) -> Sequence[Played]:
        """Play each window by what is written in it alone; see `benchmarks.windows.Humaniser`."""
        return [self._play(w.steps, w.voices, w.bpm, None, w.bar) for w in windows]

    def history(self, files: Sequence[Sheet]) -> Sequence[Played]:
        """Play each file bar by bar, the earlier bars known; see `benchmarks.windows.Humaniser`."""
        return [self._play(s.steps, s.voices, s.bpm, s, 0) for s in files]

    def _play(self, steps: Ints, voices: Ints, bpm: float, known: Sheet | None, first_bar: int) -> Played:
        offsets, velocities = np.zeros(len(steps)), np.zeros(len(steps))
        habits = UNKNOWN if known is None else Habits(4 * TWELFTHS)
        places, firsts = np.unique(steps, return_index=True)
        ends = [*firsts[1:].tolist(), len(steps)]
        portrait, meters, pace = Portrait(), MeterMap(), 60.0 / bpm
        struck_at = zip((steps / SIXTEENTHS).tolist(), voices.tolist(), strict=True)
        score = make_steps((Beats(beat), [voice]) for beat, voice in struck_at)
        tell_score(self.predictor, KnownScore(score, TempoMap([TempoChange(Beats(0.0), bpm)]), meters))
        state = self.predictor.initial_state()
        bar_start = 0
        for i, (place, first, end) in enumerate(zip(places.tolist(), firsts.tolist(), ends, strict=True)):
            if known is not None and i and place // BAR != places[i - 1] // BAR:
                habits.learn(_strokes(known, bar_start, first))
                bar_start = first
            struck = tuple(voices[first:end].tolist())
            where = meters.position(Beats(place / SIXTEENTHS))
            gap = None if i == 0 else (place - int(places[i - 1])) / SIXTEENTHS
            ahead = (int(places[i + 1]) - place) / SIXTEENTHS * pace if i + 1 < len(places) else None
            context = Context(
                voices=struck,
                since_previous=None if gap is None else Seconds(gap * pace),
                to_next=None if ahead is None or ahead > LEAD else Seconds(ahead),
                bpm=bpm,
                place=where,
                diff=None,
                diff_age=None,
                diff_fresh=False,
                groove=Seconds(0.0),
                heard=None,
                heard_age=None,
                beats_since_previous=None if gap is None else Beats(gap),
                portrait=portrait.look(where, struck),
                habits=habits.look(place % BAR * A_SIXTEENTH, struck),
            )
            beat = Beats(place / SIXTEENTHS)
            prediction, state = self.predictor.step(vector(context), state, beat)
            seed = Seconds(float(place + first_bar * BAR * WINDOW_BARS))
            offsets[first:end], velocities[first:end] = self._voices(prediction, struck, seed)
        says = prediction.voicing is not None if len(places) else False
        return Played(offsets, velocities if says else None)

    def _voices(self, prediction: Prediction, struck: Sequence[int], seed: Seconds) -> tuple[Floats, Floats]:
        """Return offset in ms and velocity of each voice."""
        voicing = prediction.voicing
        if voicing is None:
            return np.full(len(struck), prediction.offset * 1000.0), np.zeros(len(struck))
        own = list(struck)
        if not self.expressive:
            return np.array(voicing.offsets)[own] * 1000.0, np.array(voicing.velocities)[own]
        free = Prediction(prediction.offset, None, voicing)  # nobody plays
        apart = express(free, own, share=self.expressive, seed=seed)
        offsets = [prediction.offset + apart.first + apart.apart[v] for v in own]
        loud = [dynamics(free, v, 64, share=1.0, stray=self.expressive, seed=seed) / LOUDEST for v in own]
        return np.array(offsets) * 1000.0, np.array(loud)


def _strokes(sheet: Sheet, first: int, end: int) -> list[Stroke]:
    return [
        Stroke(step % BAR * A_SIXTEENTH, voice, offset / 1000.0, velocity)
        for step, voice, offset, velocity in zip(
            sheet.steps[first:end].tolist(),
            sheet.voices[first:end].tolist(),
            sheet.offsets_ms[first:end].tolist(),
            sheet.velocities[first:end].tolist(),
            strict=True,
        )
    ]
