"""Known tempo and meter: from beats to seconds and back, and from beats to bars."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace

from pocket_core.types import Beats, Seconds

MOST_KNOWN = 64  # positions that are kept


@dataclass(frozen=True, slots=True)
class TempoChange:
    """From this beat on, this tempo."""

    beat: Beats
    bpm: float  # quarter notes a minute, > 0


class TempoMap:
    """A score's tempo over its whole length.

    Before the first change the first tempo holds, also for negative beats (a count-in).

    Args:
        changes: At least one, at rising beats.

    Raises:
        ValueError: No change, a tempo that is not positive, or beats that do not rise.
    """

    def __init__(self, changes: Sequence[TempoChange]) -> None:
        if not changes:
            raise ValueError("a tempo map needs at least one tempo")
        self.changes = tuple(changes)
        self._beats = [float(change.beat) for change in changes]
        self._pace = [60.0 / change.bpm for change in changes if change.bpm > 0]  # seconds a beat
        if len(self._pace) != len(changes):
            raise ValueError("a tempo must be above 0 BPM")
        if any(b <= a for a, b in zip(self._beats, self._beats[1:], strict=False)):
            raise ValueError("tempo changes must come at rising beats")
        self._seconds = [self._beats[0] * self._pace[0]]
        for i in range(1, len(self._beats)):
            span = self._beats[i] - self._beats[i - 1]
            self._seconds.append(self._seconds[-1] + span * self._pace[i - 1])

    def seconds_at(self, beat: Beats) -> Seconds:
        """Return the time of a beat, counted from beat 0."""
        i = max(bisect_right(self._beats, beat) - 1, 0)
        return Seconds(self._seconds[i] + (beat - self._beats[i]) * self._pace[i])

    def beat_at(self, seconds: Seconds) -> Beats:
        """Return the position at a time counted from beat 0."""
        i = max(bisect_right(self._seconds, seconds) - 1, 0)
        return Beats(self._beats[i] + (seconds - self._seconds[i]) / self._pace[i])

    def bpm_at(self, beat: Beats) -> float:
        """Return the tempo in force at a beat."""
        return 60.0 / self._pace[max(bisect_right(self._beats, beat) - 1, 0)]

    def until(self, end: Beats) -> list[TempoChange]:
        """Return the tempo at beat 0, and each change behind it and before an end."""
        later = [change for change in self.changes if 0 < change.beat < end]
        return [TempoChange(Beats(0.0), self.bpm_at(Beats(0.0))), *later]


def steady(bpm: float) -> TempoMap:
    """Return a tempo that never changes. Raises ValueError: it is not above 0 BPM."""
    return TempoMap([TempoChange(Beats(0.0), bpm)])


@dataclass(frozen=True, slots=True)
class Meter:
    """A time signature."""

    numerator: int = 4  # >= 1
    denominator: int = 4  # a power of two

    @property
    def bar_beats(self) -> Beats:
        """Length of a bar in quarter notes."""
        return Beats(self.numerator * 4 / self.denominator)


@dataclass(frozen=True, slots=True)
class MeterChange:
    """From this beat on, which is a bar line, this meter."""

    beat: Beats
    meter: Meter


@dataclass(frozen=True, slots=True)
class BarPosition:
    """A place in the score as a musician counts it."""

    bar: int  # from 1; 0 and below in a count-in
    beat: float  # from 1.0, in the meter's own beats
    in_bar: Beats  # quarter notes since the bar line, 0 <= in_bar < meter.bar_beats
    bar_line: Beats  # where the bar begins, quarter notes from the start of the song
    next_line: Beats  # where it ends; a new meter may cut it short
    meter: Meter

    def counted(self, jumped: Beats) -> BarPosition:
        """Return the same place of a bar as counted from behind a jump of so many beats."""
        if not jumped:
            return self
        line, ends = Beats(self.bar_line + jumped), Beats(self.next_line + jumped)
        return replace(self, bar_line=line, next_line=ends)


class MeterMap:
    """A score's meter over its whole length.

    Args:
        changes: At least one, at rising beats; a change restarts the bar wherever it falls.

    Raises:
        ValueError: No change, or beats that do not rise.
    """

    def __init__(self, changes: Sequence[MeterChange] = (MeterChange(Beats(0.0), Meter()),)) -> None:
        if not changes:
            raise ValueError("a meter map needs at least one meter")
        self.changes = tuple(changes)
        self._beats = [float(change.beat) for change in changes]
        if any(b <= a for a, b in zip(self._beats, self._beats[1:], strict=False)):
            raise ValueError("meter changes must come at rising beats")
        self._meters = [change.meter for change in changes]
        self._known: dict[Beats, BarPosition] = {}  # a hit and its onset ask for the same place several times
        self._first_bar = [1]
        for i in range(1, len(changes)):
            bars = (self._beats[i] - self._beats[i - 1]) / self._meters[i - 1].bar_beats
            self._first_bar.append(self._first_bar[-1] + math.ceil(bars - 1e-9))

    def position(self, beat: Beats) -> BarPosition:
        """Return bar, beat and meter of a position in quarter notes."""
        known = self._known.get(beat)
        if known is None:
            if len(self._known) >= MOST_KNOWN:
                self._known.clear()
            known = self._known[beat] = self._look(beat)
        return known

    def _look(self, beat: Beats) -> BarPosition:
        i = max(bisect_right(self._beats, beat + 1e-9) - 1, 0)
        meter = self._meters[i]
        bars = math.floor((beat - self._beats[i]) / meter.bar_beats + 1e-9)
        line = self._beats[i] + bars * meter.bar_beats
        in_bar = max(beat - line, 0.0)
        ends = line + meter.bar_beats
        if i + 1 < len(self._beats):
            ends = min(ends, self._beats[i + 1])
        return BarPosition(
            bar=self._first_bar[i] + bars,
            beat=1.0 + in_bar * meter.denominator / 4,
            in_bar=Beats(in_bar),
            bar_line=Beats(line),
            next_line=Beats(ends),
            meter=meter,
        )

    def beat_of(self, bar: int, beat: float) -> Beats:
        """Return the position in quarter notes of a bar and a beat in it, as `position` counts them."""
        i = max(bisect_right(self._first_bar, bar) - 1, 0)
        meter = self._meters[i]
        line = self._beats[i] + (bar - self._first_bar[i]) * meter.bar_beats
        return Beats(line + (beat - 1.0) * 4 / meter.denominator)
