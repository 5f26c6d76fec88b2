"""From duets to what a network trains on: the features of each step, as the engine would compute them.

One fast pass that follows the rules of `pocket_core.score`, `.align`, `.decide` and `.features` for drums
that come early by the look-ahead, on the grid, at one tempo; a test holds it against the engine itself. The
portrait and the habits are the engine's own.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pocket_core.align import NEAR
from pocket_core.engine import WINDOW_BEATS
from pocket_core.features import (
    DIFF_AGE,
    DIFF_FRESH,
    GROOVE,
    HABITS,
    HEARD,
    HEARD_AGE,
    LONGEST,
    OFFSET_SCALE,
    OLDEST,
    PAPER,
    PORTRAIT,
    WIDTH,
)
from pocket_core.grid import TWELFTHS
from pocket_core.habits import UNKNOWN, Habits, Stroke
from pocket_core.portrait import Portrait
from pocket_core.settings import Settings
from pocket_core.swing import Swing
from pocket_core.tempo import BarPosition, MeterChange, MeterMap
from pocket_core.types import Beats, Seconds
from pocket_export.duets import Duet, Grid, Limbs, make_duet, quantise
from pocket_export.lesson import Lesson
from pocket_export.recordings import Performance


def prepare(duet: Duet, settings: Settings | None = None, *, knows_drummer: bool = False) -> Lesson:
    """Build a duet's arrays.

    The features of a timestep are those known at its nominal time, from all onsets before it but its own. An
    onset belongs to its own grid position; over drums in straight sixteenths also to the timestep that the
    aligner gives it: an onset at two thirds of a beat is the drum's at the half, which could never learn to
    swing otherwise.

    Args:
        duet: Who plays with whom.
        settings: The engine's.
        knows_drummer: The drummer's habits are known from the bars that are over.
    """
    return _Scribe(duet, settings or Settings(), knows_drummer=knows_drummer).write()


@dataclass(frozen=True, slots=True)
class _Onset:
    """An onset that counts: for the groove, for a timestep, or for both."""

    at: float  # seconds
    offset: float  # seconds, from the timestep that it surely meets or from its own grid position
    place: int | None  # that position in twelfths; None: not for the groove
    step: int  # the timestep that it meets, or -1
    meets: float  # seconds, from that timestep
    sure: bool
    velocity: float  # 0..1

    @property
    def alone(self) -> bool:
        """Whether it stands in the score by itself."""
        return self.place is not None and not self.sure


@dataclass(frozen=True, slots=True)
class _Alone:
    """A row for an onset without a drum, as known when it was heard."""

    place: int  # twelfths
    groove: float
    portrait: tuple[float, ...]
    heard: tuple[float, float]  # columns `heard` and `heard age`
    known: bool  # the next timestep had come
    offset: float  # seconds, the onset's own


class _Scribe:
    """Writes one lesson, in order of time."""

    def __init__(self, duet: Duet, settings: Settings, *, knows_drummer: bool) -> None:
        self._duet, self._settings = duet, settings
        self._knows_drummer = knows_drummer
        self._meters = MeterMap((MeterChange(Beats(0.0), duet.source.meter),))
        self._bar = round(duet.source.meter.bar_beats * TWELFTHS)
        self._portrait, self._heard = Portrait(), None  # type: Portrait, _Onset | None
        self._places: list[int] = []  # of the rows, twelfths
        self._steps: list[int] = []  # of the rows: which timestep, or -1
        self._rows: list[tuple[float, ...]] = []  # groove, portrait, heard, heard age, next known
        self._links: list[tuple[int, float, float]] = []  # link, diff age, diff fresh
        self._meets: list[float] = []  # of the rows

    def write(self) -> Lesson:
        """Return the lesson."""
        duet = self._duet
        nominal, places = duet.nominal.tolist(), duet.twelfths.tolist()
        counted = _counted(duet, self._settings)
        human = np.full(len(nominal), np.nan)
        for onset in counted:
            if onset.step >= 0:
                human[onset.step] = onset.meets
        lead, i, newest = self._settings.drums_lead + 1e-9, 0, -1
        met: set[int] = set()
        waiting: list[_Alone] = []
        for t, (time, place) in enumerate(zip(nominal, places, strict=True)):
            if t - 1 in met:
                newest = t - 1
            while i < len(counted) and counted[i].at < time:
                onset = counted[i]
                if onset.sure and onset.step == t:  # an onset of its own must not be known to its forecast
                    break
                if onset.alone and onset.place is not None:
                    waiting.append(self._alone(onset, lead))
                self._learn(onset)
                met.add(onset.step)
                if newest < onset.step < t:
                    newest = onset.step
                i += 1
            for alone in sorted((a for a in waiting if a.place < place), key=lambda a: a.place):
                self._places.append(alone.place)
                self._steps.append(-1)
                self._rows.append((alone.groove, *alone.portrait, *alone.heard, alone.known))
                self._links.append((-1, 1.0, 0.0))
                self._meets.append(alone.offset)
            waiting = [a for a in waiting if a.place >= place]
            where = self._where(place)
            voices = np.flatnonzero(duet.voices[t]).tolist()
            known = t + 1 < len(nominal) and nominal[t + 1] - time <= lead
            self._places.append(place)
            self._steps.append(t)
            self._rows.append(
                (self._expect(place), *self._portrait.look(where, voices), *self._newest(place), known)
            )
            age = _age(place - places[newest] if newest >= 0 else None)
            self._links.append((newest, age, float(0 <= newest == t - 1)))
            loosely = duet.grid is Grid.SIXTEENTHS and np.isnan(duet.meets[t])
            self._meets.append(float(human[t] if loosely else duet.meets[t]))
        return self._lesson(human)

    def _lesson(self, human: NDArray[np.float64]) -> Lesson:
        duet, steps = self._duet, np.array(self._steps, np.int64)
        drums = steps >= 0
        told = np.array(self._rows, np.float64).reshape(len(steps), HABITS - PORTRAIT + 4)
        links = np.array(self._links, np.float64).reshape(len(steps), 3)
        x = np.zeros((len(steps), WIDTH), np.float32)
        x[drums, : duet.voices.shape[1]] = duet.voices
        self._score_columns(x, np.array(self._places, np.int64), told[:, -1] > 0)
        x[:, GROOVE] = OFFSET_SCALE * told[:, 0]
        x[:, PORTRAIT:HABITS] = told[:, 1:-3]
        x[:, HEARD], x[:, HEARD_AGE] = told[:, -3], told[:, -2]
        x[:, DIFF_AGE], x[:, DIFF_FRESH] = links[:, 1], links[:, 2]
        if self._knows_drummer:
            x[drums, HABITS:] = _habits(duet)
        every = np.where(drums, steps, 0)

        def rows(values: NDArray[np.float64], fill: float = np.nan) -> NDArray[np.float32]:
            picked = (
                values[every].astype(np.float32) if len(values) else np.zeros((0, *values.shape[1:]), "f4")
            )
            picked[~drums] = fill
            return picked

        return Lesson(
            source=duet.source,
            musician=duet.musician,
            x=x,
            beats=np.array(self._places, np.float64) / TWELFTHS,
            drums=drums,
            link=links[:, 0].astype(np.int32),
            human=rows(human),
            own=rows(duet.own),
            meets=np.array(self._meets, np.float32),
            strokes=rows(duet.strokes),
            velocities=rows(duet.velocities, 0.0),
        )

    def _score_columns(
        self, x: NDArray[np.float32], places: NDArray[np.int64], known: NDArray[np.bool_]
    ) -> None:
        duet, meter = self._duet, self._duet.source.meter
        pace = duet.pace / TWELFTHS
        if not len(places):
            return
        before = np.searchsorted(duet.twelfths, places) - 1
        after = np.searchsorted(duet.twelfths, places, side="right")
        gap = np.where(before >= 0, places - duet.twelfths[np.maximum(before, 0)], np.inf)
        following = duet.twelfths[np.minimum(after, len(duet.twelfths) - 1)]
        to_next = np.where(known & (after < len(duet.twelfths)), following - places, 0) * pace
        x[:, 9] = np.minimum(gap * pace, LONGEST)
        x[:, 10] = np.minimum(to_next, LONGEST)
        x[:, 11] = known & (after < len(duet.twelfths))
        x[:, 12] = np.log2(duet.source.bpm / 120.0)
        x[:, 13] = meter.numerator / 4
        x[:, 14] = 4 / meter.denominator
        beats = places / TWELFTHS
        in_bar = beats - np.floor(beats / meter.bar_beats + 1e-9) * meter.bar_beats
        bar, beat = 2 * np.pi * in_bar / meter.bar_beats, 2 * np.pi * (in_bar % 1.0)
        for column, turn in (
            (15, bar),
            (17, beat),
            (19, 2 * beat),
            (PAPER + 1, 2 * bar),
            (PAPER + 3, 3 * beat),
            (PAPER + 5, 4 * beat),
        ):
            x[:, column], x[:, column + 1] = np.sin(turn), np.cos(turn)
        x[:, PAPER] = np.minimum(gap / TWELFTHS, OLDEST) / OLDEST

    def _alone(self, onset: _Onset, lead: float) -> _Alone:
        place = onset.place or 0
        after = int(np.searchsorted(self._duet.twelfths, place, side="right"))
        known = after < len(self._duet.twelfths) and self._duet.nominal[after] - onset.at <= lead
        where = self._where(place)
        return _Alone(
            place,
            self._expect(place),
            self._portrait.look(where, ()),
            self._newest(place),
            known,
            onset.offset,
        )

    def _learn(self, onset: _Onset) -> None:
        duet = self._duet
        if onset.place is not None:
            self._heard = onset
            voices = np.flatnonzero(duet.voices[onset.step]).tolist() if onset.sure else ()
            self._portrait.hear(
                self._where(onset.place), Seconds(onset.offset), velocity=onset.velocity, voices=voices
            )
        if onset.step >= 0:
            where = self._where(int(duet.twelfths[onset.step]))
            self._portrait.meet(where, Seconds(onset.meets))

    def _where(self, place: int) -> BarPosition:
        return self._meters.position(Beats(place / TWELFTHS))

    def _expect(self, place: int) -> float:
        return float(self._portrait.groove.expect(place % self._bar))

    def _newest(self, place: int) -> tuple[float, float]:
        """Return the columns `heard` and `heard age`."""
        if self._heard is None:
            return 0.0, 1.0
        return OFFSET_SCALE * self._heard.offset, _age(place - (self._heard.place or 0))


def _habits(duet: Duet) -> NDArray[np.float32]:
    """Return each timestep's habits of its own drummer, float32[T, ...], learnt from the bars before."""
    bar = round(duet.source.meter.bar_beats * TWELFTHS)
    habits, now, over = Habits(bar), None, list[Stroke]()
    told = np.zeros((len(duet.twelfths), len(UNKNOWN.look(0, ()))), np.float32)
    for t, place in enumerate(duet.twelfths.tolist()):
        if place // bar != now:
            if over:
                habits.learn(over)
            now, over = place // bar, []
        voices = np.flatnonzero(duet.voices[t]).tolist()
        told[t] = habits.look(place % bar, voices)
        over += [
            Stroke(place % bar, v, float(duet.strokes[t, v]), float(duet.velocities[t, v])) for v in voices
        ]
    return told


