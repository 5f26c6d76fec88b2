"""What an engine knows when the transport starts or stops: enough to drive what follows once more.

It is taken behind the message that started the transport, with that message taken in.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from pocket_core.likeness import Likeness
from pocket_core.tempo import Meter
from pocket_core.types import Beats, Port, Seconds


@dataclass(frozen=True, slots=True)
class Arrival:
    """A pulse, and the tick that it was."""

    at: Seconds
    tick: int


@dataclass(frozen=True, slots=True)
class Corner:
    """Of the lines through a clock's ticks that pulses leave possible, one at the edge."""

    at: float  # time of the newest tick, seconds
    tick: float  # seconds a tick


@dataclass(frozen=True, slots=True)
class RoundedMemory:
    """Pulses on a grid of periods: every number of `rounded.Rounded`."""

    period: float
    phase: float
    number: int
    corners: tuple[Corner, ...]
    history: tuple[Arrival, ...]
    strays: float
    fits: int
    misfits: int
    claimed: int
    since: int
    blind: int


@dataclass(frozen=True, slots=True)
class LoopMemory:
    """A delay-locked loop: every number of `loop_filter.PulseLoop`."""

    tick: int
    at: float  # seconds, filtered
    period: float  # seconds a tick
    doubt: float
    pulses: int
    p11: float
    p12: float
    p22: float
    squares: float
    weight: float
    lean: float
    recent: tuple[Arrival, ...]
    run: tuple[float, ...] = ()  # arrivals since the line last began
    counted: int = 0  # the tick, had each of them been one; of rounded ones, where their count begins
    rounded: RoundedMemory | None = None  # None: the pulses lie on no grid


@dataclass(frozen=True, slots=True)
class ClockMemory:
    """A song clock that runs."""

    at: Seconds  # newest pulse or report; where the tempo is known, a time ...
    beat: Beats  # ... and the position then; of a pulse its tick's
    assumed: bool = False  # it runs though nobody said start
    loop: LoopMemory | None = None  # None: the tempo is known, or nobody told
    bpm: float | None = None  # quarter notes a minute, as the transport reports it; None: nobody reports
    meter: Meter | None = None  # likewise


@dataclass(frozen=True, slots=True)
class Memory:
    """What an engine knows at a start or a stop."""

    at: Seconds
    running: bool  # the transport starts here; else it stops
    anew: bool  # nothing of an earlier run but the likeness is in use: from the top, or the first start
    waiting: int  # timesteps of an earlier run that wait or that an onset may still meet
    amount: float  # 0..1; controllers may have moved these three
    bypass: bool
    laid_back: Seconds
    likeness: Likeness = field(default_factory=Likeness)
    clock: ClockMemory | None = None  # None where it stops
    clock_port: Port | None = None  # the clock came from there
    hit: Seconds | None = None  # arrival of the newest drum hit, where one has started the transport
