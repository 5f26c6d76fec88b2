"""From duets to what a network trains on: the features of each timestep, as the engine would compute them.

One fast pass that follows the rules of `pocket_core.score`, `.align` and `.features` for drums that come
early by the look-ahead, on the grid, at one tempo; a test holds it against the engine itself.
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
    HEARD,
    HEARD_AGE,
    LONGEST,
    OFFSET_SCALE,
    OLDEST,
    WIDTH,
)
from pocket_core.grid import TWELFTHS
from pocket_core.groove import GrooveTemplate
from pocket_core.settings import Settings
from pocket_core.types import Seconds
from pocket_export.duets import Duet, Limbs, make_duet, quantise
from pocket_export.groove import Performance


@dataclass(frozen=True, slots=True)
class Lesson:
    """One duet as arrays, a row a timestep; offsets in seconds, positive is late."""

    source: Performance
    musician: Limbs
    x: NDArray[np.float32]  # (T, WIDTH) features, but `diff` is 0: it is against the network's own forecast
    link: NDArray[np.int32]  # (T,) the timestep whose `diff` is the newest known; -1: none
    human: NDArray[np.float32]  # (T,) onset that the aligner gave the timestep against nominal, or NaN
    own: NDArray[np.float32]  # (T,) the drummer's own offset
    meets: NDArray[np.float32]  # (T,) the musician's offset at that very grid position, or NaN

    def __len__(self) -> int:
        """Return the number of timesteps."""
        return len(self.link)


def prepare(duet: Duet, settings: Settings | None = None) -> Lesson:
    """Build a duet's arrays.

    The features of a timestep are those known at its nominal time, from all onsets before it but its own.
    """
    settings = settings or Settings()
    nominal = duet.nominal
    x = np.zeros((len(nominal), WIDTH), np.float32)
    link, human = np.full(len(nominal), -1, np.int32), np.full(len(nominal), np.nan)
    _score_columns(x, duet, settings)
    _musician_columns(x, link, human, duet, settings)
    return Lesson(
        source=duet.source,
        musician=duet.musician,
        x=x,
        link=link,
        human=human.astype(np.float32),
        own=duet.own.astype(np.float32),
        meets=duet.meets.astype(np.float32),
    )


def _score_columns(x: NDArray[np.float32], duet: Duet, settings: Settings) -> None:
    nominal, meter = duet.nominal, duet.source.meter
    beats = duet.twelfths / TWELFTHS
    gaps = np.diff(nominal)
    x[:, :9] = duet.voices
    x[:1, 9] = LONGEST
    x[1:, 9] = np.minimum(gaps, LONGEST)
    known = gaps <= settings.drums_lead + 1e-9
    x[:-1, 10] = np.where(known, gaps, 0.0)
    x[:-1, 11] = known
    x[:, 12] = np.log2(duet.source.bpm / 120.0)
    x[:, 13] = meter.numerator / 4
    x[:, 14] = 4 / meter.denominator
    in_bar = beats - np.floor(beats / meter.bar_beats + 1e-9) * meter.bar_beats
    bar, beat = 2 * np.pi * in_bar / meter.bar_beats, 2 * np.pi * (in_bar % 1.0)
    for column, turn in ((15, bar), (17, beat), (19, 2 * beat)):
        x[:, column], x[:, column + 1] = np.sin(turn), np.cos(turn)


@dataclass(frozen=True, slots=True)
class _Onset:
    """An onset that counts: for the groove, for a timestep, or for both."""

    at: float  # seconds
    offset: float  # seconds, from the timestep that it surely meets or from its own grid position
    place: int | None  # that position in twelfths; None: not for the groove
    step: int  # the timestep that it meets, or -1
    meets: float  # seconds, from that timestep
    sure: bool


def _musician_columns(
    x: NDArray[np.float32],
    link: NDArray[np.int32],
    human: NDArray[np.float64],
    duet: Duet,
    settings: Settings,
) -> None:
    bar = round(duet.source.meter.bar_beats * TWELFTHS)
    counted = _counted(duet, settings)
    for onset in counted:
        if onset.step >= 0:
            human[onset.step] = onset.meets
    groove, heard, met, i = GrooveTemplate(), None, set[int](), 0
    newest = -1
    for t, (nominal, place) in enumerate(zip(duet.nominal.tolist(), duet.twelfths.tolist(), strict=True)):
        if t - 1 in met:
            newest = t - 1
        while i < len(counted) and counted[i].at < nominal:
            onset = counted[i]
            if onset.sure and onset.step == t:  # an onset of its own must not be known to its forecast
                break
            if onset.place is not None:
                heard = onset
                groove.hear(onset.place % bar, Seconds(onset.offset))
            met.add(onset.step)
            if newest < onset.step < t:
                newest = onset.step
            i += 1
        x[t, GROOVE] = OFFSET_SCALE * groove.expect(place % bar)
        x[t, HEARD] = OFFSET_SCALE * heard.offset if heard else 0.0
        x[t, HEARD_AGE] = _age(place - (heard.place or 0) if heard else None)
        x[t, DIFF_AGE] = _age(place - duet.twelfths[newest] if newest >= 0 else None)
        x[t, DIFF_FRESH] = 0 <= newest == t - 1
        link[t] = newest


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
    window, near = min(settings.window, WINDOW_BEATS * duet.pace), NEAR * duet.pace
    counted: list[_Onset] = []
    met: dict[int, bool] = {}  # timestep: surely
    loose = None
    for at, step, offset, place in zip(
        duet.onsets.tolist(), nearest.tolist(), offsets.tolist(), places.tolist(), strict=True
    ):
        within = abs(offset) <= window
        if within and (place == duet.twelfths[step] or abs(offset) <= near):
            if not met.get(step):
                counted.append(_Onset(at, offset, int(duet.twelfths[step]), step, offset, True))
            met[step] = True
            continue
        meets = within and step not in met
        if meets:
            met[step] = False
        if meets or place != loose:
            counted.append(
                _Onset(
                    at,
                    at - place / TWELFTHS * duet.pace,
                    place if place != loose else None,
                    step if meets else -1,
                    offset,
                    False,
                )
            )
        loose = place
    return counted


def _age(twelfths: int | None) -> float:
    return 1.0 if twelfths is None else min(max(twelfths / TWELFTHS, 0.0), OLDEST) / OLDEST


def lessons(performances: Iterable[Performance], musician: Limbs) -> list[Lesson]:
    """Prepare every performance that has drums and, if anybody shall play to them, a musician.

    The whole data set takes about two seconds, so nothing is kept on disk.
    """
    duets = (make_duet(performance, musician) for performance in performances)
    return [prepare(duet) for duet in duets if len(duet.twelfths) and (not musician or len(duet.onsets))]
