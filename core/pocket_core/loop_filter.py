"""The delay-locked loop: which tick each clock pulse is, when that tick truly was, and how long ticks are.

F. Adriaensen, "Using a DLL to filter time" (Linux Audio Conference 2005), gives the loop: from the error e
of a pulse against its prediction, `time += b e` and `period += c e`, with b = sqrt(2) w and c = w^2, where
w is the bandwidth in radians a tick. Kalman's recursion for a line whose slope wanders settles on just
these two gains, so it chooses them here: it opens the loop like a least-squares fit, narrows it to w, and
opens it again when pulses were lost or the errors lean to one side. Pulses that were put off until a period
began are another matter, and `rounded`'s.
"""

from __future__ import annotations

import math
from collections import deque
from itertools import pairwise

from pocket_core.memory import Arrival, LoopMemory
from pocket_core.rounded import ENOUGH, HISTORY, NEAR, PERIODS, SAME_TEMPO, Rounded, find_grid
from pocket_core.types import Seconds

PPQN = 24  # pulses to the quarter note

SHORTEST, LONGEST = 60 / PPQN / 600, 60 / PPQN / 10  # seconds; a tick at 600 and at 10 BPM

QUIET = 0.7e-3  # seconds RMS of noise in the filtered time; the bandwidth is chosen for it
WIDEST = 0.25  # gain b for pulses that hardly jitter
GUESSED_JITTER, GUESS_WEIGHT = 3e-3, 0.5  # seconds, and worth so many pulses, until it is measured
MEMORY = 48  # pulses over which jitter is measured
CLIP = 3.0  # predicted deviations beyond which an error counts no more
LEANING, LEANS = 1 / 12, 0.6  # rate of the errors' running mean, and three times its own deviation
LEAN_PULSES = 3  # a lean is put down to a tempo that was wrong for so many pulses

SETTLED = 16  # pulses from a restart until time tells ticks apart at `TELLS`
TELLS, TELLS_EARLY = 4.0, 12.0  # deviations to a tick from which time tells which tick a pulse is
OFF = 0.6  # ticks early or late that make a pulse another tick

RUNS = (3, 6, 12, 24)  # intervals in a row that may agree on a new tempo
JUMP = 0.05  # least share by which a tempo jumps; less is followed
DOUBT = 7.5  # jitters that a run's end must be off the old tempo; bounded jitter alone gives half of it
AGREE = 4.0  # jitters within which the intervals of a run are the same
SURE = 0.15  # ... and ticks, where one lost or doubled pulse would put the run off as much

UNIFORM = 1 / math.sqrt(12)  # standard deviation of what is put off by up to 1
UNEVEN = 0.75 * min(PERIODS)  # seconds by which two intervals differ where one is a period longer
GAP = 4  # ticks and periods without a pulse behind which one is numbered by its time, rounded or not

COLD, WARM, JUMPED, REPHASED = 1.0, 0.1, 0.1, 0.01  # share by which a period may be wrong at a restart


