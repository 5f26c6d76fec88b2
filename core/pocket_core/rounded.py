"""Clock pulses whose arrival was put off until a long period of the MIDI system began.

rtmidi over JACK hands everything on when a period begins. Where that is about as long as a tick, pulses look
like an even clock which now and then loses or doubles one. But they lie on the grid of a period that sound
servers use, and each says something certain: its tick was within the period before it. As ticks are equally
far apart, all of these together leave a small polygon of lines, (time of the newest tick, seconds a tick).
Each pulse shears it by a tick and cuts it; its centre is taken. This is set-membership estimation: it gains
by the beat pattern, which a filter can only smooth.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable
from itertools import pairwise

from pocket_core.memory import Arrival, Corner, RoundedMemory
from pocket_core.types import Seconds

Polygon = list[tuple[float, float]]  # time of the newest tick and seconds a tick, a corner each, in order

#: Seconds; 512, 1,024 and 2,048 frames at 48 and 44.1 kHz. Shorter ones a filter smooths well enough.
PERIODS = tuple(frames / rate for frames in (512, 1024, 2048) for rate in (48_000, 44_100))
HISTORY = 96  # pulses that are remembered, to begin anew with
ENOUGH = 8  # pulses that show a grid
NEAR = 0.04  # periods that a pulse may lie beside it
MOST = 0.9  # share of the pulses that have to
FOLLOWS = 0.02  # share by which a pulse that lies beside the grid moves it
STRAY, STRAYS = 0.25, 4.0  # a pulse so many periods off belongs to none; after so many there is no grid
SLACK = 0.005  # periods by which a pulse may break its word
MISFITS = 3  # pulses in a row that none of the lines explains until those before them are given up
SAME_TEMPO = 0.05  # share by which a period may be wrong when the line begins anew
LEAST = 4  # pulses to begin anew with
TELLS = 1.0  # periods between the times of two ticks from which a pulse's time tells which it is
STEADY = 48  # pulses on one line before one can be missed
PROOF = 12  # pulses by which it shows whether one was lost, or doubled, or the tempo is another
BLIND = 24  # pulses after a tempo was taken for a loss in which pulses are only counted


class Rounded:
    """The lines that pulses on a grid of periods leave possible.

    Pulses are counted. Only where ticks last more than two periods does a pulse's time tell that another was
    lost before it. If the line soon breaks, it was the tempo after all, and the count is put right.

    Args:
        period: Seconds between two points of the grid.
        phase: Time of one of them.
    """

    def __init__(self, period: float, phase: float) -> None:
        self.period = period
        self.number = 0  # of the newest tick, since the line began
        self._phase = phase
        self._polygon: Polygon = []
        self._history: deque[tuple[float, int]] = deque(maxlen=HISTORY)  # arrivals on the grid, tick numbers
        self._strays = 0.0
        self._fits = 0  # since the line began
        self._misfits = 0  # in a row
        self._claimed = (
            0  # ticks by which the count was put right of late; 0: it was not, or that has proved true
        )
        self._since = 0  # pulses since then
        self._blind = 0  # pulses for which it is not

    @classmethod
    def of(cls, memory: RoundedMemory) -> Rounded:
        """Return one that goes on from what another knew."""
        rounded = cls(memory.period, memory.phase)
        rounded._polygon = [(corner.at, corner.tick) for corner in memory.corners]
        rounded._history.extend((arrival.at, arrival.tick) for arrival in memory.history)
        rounded.number, rounded._strays = memory.number, memory.strays
        rounded._fits, rounded._misfits, rounded._claimed = memory.fits, memory.misfits, memory.claimed
        rounded._since, rounded._blind = memory.since, memory.blind
        return rounded

    def memory(self) -> RoundedMemory:
        """Return all that it knows."""
        return RoundedMemory(
            period=self.period,
            phase=self._phase,
            number=self.number,
            corners=tuple(Corner(at, tick) for at, tick in self._polygon),
            history=tuple(Arrival(Seconds(at), number) for at, number in self._history),
            strays=self._strays,
            fits=self._fits,
            misfits=self._misfits,
            claimed=self._claimed,
            since=self._since,
            blind=self._blind,
        )

    @property
    def lost(self) -> bool:
        """Whether the pulses lie on no such grid any more."""
        return self._strays >= STRAYS

    @property
    def centre(self) -> tuple[float, float]:
        """When the newest pulse arrived on an average, half a period behind its tick, and seconds a tick."""
        at, tick = _centroid(self._polygon)
        return at + self.period / 2, tick

    @property
    def spread(self) -> float:
        """How far off seconds a tick may be, either way."""
        ticks = [tick for _, tick in self._polygon]
        return (max(ticks) - min(ticks)) / 2

    def begin(self, arrivals: Iterable[float], shortest: float, longest: float) -> None:
        """Take these pulses, one a tick, or as many of the newest as lie on a line, and forget all others.

        Args:
            arrivals: At least one.
            shortest: Seconds that a tick may last at least, > 0.
            longest: ... and at most.
        """
        self._history.clear()
        self._history.extend((self._point(at), number) for number, at in enumerate(arrivals))
        self.number = self._history[-1][1]
        self._begin_with(len(self._history), shortest, longest)

    def hear(self, at: float, ticks: int | None = None) -> None:
        """Take in a pulse, so many ticks after the last; None: as many as it seems."""
        point = self._follow(at)
        if ticks is None:
            ticks = self._claimed_ticks(self._ticks_to(at))
        if ticks == 0:
            return
        self.number += ticks
        self._history.append((point, self.number))
        moved = _moved(self._polygon, ticks)
        cut = self._cut(moved, point)
        self._polygon, self._misfits = cut or moved, 0 if cut else self._misfits + 1
        self._fits += bool(cut)
        self._since, self._blind = self._since + 1, max(self._blind - 1, 0)
        if self._misfits < MISFITS:
            self._claimed = 0 if self._since >= PROOF else self._claimed
        elif self._claimed:
            self._withdraw()
        else:
            self._begin_with(len(self._history) // 2, *self._wide())

    def _claimed_ticks(self, ticks: int) -> int:
        """Take a pulse for so many ticks after the last, for now; twice of late it is another tempo."""
        if ticks == 1:
            return 1
        if self._claimed:
            self._withdraw()
            return 1
        self._claimed, self._since = ticks - 1, 0
        return ticks

    def _withdraw(self) -> None:
        """Take back that a pulse was lost or doubled: since then the tempo is another."""
        count = min(self._since, len(self._history))
        newest = [self._history.pop() for _ in range(count)]
        self._history.extend((at, number - self._claimed) for at, number in reversed(newest))
        self.number -= self._claimed
        self._claimed, self._blind = 0, BLIND
        self._begin_with(count + 1, *self._wide())

    def _wide(self) -> tuple[float, float]:
        """Return between which times a tick may last where the tempo is another."""
        tick = self.centre[1]
        return tick / 2, tick * 2.5

    def _follow(self, at: float) -> float:
        """Return the point of the grid that a pulse belongs to, and let the grid follow it."""
        point = self._point(at)
        apart = (at - point) / self.period
        if abs(apart) > STRAY:
            self._strays += 1.0
        else:
            self._strays = max(self._strays - STRAY, 0.0)
            self._phase += FOLLOWS * apart * self.period
        return point

    def _ticks_to(self, at: float) -> int:
        """Say how many ticks after the last a pulse is: 1, unless its time says another number for sure."""
        first, last = self._within(1)
        told = min(tick for _, tick in self._polygon) - (
            last - first
        )  # seconds between the times of two ticks
        if first <= at <= last or self._misfits or self._blind or told < TELLS * self.period:
            return 1
        if at - self._history[-1][0] < self.period / 2:
            return 0
        ticks = max(1, round((at - self.centre[0]) / self.centre[1]))
        first, last = self._within(ticks)
        return ticks if first <= at <= last and self._fits >= STEADY else 1

    def _within(self, ticks: int) -> tuple[float, float]:
        """Return between which times a pulse so many ticks after the last arrives."""
        times = [at for at, _ in _moved(self._polygon, ticks)]
        return min(times) - NEAR * self.period, max(times) + (1 + NEAR) * self.period

    def _begin_with(self, count: int, shortest: float, longest: float) -> None:
        """Begin with the newest pulses, at most so many, that lie on a line."""
        self._fits = self._misfits = 0
        while True:
            points = list(self._history)[-max(count, 1) :]
            at, number = points[0]
            low, high = at - (1 + SLACK) * self.period, at + SLACK * self.period
            polygon = [(low, shortest), (high, shortest), (high, longest), (low, longest)]
            for point, following in points[1:]:
                polygon = self._cut(_moved(polygon, following - number), point)
                number = following
                if not polygon:
                    break
            if polygon:
                self._polygon = polygon
                return
            count = count // 2 if count > LEAST else 1

    def _point(self, at: float) -> float:
        """Return the point of the grid next to a time."""
        return self._phase + round((at - self._phase) / self.period) * self.period

    def _cut(self, polygon: Polygon, arrival: float) -> Polygon:
        """Return what of a polygon agrees with a pulse; nothing: none does."""
        low = arrival - (1 + SLACK) * self.period
        return _below(_below(polygon, arrival + SLACK * self.period, 1.0), -low, -1.0)


def find_grid(arrivals: Iterable[float]) -> tuple[float, float] | None:
    """Return period and phase of the grid that pulses lie on, if it shows that they were put off.

    It shows where neighbours are now so many periods apart, now one more. An even clock does not do that, but
    for one whose ticks happen to last a period, where it loses a pulse.

    Args:
        arrivals: Of pulses, rising.
    """
    times = list(arrivals)
    if len(times) < ENOUGH:
        return None
    newest = times[-1]
    for period in PERIODS:
        if not all(abs(math.remainder(at - newest, period)) <= 2 * NEAR * period for at in times[-ENOUGH:]):
            continue
        apart = [round((b - a) / period) for a, b in pairwise(times[-ENOUGH:])]
        if max(apart) - min(apart) != 1:
            continue
        beside = [math.remainder(at - newest, period) for at in times]
        middle = sorted(beside)[len(beside) // 2]
        if sum(abs(off - middle) <= NEAR * period for off in beside) >= MOST * len(beside):
            return period, newest + middle
    return None


def _moved(polygon: Polygon, ticks: int) -> Polygon:
    return [(at + ticks * tick, tick) for at, tick in polygon]


def _below(polygon: Polygon, limit: float, sign: float) -> Polygon:
    """Return the part of a convex polygon whose times, with that sign, are at most a limit."""
    kept: Polygon = []
    for (at, tick), (at2, tick2) in zip(polygon, polygon[1:] + polygon[:1], strict=True):
        over, over2 = sign * at - limit, sign * at2 - limit
        if over <= 0:
            kept.append((at, tick))
        if (over < 0 < over2) or (over2 < 0 < over):
            part = over / (over - over2)
            kept.append((at + part * (at2 - at), tick + part * (tick2 - tick)))
    return kept


def _centroid(polygon: Polygon) -> tuple[float, float]:
    """Return the centre of area; of one without an area, the mean of its corners."""
    at0, tick0 = polygon[0]
    area = at_sum = tick_sum = 0.0
    for (at, tick), (at2, tick2) in pairwise(polygon[1:]):
        part = (at - at0) * (tick2 - tick0) - (at2 - at0) * (tick - tick0)
        area += part
        at_sum += part * (at - at0 + at2 - at0)
        tick_sum += part * (tick - tick0 + tick2 - tick0)
    if abs(area) < 1e-18:  # s^2
        count = len(polygon)
        return sum(at for at, _ in polygon) / count, sum(tick for _, tick in polygon) / count
    return at0 + at_sum / (3 * area), tick0 + tick_sum / (3 * area)
