"""How long what is sent takes to come back, from when impulses left and when notes were heard.

The impulses are apart by more than the longest trip that is looked for, and unevenly, so that what comes by
itself cannot be taken for an answer for long. It is believed once two series have said the same.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from pocket_core.errors import PocketError
from pocket_core.types import Seconds

LONGEST = Seconds(0.5)  # trip; as long as a latency may be in the configuration
GAPS = (0.58, 0.67, 0.61, 0.73, 0.56, 0.64, 0.70)  # seconds between impulses, over and over
STEADY = Seconds(0.004)  # that most trips of a series may differ
SAME = Seconds(0.001)  # that the medians of two series may differ
MOST = 0.8  # of the impulses that have to come back; of the trips that have to be alike


class MeasureError(PocketError):
    """What was heard cannot be believed."""


@dataclass(frozen=True, slots=True)
class Series:
    """A series of impulses and what came back."""

    sent: int  # impulses, > 0
    trips: tuple[Seconds, ...]  # of those that came back, each until its first answer
    again: tuple[Seconds, ...]  # from a first answer to the next one to the same impulse
    strays: int  # notes that answer nothing: before the first impulse, or too late for theirs

    @property
    def median(self) -> Seconds:
        """The trip; only where there are any."""
        return Seconds(median(self.trips))

    @property
    def spread(self) -> Seconds:
        """How much most trips differ: the shortest stretch that holds `MOST` of them."""
        trips = sorted(self.trips)
        held = max(round(MOST * len(trips)), 1)
        return Seconds(min(trips[n + held - 1] - trips[n] for n in range(len(trips) - held + 1)))


@dataclass(frozen=True, slots=True)
class RoundTrip:
    """A trip that two series agree on."""

    seconds: Seconds
    spread: Seconds  # the wider of theirs
    apart: Seconds  # their medians, >= 0


def impulse_times(start: Seconds, count: int, first: int = 0) -> list[Seconds]:
    """Return when to send a series.

    Args:
        start: Of the first impulse.
        count: How many.
        first: With which gap it begins, so that two series are uneven in different ways.
    """
    times = [start]
    for n in range(count - 1):
        times.append(Seconds(times[-1] + GAPS[(first + n) % len(GAPS)]))
    return times


def pair(sent: Sequence[Seconds], heard: Sequence[Seconds]) -> Series:
    """Give each impulse what answers it: what was heard from when it left to `LONGEST` after.

    Args:
        sent: When they left, rising, further apart than `LONGEST`.
        heard: When notes came, in any order.
    """
    ordered = sorted(heard)
    trips, again, answers = [], [], 0
    for at in sent:
        begin, end = bisect_left(ordered, at), bisect_left(ordered, at + LONGEST)
        own = ordered[begin:end]
        answers += len(own)
        if own:
            trips.append(Seconds(own[0] - at))
            again += [Seconds(other - own[0]) for other in own[1:]]
    return Series(len(sent), tuple(trips), tuple(again), len(ordered) - answers)


def agree(first: Series, second: Series, *, left: str, came: str) -> RoundTrip:
    """Return the trip that both series tell of.

    Args:
        left: Where the impulses left, for messages.
        came: Where they should have come back, likewise.

    Raises:
        MeasureError: They tell of none, or not of the same; in a line what was heard, where, and what to do.
    """
    for series in (first, second):
        _believe(series, left, came)
    apart = Seconds(abs(first.median - second.median))
    if apart > SAME:
        raise MeasureError(
            f"two series do not agree: {_ms(first.median)}, then {_ms(second.median)}; something on the way "
            "changes its delay: stop other programs, keep the buffer size as it is, and measure again"
        )
    middle = Seconds((first.median + second.median) / 2)
    return RoundTrip(middle, Seconds(max(first.spread, second.spread)), apart)


def _believe(series: Series, left: str, came: str) -> None:
    back, sent = len(series.trips), series.sent
    if not back and not series.strays:
        raise MeasureError(
            f"nothing came back on {came} of {sent} impulses on {left}; connect {left} to what plays or "
            f"passes them on, and that to {came}"
        )
    if not back:
        raise MeasureError(
            f"{series.strays} notes came on {came}, none of them within {_ms(LONGEST)} of an impulse on "
            f"{left}; stop what plays there, and connect {left} so that it comes back"
        )
    if back < MOST * sent:
        raise MeasureError(
            f"only {back} of {sent} impulses on {left} came back on {came}; where they are heard by a "
            "microphone or a pickup make them louder (--velocity, --note), else see what loses notes on the "
            "way"
        )
    if len(series.again) > (1 - MOST) * sent:
        raise MeasureError(
            f"{back} impulses came back {back + len(series.again)} times on {came}, "
            f"{_ms(median(series.again))} apart; there are two ways back (a track that echoes its input, a "
            "drum with a second note), or a converter that triggers twice: leave one"
        )
    if series.strays > (1 - MOST) * sent:
        raise MeasureError(
            f"{series.strays} notes on {came} are no answer to an impulse on {left}; stop what plays there "
            "and measure again"
        )
    if series.spread > STEADY:
        raise MeasureError(
            f"what comes back on {came} wanders, {_ms(min(series.trips))} to {_ms(max(series.trips))}, "
            f"{_ms(series.spread)} for most; use a smaller buffer (256 frames or fewer), and an instrument "
            "with a sharp attack where it is heard as audio"
        )


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms"