def _counted(duet: Duet, settings: Settings) -> list[_Onset]:
    """Return the onsets that count, in order of time, by the rules of `pocket_core.align.Listener`."""
    if not len(duet.onsets):
        return []
    nominal = duet.nominal
    after = np.searchsorted(nominal, duet.onsets).clip(1, max(len(nominal) - 1, 1))
    if len(nominal) > 1:
        later = nominal[after] - duet.onsets < duet.onsets - nominal[after - 1]
        nearest = np.where(later, after, after - 1)
    else:
        nearest = np.zeros(len(after), np.int64)
    offsets = duet.onsets - nominal[nearest] if len(nominal) else np.full(len(after), np.inf)
    places = quantise(duet.onsets / duet.pace, duet.source.meter)
    window, near = min(settings.window, WINDOW_BEATS * duet.pace), Seconds(NEAR * duet.pace)
    bar = round(duet.source.meter.bar_beats * TWELFTHS)
    counted: list[_Onset] = []
    met: dict[int, tuple[float, bool]] = {}  # timestep: how far from it, and surely
    swing, loose = Swing(), None
    for at, step, offset, place, velocity in zip(
        duet.onsets.tolist(),
        nearest.tolist(),
        offsets.tolist(),
        places.tolist(),
        duet.onset_velocities.tolist(),
        strict=True,
    ):
        within = abs(offset) <= window
        of_step = int(duet.twelfths[step]) if within else -1
        sure = within and (
            place == of_step or abs(offset) <= near or swing.expects(of_step % bar, offset, alike=near)
        )
        meets = within and (step not in met or (sure and not met[step][1]))
        if meets:
            met[step] = offset, sure
            swing.meet(of_step % bar, offset, alike=near)
        elif within and not sure and abs(offset - met[step][0]) > near:
            swing.doubt(of_step % bar)
        if sure and meets:
            counted.append(_Onset(at, offset, of_step, step, offset, True, velocity))
        if sure:
            continue
        if meets or place != loose:
            counted.append(
                _Onset(
                    at,
                    at - place / TWELFTHS * duet.pace,
                    place if place != loose else None,
                    step if meets else -1,
                    offset,
                    False,
                    velocity,
                )
            )
        loose = place
    return counted


def _age(twelfths: int | None) -> float:
    return 1.0 if twelfths is None else min(max(twelfths / TWELFTHS, 0.0), OLDEST) / OLDEST


def lessons(
    performances: Iterable[Performance],
    musician: Limbs,
    grid: Grid = Grid.NEAREST,
    *,
    knows_drummer: bool = False,
) -> list[Lesson]:
    """Prepare every performance that has drums and, if anybody shall play to them, a musician."""
    duets = (make_duet(performance, musician, grid) for performance in performances)
    return [
        prepare(duet, knows_drummer=knows_drummer)
        for duet in duets
        if len(duet.twelfths) and (not musician or len(duet.onsets))
    ]
