"""The delay-locked loop: which tick each clock pulse is, when that tick truly was, and how long ticks are.

F. Adriaensen, "Using a DLL to filter time" (Linux Audio Conference 2005), gives the loop: from the error e
of a pulse against its prediction, `time += b e` and `period += c e`, with b = sqrt(2) w, c = w^2 and w the
bandwidth in radians a tick. Kalman's recursion for a line whose slope wanders settles on these same two
gains, so it is used to choose them: it opens the loop wide, like a least-squares fit, narrows it to w, and
opens it again when pulses were missed.
"""

from __future__ import annotations

import math
from collections import deque

from pocket_core.types import Seconds

PPQN = 24  # pulses to the quarter note

FASTEST = 60 / PPQN / 600  # seconds a tick at 600 BPM; the loop's period stays between
SLOWEST = 60 / PPQN / 10  # ... and 10 BPM

QUIET = 0.7e-3  # seconds RMS; the position's noise that the bandwidth is chosen for
WIDEST = 0.25  # gain b for pulses without jitter
GUESSED_JITTER = 3e-3  # seconds, until it is measured
GUESS_WEIGHT = 0.5  # in pulses
MEMORY = 48  # pulses over which the jitter is measured
LEANING = 1 / 12  # rate at which the errors' mean is followed
LEANS = 0.6  # mean error, in predicted deviations, beyond which the loop opens: three times its own
SLIPPING = 1 / 6  # rate at which a slipped tick is noticed where single pulses cannot tell
SLIPPED = 0.55  # ... in ticks

RUNS = (3, 6, 12)  # ticks in a row that may show a new tempo
JUMP = 0.05  # least change of tempo to jump to, as a share
DOUBT = 7.5  # jitters by which a run's ends must be off the old tempo; twice what bounded jitter can do


class PulseLoop:
    """A line through the pulses of a clock: tick `tick` was at `at`, and ticks are `period` apart.

    Ticks are numbered by time, not counted: a lost pulse leaves a gap in the numbers and a doubled one has
    no number. Where jitter is so large that time cannot tell, they are counted, and put right when the
    errors lean to one side by a whole tick.

    Args:
        period: Seconds a tick to begin with, where no pulse has said otherwise.
    """

    def __init__(self, period: Seconds) -> None:
        self.tick = 0
        self.at = 0.0  # filtered time of `tick`
        self.period: float = period  # FASTEST..SLOWEST
        self.locked = False  # a pulse was heard since the last `restart`
        self._known = 0.0  # how sure `period` is: its variance at the next `restart`, as a share
        self._known = 1.0
        self._p11 = self._p12 = self._p22 = 0.0  # covariance of time and period
        self._squares = 0.0  # sum of squared errors, fading
        self._weight = 0.0  # of how many pulses
        self._lean = 0.0  # mean of the errors in predicted deviations
        self._slip = 0.0  # mean of the errors, seconds
        self._recent: deque[tuple[float, int]] = deque(maxlen=RUNS[-1] + 1)  # arrival and tick of each pulse
