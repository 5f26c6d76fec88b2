"""How early the drums come against the clock's grid, from where in the song they were struck.

One shift of all hits brings them onto the grid, but it is never the only one: what is 120 ms early at 120
BPM is also 5 ms late against the sixteenth before. So the shifts that do are weighed by where in the bar the
drums would then be: drummers play on beats rather than between them, the kick on the first, the snare on the
second and fourth.
"""

from __future__ import annotations

import cmath
import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, median

from pocket_core.grid import TWELFTHS
from pocket_core.tempo import Meter
from pocket_core.types import Beats, Seconds
from pocket_core.voices import VOICES

FEWEST = 4  # hits
COMMON = 0.6  # how much of one phase they have, 0..1: at 120 BPM hits that stray by more than 7 ms have not
NEAR = 1 / 48  # beats; beyond it a hit is a flam, or a loose one
SAME_PACE = 0.01  # share of the tempo
LIKE = 0.15  # of the score; shifts this near to the best are as good
REACH = Beats(1.0)  # how far is looked for a shift at least

#: How much more rarely drums are struck there than on a beat, by twelfths of it, as a logarithm.
_RARE = {0: 0.0, 6: -0.7, 3: -2.0, 9: -2.0, 4: -2.5, 8: -2.5, 2: -3.5, 10: -3.5}
_NOWHERE = -5.0
_KICK, _SNARE, _CRASH = (VOICES.index(name) for name in ("kick", "snare", "crash"))


@dataclass(frozen=True, slots=True)
class Strike:
    """A drum that came in."""

    at: Seconds  # on the back end's clock
    beat: Beats  # where the song was by the clock when it came
    pace: Seconds  # a beat then, > 0
    voice: int | None  # 0..8; None: a note of no voice


@dataclass(frozen=True, slots=True)
class Lead:
    """How early the drums come."""

    early: Seconds  # before the grid; negative: behind it
    spread: Seconds  # standard deviation of the hits on the grid
    hits: int  # that were on it
    others: tuple[Seconds, ...] = ()  # what the same drums may be as well


def find_lead(strikes: Sequence[Strike], expected: Seconds, meter: Meter) -> Lead | None:
    """Say how early the drums come.

    Args:
        strikes: In any order; those at another tempo than most are left out.
        expected: How early they should, >= 0. Of shifts that are as good the nearest to this, to none, or to
            as late as this is taken.
        meter: Of the song.

    Returns:
        None: too few, or they are on no grid.
    """
    steady = _steady(strikes)
    if len(steady) < FEWEST:
        return None
    pace = fmean(strike.pace for strike in steady)
    phase = _phase(steady)
    if phase is None:
        return None
    strays = [_stray(strike.beat - phase) for strike in steady]
    on_grid = [(strike, stray) for strike, stray in zip(steady, strays, strict=True) if abs(stray) < NEAR]
    phase += median(stray for _, stray in on_grid)
    placed = [(round((strike.beat - phase) * TWELFTHS), strike.voice) for strike, _ in on_grid]
    spread = math.sqrt(fmean(_stray(strike.beat - phase) ** 2 for strike, _ in on_grid)) * pace
    reach = math.ceil(max(REACH, expected / pace + 0.5) * TWELFTHS)
    scores = {shift: _score(placed, shift, meter) for shift in range(-reach, reach + 1)}
    best = max(scores.values())
    good = [
        Seconds((shift / TWELFTHS - phase) * pace) for shift, score in scores.items() if score > best - LIKE
    ]
    first, *others = sorted(good, key=lambda early: _off(early, expected))
    return Lead(first, Seconds(spread), len(on_grid), tuple(sorted(others)))


def _steady(strikes: Sequence[Strike]) -> list[Strike]:
    if not strikes:
        return []
    pace = median(strike.pace for strike in strikes)
    return [strike for strike in strikes if abs(strike.pace - pace) <= SAME_PACE * pace]


def _phase(strikes: Sequence[Strike]) -> float | None:
    """Return how far behind a twelfth of a beat they are, in beats; None: they have nothing in common."""
    turns = [cmath.rect(1.0, math.tau * strike.beat * TWELFTHS) for strike in strikes]
    mean = sum(turns) / len(turns)
    return cmath.phase(mean) / math.tau / TWELFTHS if abs(mean) >= COMMON else None


def _stray(beat: float) -> float:
    """Return how far a place is behind the nearest twelfth, in beats."""
    return beat - round(beat * TWELFTHS) / TWELFTHS


def _score(placed: Sequence[tuple[int, int | None]], shift: int, meter: Meter) -> float:
    bar = round(meter.bar_beats * TWELFTHS)
    return fmean(_likely((twelfth + shift) % bar, voice, meter) for twelfth, voice in placed)


def _likely(twelfth: int, voice: int | None, meter: Meter) -> float:
    """Return how usual it is to strike a drum there in a bar, as a logarithm."""
    beat, within = divmod(twelfth, TWELFTHS)
    usual = _RARE.get(within, _NOWHERE)
    if within or voice is None:
        return usual
    if beat == 0:
        return usual + {_KICK: 0.7, _CRASH: 1.0, _SNARE: -1.0}.get(voice, 0.0)
    backbeat = meter == Meter(4, 4) and beat % 2 == 1
    return usual + (0.7 if backbeat and voice == _SNARE else 0.0)


def _off(early: float, expected: float) -> tuple[float, float]:
    """Return how far a shift is from what a rig may well have, and from what this one should."""
    likely = min(abs(early - each) for each in (expected, 0.0, -expected))
    return round(likely, 4), abs(early - expected)
