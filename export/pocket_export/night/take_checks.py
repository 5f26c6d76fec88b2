"""Whether a take's journal can be true: what is damaged is refused by name before anything is made of it."""

from __future__ import annotations

from itertools import islice, pairwise

from pocket_core.errors import TakeError
from pocket_core.grid import TWELFTHS
from pocket_core.records import TimestepRecord
from pocket_core.tempo import Meter
from pocket_core.voices import VOICES
from pocketd.desk_records import TransportStart
from pocketd.journal import JournalSource, read_journal
from pocketd.take_content import TakeContent
from pocketd.take_names import own_name

LONGEST = 24 * 3600.0  # seconds; no take runs longer
LATEST = 1e10  # seconds; no clock says more, and beyond it microseconds are lost
AROUND = 10.0  # seconds before the start and after the stop in which a timestep may be
BACK = 2.0  # seconds that a timestep may be before the one that left before it
BARS = 1_000_000  # no song has more
MOST_BEATS = 64  # of a bar; as a configuration may say
UNITS = (1, 2, 4, 8, 16, 32, 64)
SLOWEST, FASTEST = 10.0, 1000.0  # BPM
FARTHEST_MS = 10_000.0  # no model means a forecast beyond


def check_start(path: JournalSource, name: str) -> None:
    """Look at how a journal begins.

    Args:
        path: The journal.
        name: The take's.

    Raises:
        TakeError: With a meter, a tempo or a time that cannot be; or it cannot be read.
    """
    begin = list(islice(read_journal(path), 2))
    start = begin[-1]
    if not isinstance(start, TransportStart):
        return  # `take_content.gather` says what is wrong with that
    meter = Meter(start.numerator, start.denominator)
    if fault := _meter_fault(meter) or _start_fault(start):
        raise TakeError(f"{path}, line 2: {fault}; {_way_out(name)}")


def check_take(take: TakeContent, path: JournalSource, name: str) -> None:
    """Look at all that a duet is made of; arguments as of `check_start`.

    Raises:
        TakeError: Something of it cannot be; the timestep is named, and what to do.
    """
    for change in take.meters:
        if fault := _meter_fault(change.meter):
            raise TakeError(f"{path}, from bar {change.bar} on: {fault}; {_way_out(name)}")
    for step in take.timesteps:
        if fault := _fault(step, take):
            raise TakeError(f"{path}, timestep {step.index}: {fault}; {_way_out(name)}")
    for before, step in pairwise(take.timesteps):
        if step.nominal_s < before.nominal_s - BACK:
            back = before.nominal_s - step.nominal_s
            raise TakeError(
                f"{path}, timestep {step.index}: it is {back:.1f} s before the one in front of it; "
                f"{_way_out(name)}"
            )
    times = {step.nominal_s for step in take.timesteps}
    if len(take.timesteps) > 1 and len(times) == 1:
        raise TakeError(f"{path}: all its {len(take.timesteps)} timesteps are at one time; {_way_out(name)}")


def _start_fault(start: TransportStart) -> str:
    if not abs(start.at) <= LATEST:
        return f"it starts at {start.at:g} s, which no clock says"
    if not SLOWEST <= start.bpm <= FASTEST:
        return f"a tempo of {start.bpm:g} BPM; {SLOWEST:g} to {FASTEST:g} are understood"
    return ""


def _meter_fault(meter: Meter) -> str:
    if not (1 <= meter.numerator <= MOST_BEATS and meter.denominator in UNITS):
        return f"there is no meter {meter.numerator}/{meter.denominator}"
    if meter.numerator * 4 * TWELFTHS % meter.denominator:
        return f"the bars of {meter.numerator}/{meter.denominator} end between the places of the grid"
    return ""


def _fault(step: TimestepRecord, take: TakeContent) -> str:
    """Return what of a timestep cannot be; empty: nothing."""
    if unknown := [voice for voice in step.voices if voice not in VOICES]:
        return f"there is no voice {unknown[0]!r}; voices are {', '.join(VOICES)}"
    if not (abs(step.bar) <= BARS and 0.99 <= step.beat <= MOST_BEATS + 1.01):
        return f"there is no bar {step.bar}, beat {step.beat:g}"
    if abs(step.forecast_ms) > FARTHEST_MS:
        return f"a forecast of {step.forecast_ms:g} ms, which no model means"
    since = step.nominal_s - take.start.at
    ends = LONGEST if take.dropped else min(take.end_at - take.start.at, LONGEST)
    if not -AROUND <= since <= ends + AROUND:
        return f"it is {since:g} s from the take's start, and the take is {ends:.0f} s long"
    return ""


def _way_out(name: str) -> str:
    purge = f"pocketd takes purge {own_name(name)}"
    return f"nothing can be learnt from it; where it was played `{purge}` removes it"