class PulseLoop:
    """A line through a clock's pulses: tick number `tick` was at `at`, and a tick lasts `period` seconds.

    Ticks are numbered by time, not by counting: a lost pulse leaves a gap in the numbers and a doubled one
    gets none. Where the jitter is over a quarter of a tick, time cannot tell and pulses are counted, as they
    are where they lie on a grid of long periods.

    Args:
        period: Seconds a tick lasts while no pulse has said otherwise; taken into 10 to 600 BPM.
    """

    def __init__(self, period: Seconds) -> None:
        self.tick = 0
        self.at = 0.0  # filtered, seconds
        self.period = min(max(float(period), SHORTEST), LONGEST)
        self.locked = False  # whether `at` means anything
        self._doubt = COLD  # of `period`, at the next restart
        self._pulses = 0  # since the last restart
        self._p11 = self._p12 = self._p22 = 0.0  # covariance of `at` and `period`
        self._squares = self._weight = 0.0  # fading sums: squared errors, and how many
        self._lean = 0.0  # running mean of the errors, in predicted deviations
        self._recent: deque[tuple[float, int]] = deque(maxlen=RUNS[-1])  # arrivals, and the tick reached
        self._run: deque[float] = deque(maxlen=HISTORY)  # arrivals since the line began
        self._counted = 0  # the tick, had each of them been one; of rounded ones, where their count begins
        self._rounded: Rounded | None = None  # once the pulses are known to lie on a grid of periods

    @classmethod
    def of(cls, memory: LoopMemory) -> PulseLoop:
        """Return a loop, locked, that goes on from what another knew."""
        loop = cls(Seconds(memory.period))
        loop.tick, loop.at, loop.period, loop.locked = memory.tick, memory.at, memory.period, True
        loop._doubt, loop._pulses, loop._lean = memory.doubt, memory.pulses, memory.lean
        loop._p11, loop._p12, loop._p22 = memory.p11, memory.p12, memory.p22
        loop._squares, loop._weight = memory.squares, memory.weight
        loop._recent.extend((arrival.at, arrival.tick) for arrival in memory.recent)
        loop._run.extend(memory.run)
        loop._counted = memory.counted
        loop._rounded = None if memory.rounded is None else Rounded.of(memory.rounded)
        return loop

    def memory(self) -> LoopMemory:
        """Return all that it knows."""
        return LoopMemory(
            tick=self.tick,
            at=self.at,
            period=self.period,
            doubt=self._doubt,
            pulses=self._pulses,
            p11=self._p11,
            p12=self._p12,
            p22=self._p22,
            squares=self._squares,
            weight=self._weight,
            lean=self._lean,
            recent=tuple(Arrival(Seconds(at), tick) for at, tick in self._recent),
            run=tuple(self._run),
            counted=self._counted,
            rounded=None if self._rounded is None else self._rounded.memory(),
        )

    @property
    def jitter(self) -> Seconds:
        """Standard deviation of the pulses' arrival about the line; 0 while nothing was measured."""
        if self._rounded is not None:
            return Seconds(UNIFORM * self._rounded.period)
        return Seconds(math.sqrt(self._squares / self._weight) if self._weight else 0.0)

    def tells(self, ticks: float) -> bool:
        """Say whether a pulse so many ticks after the last could be told from its neighbours by its time."""
        clear = TELLS if self._pulses >= SETTLED else TELLS_EARLY
        if self._rounded is not None:
            off = math.hypot(UNIFORM * self._rounded.period, ticks * self._rounded.spread)
            return clear * off < self.period
        return abs(self._lean) < LEANS and clear * self._deviation(ticks) < self.period

    def expects(self, at: Seconds) -> bool:
        """Say whether a pulse at this time would be on the line."""
        ticks = max(1, math.floor((at - self.at) / self.period + 0.5))
        off = abs(at - self.at - ticks * self.period)
        if self._rounded is not None:
            return off <= (0.5 + NEAR) * self._rounded.period + ticks * self._rounded.spread
        return off <= CLIP * self._deviation(ticks)

    def forget(self) -> None:
        """Let the next pulse restart the line, with the present tempo as a first guess."""
        self.locked = False

    def rephase(self, at: Seconds) -> None:
        """Restart the line at this pulse and keep the tempo."""
        self._begin(at, max(math.sqrt(self._p22) / self.period, REPHASED), REPHASED)

    def hear(self, at: Seconds) -> None:
        """Take in a pulse that arrived at `at`."""
        if not self.locked:
            self._begin(at, self._doubt, SAME_TEMPO)
            return
        if self._rounded is not None:
            self._hear_rounded(at, self._rounded)
            return
        self._counted += 1
        self._run.append(at)
        if self._is_uneven() and (grid := find_grid(self._run)) is not None:
            self._rounded = Rounded(*grid)
            self._rounded.begin(self._run, SHORTEST, LONGEST)
            self._counted -= self._rounded.number
            self._take_centre(self._rounded)
            return
        noise = self._noise()
        if not self._jump(at, math.sqrt(noise)):
            ticks = self._ticks_to(at)
            if ticks > 0:
                self._update(at, ticks, noise)
        self._recent.append((at, self.tick))

    def _is_uneven(self) -> bool:
        """Say whether the newest two intervals differ by a period or so."""
        if len(self._run) < ENOUGH:
            return False
        return abs(self._run[-1] - 2 * self._run[-2] + self._run[-3]) > UNEVEN

    def _hear_rounded(self, at: float, rounded: Rounded) -> None:
        ticks = None
        if at - self._run[-1] > GAP * max(self.period, rounded.period):
            ticks = max(1, math.floor((at - self.at) / self.period + 0.5))
        self._run.append(at)
        rounded.hear(at, ticks)
        if rounded.lost:
            self._rounded = None
            self._begin(at, WARM, SAME_TEMPO)
            return
        self._pulses += 1
        self._take_centre(rounded)

    def _take_centre(self, rounded: Rounded) -> None:
        self.at, period = rounded.centre
        self.period = min(max(period, SHORTEST), LONGEST)
        self.tick = self._counted + rounded.number
        if self._pulses >= PPQN:
            self._doubt = WARM

    def _begin(self, at: float, doubt: float, share: float) -> None:
        """Begin the line at this pulse, the next tick.

        Args:
            at: Of the pulse.
            doubt: Share by which the period may be wrong.
            share: ... and by which, where pulses lie on a grid, it is allowed to be.
        """
        self._restart(at, self.tick + 1, doubt)
        self._run.clear()
        self._run.append(at)
        self._counted = self.tick
        if self._rounded is not None:
            self._rounded.begin([at], self.period * (1 - share), self.period * (1 + share))
            self._take_centre(self._rounded)

    def _restart(self, at: float, tick: int, doubt: float) -> None:
        self.at, self.tick, self.locked, self._pulses = at, tick, True, 1
        self._p11, self._p12, self._p22 = self._noise(), 0.0, (doubt * self.period) ** 2
        self._lean = 0.0
        self._recent.clear()
        self._recent.append((at, tick))

    def _noise(self) -> float:
        """Variance of arrivals, seconds squared; a guess at first."""
        return (self._squares + GUESS_WEIGHT * GUESSED_JITTER**2) / (self._weight + GUESS_WEIGHT)

    def _deviation(self, ticks: float) -> float:
        """Predict the standard deviation of a pulse's arrival about the line so many ticks ahead."""
        return math.sqrt(self._p11 + ticks * (2 * self._p12 + ticks * self._p22) + self._noise())

    def _ticks_to(self, at: float) -> int:
        """Say how many ticks after the last a pulse is: 1, or by its time 0 (doubled) or more (lost ones)."""
        error = at - self.at - self.period
        if abs(error) < OFF * self.period:
            return 1
        far = self._pulses >= SETTLED and abs(error) > self.period / 2 + CLIP * self._deviation(1)
        if far or self.tells(1):
            return max(0, math.floor((at - self.at) / self.period + 0.5))
        return 1

    def _update(self, at: float, ticks: int, noise: float) -> None:
        """Predict the tick, weigh the pulse's error, and correct time, period and their covariance."""
        p11, p12, p22 = self._p11, self._p12, self._p22
        excess = abs(self._lean) - LEANS
        if excess > 0:
            p22 = max(p22, (p11 + noise) * (excess / LEAN_PULSES) ** 2)
        p11 += ticks * (2 * p12 + ticks * p22)
        p12 += ticks * p22
        p22 += ticks * noise * min(WIDEST, QUIET**2 / noise) ** 4 / 4  # r w^4 settles on b = sqrt(2) w
        error = at - self.at - ticks * self.period
        if self._pulses < 4 and error * error > CLIP**2 * (p11 + noise):  # the guessed tempo was wrong
            p22 = self.period**2
            p11, p12 = noise + ticks * ticks * p22, ticks * p22
        variance = p11 + noise
        deviation = math.sqrt(variance)
        error = min(max(error, -CLIP * deviation), CLIP * deviation)
        b, c = p11 / variance, p12 / variance
        self.at += ticks * self.period + b * error
        self.period = min(max(self.period + c * error, SHORTEST), LONGEST)
        self._p11, self._p12, self._p22 = (1 - b) * p11, (1 - b) * p12, p22 - c * p12
        self.tick += ticks
        self._pulses += 1
        if self._pulses == PPQN:
            self._doubt = WARM
        self._measure(error, deviation, noise / variance)

    def _measure(self, error: float, deviation: float, share: float) -> None:
        """Learn jitter and lean from an error, of which the pulse's own jitter is the given share."""
        own = error - self._lean * deviation if abs(self._lean) > LEANS else error
        fade = 1 - share / MEMORY
        self._squares = self._squares * fade + (share * own) ** 2
        self._weight = self._weight * fade + share
        self._lean += LEANING * (error / deviation - self._lean)

    def _jump(self, at: float, jitter: float) -> bool:
        """Restart on a new tempo if the newest intervals agree on one; this pulse then is in."""
        heard = len(self._recent)
        for run in RUNS:
            if run > heard:
                return False
            first, tick = self._recent[heard - run]
            interval = (at - first) / run
            off = abs(interval - self.period)
            if (
                off > JUMP * self.period
                and off * run > DOUBT * jitter
                and SHORTEST < interval < LONGEST
                and self._agree(at, run, interval, off, jitter)
            ):
                arrivals = [arrival for arrival, _ in self._recent][heard - run + 1 :]
                self.period = interval
                self._restart(first, tick, JUMPED)
                for arrival in arrivals:
                    self._update(arrival, 1, self._noise())
                    self._recent.append((arrival, self.tick))
                self._update(at, 1, self._noise())
                return True
        return False

    def _agree(self, at: float, run: int, interval: float, off: float, jitter: float) -> bool:
        """Say whether the newest intervals are all of one length, none of them of a lost or doubled pulse."""
        apart = max(JUMP * interval, AGREE * jitter)
        if 0.5 < off * run / self.period < 1.5:
            apart = min(apart, SURE * self.period)
        arrivals = [*(arrival for arrival, _ in self._recent), at][-run - 1 :]
        return all(abs(b - a - interval) <= apart for a, b in pairwise(arrivals))
