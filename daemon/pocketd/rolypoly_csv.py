"""Takes that rolypoly~ logged in 2020 (Burloiu, github.com/RVirmoors/rolypoly): tables of a row a timestep.

    # seq no., kick, ..., ride, duration, tempo, timesig, pos_in_bar, guitar, d_g_diff, y, y_hat

`seq no.` counts bars from 0, nine columns say which voices are struck, `duration` is the milliseconds to
the next row, `tempo` is in BPM, `timesig` a bar's length in whole notes, `pos_in_bar` 0 to 1. Three things
are not as they seem:

- `d_g_diff`, `y` and `y_hat` are no fractions of a bar. Milliseconds are value * 1000 / 60 * tempo * timesig.
- A row's `d_g_diff` is what was known before its hit was played: the diff of the row before. The logged
  targets say so: `y` is linear in a row's own `y_hat` and the next row's `d_g_diff`, to the last digit.
- Where no new onset of the guitar came, the diff stays as it was. It is clamped to a sixth of the row's
  duration either way, about the forecast before, so a diff that stays does not always look the same. What a
  diff that stays explains is taken for no onset.

An onset beyond the clamp is at the clamp, and all have the delay of the onset detector in them. Neither can
be undone.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pocket_core.errors import DataError
from pocket_core.records import TimestepRecord
from pocket_core.tempo import Meter
from pocket_core.types import Beats, Seconds
from pocket_core.voices import VOICES
from pocketd import __version__
from pocketd.desk_records import (
    Bye,
    Hello,
    Now,
    Record,
    Tally,
    Timestep,
    TransportStart,
    TransportStop,
)

MODEL, BACKEND = "rolypoly~", "import"
STRUCK = ("kick", "snar", "hclos", "hopen", "ltom", "mtom", "htom", "cras", "ride")  # as VOICES
COLUMNS = (
    "seq no.",
    *STRUCK,
    "duration",
    "tempo",
    "timesig",
    "pos_in_bar",
    "guitar",
    "d_g_diff",
    "y",
    "y_hat",
)
HELD_MS = 0.005  # diffs this close are one that was held; values have six digits
CLAMP = 1 / 6  # of a duration
LARGEST = 16 * 2**20  # bytes
RANGES = {  # lowest and highest of what the arithmetic needs; 0 itself is no duration, tempo or meter
    "seq no.": (0.0, 100_000.0),
    **dict.fromkeys(STRUCK, (0.0, 1.0)),
    "duration": (1e-3, 600_000.0),
    "tempo": (4.0, 999.0),
    "timesig": (0.0625, 16.0),
    "pos_in_bar": (-1e-6, 1.0),  # a bar line is written as -1.48e-15
}
UNITS = (4, 8, 16, 64)  # of a meter, the simplest first


@dataclass(frozen=True, slots=True)
class Row:
    """A timestep as it was logged, in milliseconds."""

    bar: int  # from 0
    voices: tuple[str, ...]
    duration_ms: float  # to the next row
    bpm: float
    meter: Meter
    in_bar: float  # 0..1
    known_ms: float  # the newest diff before this hit, musician - drums
    forecast_ms: float


def read_rolypoly(path: Path) -> list[Row]:
    """Read a table.

    Raises:
        DataError: It cannot be read, or has another layout; line and column are named.
    """
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror or error}") from error
    if len(data) > LARGEST:
        raise DataError(f"{path} is larger than {LARGEST // 2**20} MiB; no take is, so it is not read")
    lines = data.decode("utf-8", "replace").splitlines()
    _check_header(lines, path)
    rows = [_row(line, f"{path}, line {n}") for n, line in enumerate(lines[1:], 2) if line.strip()]
    if not rows:
        raise DataError(f"{path} has a header and no rows: nothing was played")
    return rows


def records(rows: Sequence[Row], song: str | None) -> Iterator[Record]:
    """Tell a table as a real-time process would have told the take, but for messages, of which it knows none.

    The take's clock begins at 0 with the first row.
    """
    hello = Hello(
        at=Seconds(0.0),
        version=__version__,
        model=MODEL,
        sha256=None,
        backend=BACKEND,
        look_ahead_ms=0.0,
        transport_ms=None,
        song=song,
        config={},  # nobody knows it
    )
    yield hello
    first = rows[0]
    at, beat, hits = 0.0, (first.bar + first.in_bar) * first.meter.bar_beats, 0
    yield TransportStart(
        at=Seconds(at),
        position=Beats(beat),
        from_top=beat == 0,
        bpm=first.bpm,
        numerator=first.meter.numerator,
        denominator=first.meter.denominator,
        tally=Tally(),
    )
    fresh = _fresh(rows)
    for index, row in enumerate(rows):
        diff_ms = rows[index + 1].known_ms if index + 1 < len(rows) and fresh[index + 1] else None
        hits += len(row.voices)
        tally = Tally(events_in=hits, events_out=hits)
        yield _now(row, Seconds(at), Beats(beat), tally)
        yield Timestep(timestep=_timestep(index, row, diff_ms, Seconds(at)))
        at += row.duration_ms / 1000
        beat += row.duration_ms / 60_000 * row.bpm
    yield TransportStop(at=Seconds(at), position=Beats(beat), tally=Tally(events_in=hits, events_out=hits))
    yield Bye(at=Seconds(at))


def _check_header(lines: Sequence[str], path: Path) -> None:
    header = [name.strip() for name in lines[0].lstrip("#").split(",")] if lines else []
    for number, (found, wanted) in enumerate(zip(header, COLUMNS, strict=False), 1):
        if found != wanted:
            raise DataError(
                f"{path}, line 1, column {number} is {found[:40]!r}, not {wanted!r}: "
                "no take of rolypoly~ from 2020"
            )
    if len(header) != len(COLUMNS):
        raise DataError(
            f"{path}, line 1 has {len(header)} columns, a take of rolypoly~ from 2020 has {len(COLUMNS)}: "
            f"{', '.join(COLUMNS)}"
        )


def _row(line: str, where: str) -> Row:
    cells = line.split(",")
    if len(cells) != len(COLUMNS):
        raise DataError(f"{where} has {len(cells)} columns, not {len(COLUMNS)}; it is cut off or damaged")
    value = {name: _number(cell, name, where) for name, cell in zip(COLUMNS, cells, strict=True)}
    ms = 1000 / 60 * value["tempo"] * value["timesig"]
    meter = _meter(value["timesig"], where)
    return Row(
        bar=int(value["seq no."]),
        voices=tuple(voice for voice, name in zip(VOICES, STRUCK, strict=True) if value[name]),
        duration_ms=value["duration"],
        bpm=value["tempo"],
        meter=meter,
        in_bar=max(value["pos_in_bar"], 0.0),
        known_ms=value["d_g_diff"] * ms,
        forecast_ms=value["y_hat"] * ms,
    )


def _number(cell: str, name: str, where: str) -> float:
    try:
        value = float(cell)
    except ValueError:
        value = math.nan
    low, high = RANGES.get(name, (-1e6, 1e6))
    if not low <= value <= high:  # NaN is not, either
        raise DataError(
            f"{where}, column {name} is {cell.strip()[:40]!r}; it has to be a number from {low:g} to {high:g}"
        )
    return value


def _meter(whole_notes: float, where: str) -> Meter:
    for unit in UNITS:
        if abs(whole_notes * unit - round(whole_notes * unit)) < 1e-6:
            return Meter(round(whole_notes * unit), unit)
    raise DataError(
        f"{where}, column timesig is {whole_notes:g}, which is no meter such as 1 (4/4) or 0.75 (3/4)"
    )


def _beat(row: Row) -> float:
    return 1.0 + row.in_bar * row.meter.numerator


def _now(row: Row, at: Seconds, position: Beats, tally: Tally) -> Now:
    return Now(
        at=at,
        running=True,
        position=position,
        bpm=row.bpm,
        bar=row.bar + 1,
        beat=_beat(row),
        numerator=row.meter.numerator,
        denominator=row.meter.denominator,
        offset_ms=row.forecast_ms,
        amount=1.0,
        bypass=False,
        tally=tally,
    )


def _fresh(rows: Sequence[Row]) -> list[bool]:
    """Say of each row's diff whether an onset has changed it: whether no diff that is held explains it."""
    fresh: list[bool] = []
    low, high = -math.inf, math.inf  # where a diff that is held must lie
    centre_ms = 0.0
    for row in rows:
        reach = row.duration_ms * CLAMP - HELD_MS
        least = -math.inf if row.known_ms <= centre_ms - reach else row.known_ms - HELD_MS
        most = math.inf if row.known_ms >= centre_ms + reach else row.known_ms + HELD_MS
        fresh.append(max(low, least) > min(high, most))
        low, high = (least, most) if fresh[-1] else (max(low, least), min(high, most))
        centre_ms = row.forecast_ms
    return fresh


def _timestep(index: int, row: Row, diff_ms: float | None, at: Seconds) -> TimestepRecord:
    committed = Seconds(at + row.forecast_ms / 1000)
    return TimestepRecord(
        index=index,
        nominal_s=at,
        bar=row.bar + 1,
        beat=_beat(row),
        voices=row.voices,
        forecast_ms=row.forecast_ms,
        refined_ms=row.forecast_ms,
        played_ms=row.forecast_ms,
        committed_s=committed,
        human_s=None if diff_ms is None else Seconds(committed + diff_ms / 1000),
        diff_ms=diff_ms,
    )
