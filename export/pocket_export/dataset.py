"""From duets to what a network trains on: the features of each timestep, as the engine would compute them.

One fast pass that follows the rules of `pocket_core.score`, `.align` and `.features` for drums that come
early by the look-ahead, on the grid, at one tempo; a test holds it against the engine itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

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
    """An onset that counts."""

    at: float  # seconds
    offset: float  # seconds
    twelfths: int  # its place in the song
    step: int  # the timestep that it meets, or -1


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
            human[onset.step] = onset.offset
    groove, heard, newest, i = GrooveTemplate(), None, -1, 0
    for t, (nominal, place) in enumerate(zip(duet.nominal.tolist(), duet.twelfths.tolist(), strict=True)):
        while i < len(counted) and counted[i].at < nominal and counted[i].step < t:
            heard = counted[i]
            groove.hear(heard.twelfths % bar, Seconds(heard.offset))
            newest = max(newest, heard.step)
            i += 1
        x[t, GROOVE] = OFFSET_SCALE * groove.expect(place % bar)
        x[t, HEARD] = OFFSET_SCALE * heard.offset if heard else 0.0
        x[t, HEARD_AGE] = _age(place - heard.twelfths if heard else None)
        x[t, DIFF_AGE] = _age(place - duet.twelfths[newest] if newest >= 0 else None)
        x[t, DIFF_FRESH] = 0 <= newest == t - 1
        link[t] = newest


def _counted(duet: Duet, settings: Settings) -> list[_Onset]:
    """Return the first onset of each timestep and of each grid position without a drum, in order of time."""
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
    window = min(settings.window, WINDOW_BEATS * duet.pace)
    counted: list[_Onset] = []
    taken: set[int] = set()
    loose = None
    for at, step, offset, place in zip(
        duet.onsets.tolist(), nearest.tolist(), offsets.tolist(), places.tolist(), strict=True
    ):
        if abs(offset) <= window:
            if step not in taken:
                taken.add(step)
                counted.append(_Onset(at, offset, int(duet.twelfths[step]), step))
        elif place != loose:
            loose = place
            counted.append(_Onset(at, at - place / TWELFTHS * duet.pace, place, -1))
    return counted


def _age(twelfths: int | None) -> float:
    return 1.0 if twelfths is None else min(max(twelfths / TWELFTHS, 0.0), OLDEST) / OLDEST


def lessons(performances: Iterable[Performance], musician: Limbs) -> list[Lesson]:
    """Prepare every performance that has drums and, if anybody shall play to them, a musician.

    The whole data set takes about two seconds, so nothing is kept on disk.
    """
    duets = (make_duet(performance, musician) for performance in performances)
    return [prepare(duet) for duet in duets if len(duet.twelfths) and (not musician or len(duet.onsets))]
