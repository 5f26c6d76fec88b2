"""A beat line that knows the past only, and the song clock that follows it.

BENCHMARKS, "Duos": where the next beat will be is a straight line through the last eight that were heard.
The clock hears a beat as one pulse, at its own time, so nothing of the future can reach it.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import deque
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pocket_core.memory import ClockMemory
from pocket_core.transport import ClockEvent, Started, TransportChange
from pocket_core.types import Beats, Pulse, Seconds

SPAN = 8  # beats that the line is fitted to
EXTRA = 0.5  # beats; what comes sooner after a beat is none
LEAST = 0.5  # beats; the line never puts two beats nearer than this
SOON = 1e-6  # seconds from a beat to a hit that had to wait for it
WITHIN = 1e-6  # beats; a hit sent at the very moment of a beat is sent
BPM = 120.0  # while nothing was heard


class BeatLine:
    """The last eight beats, numbered from 0, and the least-squares line through them."""

    def __init__(self) -> None:
        self._numbers: deque[int] = deque(maxlen=SPAN)
        self._times: deque[float] = deque(maxlen=SPAN)

    @property
    def full(self) -> bool:
        """Whether eight beats were heard."""
        return len(self._times) == SPAN

    @property
    def pace(self) -> float:
        """Seconds a beat; at least two were heard."""
        numbers, times = np.array(self._numbers), np.array(self._times)
        off = numbers - numbers.mean()
        return float(off @ (times - times.mean()) / (off @ off))

    def at(self, number: int) -> Seconds:
        """Return where the line puts a beat; at least two were heard."""
        middle = sum(self._numbers) / len(self._numbers)
        return Seconds(sum(self._times) / len(self._times) + (number - middle) * self.pace)

    def hear(self, at: Seconds) -> int | None:
        """Take in a beat and return its number; None: it comes too soon after the last to be one.

        A gap of two beats or more, to the nearest, leaves out numbers.
        """
        if not self._times:
            gap, newest = 1.0, -1
        else:
            newest = self._numbers[-1]
            gap = (at - self._times[-1]) / self.pace if len(self._times) > 1 else 1.0
        if gap < EXTRA:
            return None
        number = newest + max(1, round(gap))
        self._numbers.append(number)
        self._times.append(at)
        return number


class BeatClock:
    """A song clock that is told each beat by one pulse; it runs from the eighth on.

    A position's time is the line's, from the beats before it. It stands once the hit there is sent, which is
    `lead` early: no later beat moves it, not even its own. A hit that the line would have sent already is
    sent at once. Positions between two beats lie on the straight.

    Args:
        first: Place of beat 0 in the song, quarter notes from a bar line.
        lead: How early the hits are sent, >= 0.
    """

    meter = None

    def __init__(self, first: int, lead: Seconds) -> None:
        self.running = False
        self._first = first
        self._lead = lead
        self._line = BeatLine()
        self._places = [float(first)]  # quarter notes, rising
        self._times = [0.0]  # seconds, rising, where those are
        self._pace = 60.0 / BPM  # seconds a beat, behind the last of them

    @property
    def bpm(self) -> float:
        """Quarter notes a minute, of the line."""
        return 60.0 / self._pace

    @property
    def jitter(self) -> Seconds:
        """Return 0: what beats jitter is music."""
        return Seconds(0.0)

    def feed(self, event: ClockEvent) -> Sequence[TransportChange]:
        """Hear a beat, if it is a pulse."""
        if not isinstance(event, Pulse) or (number := self._line.hear(event.at)) is None:
            return ()
        if not self._line.full:
            return ()
        if not self.running:
            self.running = True
            self._places, self._times = [float(self._first + number)], [self._line.at(number)]
            self._pace = self._line.pace
            return [Started(event.at, self.beat_at(event.at), from_top=True)]
        self._stand(max(self._first + number, self._sent(event.at)))
        following = int(self._places[-1]) + 1
        self._pace = self._line.pace
        wanted = self._line.at(following - self._first)
        soonest = max(self._times[-1] + LEAST * self._pace, event.at + self._lead + SOON)
        self._add(following, max(wanted, soonest))
        return ()

    def check(self, now: Seconds) -> Sequence[TransportChange]:  # noqa: ARG002
        """Notice nothing: a drummer may rest."""
        return ()

    def beat_at(self, at: Seconds) -> Beats:
        """Return the position at a time."""
        i = max(bisect_right(self._times, at) - 1, 0)
        return Beats(self._places[i] + (at - self._times[i]) / self._pace_behind(i))

    def time_of(self, beat: Beats) -> Seconds:
        """Return the time of a position."""
        i = max(bisect_right(self._places, beat) - 1, 0)
        return Seconds(self._times[i] + (beat - self._places[i]) * self._pace_behind(i))

    def memory(self) -> ClockMemory:
        """Return the last beat that is placed."""
        return ClockMemory(Seconds(self._times[-1]), Beats(self._places[-1]))

    def _pace_behind(self, i: int) -> float:
        if i + 1 == len(self._times):
            return self._pace
        return (self._times[i + 1] - self._times[i]) / (self._places[i + 1] - self._places[i])

    def _sent(self, now: Seconds) -> int:
        """Return the last beat whose hit is sent by now."""
        return math.floor(self.beat_at(Seconds(now + self._lead)) + WITHIN)

    def _stand(self, last: int) -> None:
        """Keep the times of the beats up to this one, and forget those behind it."""
        at = self.time_of(Beats(last))
        while self._places[-1] > last:
            self._places.pop()
            self._times.pop()
        if self._places[-1] < last:
            self._add(last, at)

    def _add(self, place: int, at: float) -> None:
        self._places.append(float(place))
        self._times.append(at)


def nominals(beats: NDArray[np.float64], first: int, lead: Seconds) -> NDArray[np.float64]:
    """Return each beat's prediction from the beats that were heard before its hit was sent.

    Args:
        beats: `float64[B]`, seconds, NaN where nothing says the beat.
        first: Place of beat 0 in the song.
        lead: How early hits are sent.

    Returns:
        `float64[B]`, seconds, NaN where no hit can be sent because the clock does not run yet.
    """
    clock = BeatClock(first, lead)
    began, started = 0, math.inf  # the beat that started the clock, and when
    for number, at in enumerate(beats):
        if not math.isnan(at) and clock.feed(Pulse(Seconds(at))):
            began, started = number, at
    times = np.array([clock.time_of(Beats(first + number)) for number in range(len(beats))])
    times[times - lead <= started] = np.nan
    times[: began + 1] = np.nan
    return times
