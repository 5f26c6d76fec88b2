"""Finished takes: a journal made into a MIDI file, a table and a report, now or after a crash.

A take lies in `YYYY-MM-DD/HHMMSS` below the takes folder; docs/takes.md describes its files. take.json is
written last: a take that has it is finished, a take without is live or waits to be recovered.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pocket_core.errors import PocketError, TakeError
from pocket_core.records import Summary, TimestepRecord, summarise
from pocket_core.types import Seconds
from pocketd.desk_records import FORMAT, Tally
from pocketd.journal import JOURNAL, LOCK, lock
from pocketd.journal_formats import OLDEST
from pocketd.report_rows import DIGITS_MS, DIGITS_S, summary_section, take_rows
from pocketd.shadow_file import Shadow, read_shadow, shadow_section
from pocketd.take_content import TakeContent, gather
from pocketd.take_made import counted
from pocketd.take_midi import midi_file
from pocketd.wholefile import write_whole

REPORT, TABLE, MIDI = "take.json", "timesteps.csv", "take.mid"


@dataclass(frozen=True, slots=True)
class FinishedTake:
    """What there is to say about a take once it is on disk."""

    folder: Path
    how: str  # "stop", "exit", "vanished" (TakeEnd), or "recovered" where the journal was cut off
    length: Seconds  # start to stop
    bpm: float  # over the whole take
    timesteps: int
    summary: Summary
    tally: Tally
    dropped: int  # records that the journal lacks


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A take that cannot be recovered."""

    folder: Path
    why: str


def finalise(folder: Path) -> FinishedTake:
    """Write a take's MIDI file, table and report from its journal, each whole or not at all.

    The journal stays as it is; so this can be done again and gives the same bytes.

    Raises:
        TakeError: The journal cannot be read.
        PocketError: The folder cannot be written to.
    """
    take = gather(folder / JOURNAL)
    summary = summarise(take.timesteps)
    said = read_shadow(folder, len(take.timesteps))
    rows = _rows(take, said)
    write_whole(folder / MIDI, midi_file(take))
    write_whole(folder / TABLE, _table(rows))
    report = json.dumps(_report(take, summary, rows, said), indent=1, ensure_ascii=False) + "\n"
    write_whole(folder / REPORT, report.encode())
    length = Seconds(take.end_at - take.header.origin)
    return FinishedTake(folder, _how(take), length, take.bpm, len(rows), summary, take.tally, take.dropped)


def recover(
    root: Path, finish: Callable[[Path], FinishedTake] = finalise
) -> Iterator[FinishedTake | Unreadable]:
    """Finish every take that a crash left without a report, oldest first; live takes are left alone.

    Args:
        root: The takes folder.
        finish: Makes the other files of a journal.
    """
    for folder in take_folders(root):
        if (folder / REPORT).exists():
            continue
        try:
            held = lock(folder)
            if held is None:
                continue  # another pocketd plays it now
            with held:
                for part in folder.glob(".*.part"):
                    part.unlink()
                finished = finish(folder)
                (folder / LOCK).unlink(missing_ok=True)
        except (PocketError, OSError) as error:
            yield Unreadable(folder, str(error))
        else:
            yield finished


def take_folders(root: Path) -> list[Path]:
    """Return the folders of all takes below the takes folder, oldest first."""
    return sorted((journal.parent for journal in root.glob(f"*/*/{JOURNAL}")), key=_order)


def read_report(folder: Path) -> dict[str, Any]:
    """Return a finished take's report, the contents of take.json.

    Raises:
        TakeError: There is none, or it is not what `finalise` writes.
    """
    path = folder / REPORT
    try:
        report = json.loads(path.read_bytes())
    except OSError as error:
        raise TakeError(f"cannot read {path}: {error.strerror or error}") from error
    except ValueError as error:
        raise TakeError(
            f"{path} is damaged ({error}); delete it, and the next start makes it again"
        ) from error
    about = report.get("take") if isinstance(report, dict) else None
    if not isinstance(about, dict) or about.get("format") not in range(OLDEST, FORMAT + 1):
        raise TakeError(
            f"{path} is no report of take format {OLDEST} to {FORMAT}; "
            "delete it, and the next start makes it again"
        )
    return {**report, "take": {"source": None, **about}}  # format 1 did not say it


def known_report(folder: Path) -> dict[str, Any]:
    """Return a take's report; while it has none, what it would be by now.

    Raises:
        TakeError: The report, or the journal, cannot be read.
    """
    if (folder / REPORT).exists():
        return read_report(folder)
    take = gather(folder / JOURNAL)
    said = read_shadow(folder, len(take.timesteps))
    return _report(take, summarise(take.timesteps), _rows(take, said), said)


def _order(folder: Path) -> tuple[str, str, int, str]:
    """Return what takes are sorted by: 193322-2 is before 193322-10."""
    time, _, number = folder.name.partition("-")
    return folder.parent.name, time, int(number) if number.isdecimal() else 0, folder.name


def _rows(take: TakeContent, said: Shadow | None) -> list[dict[str, Any]]:
    return take_rows(take.timesteps, take.header.origin, None if said is None else said.forecast_ms)


def _how(take: TakeContent) -> str:
    return take.how or "recovered"


def _report(
    take: TakeContent, summary: Summary, rows: list[dict[str, Any]], said: Shadow | None
) -> dict[str, Any]:
    origin = take.header.origin
    return {
        "pocketd": take.hello.version,
        "model": take.hello.model,
        "sha256": take.hello.sha256,
        "lookahead_ms": take.hello.look_ahead_ms,
        "transport_ms": take.hello.transport_ms,
        "take": {
            "format": FORMAT,
            "song": take.hello.song,
            "recognised": take.hello.recognised,
            "source": take.header.source,
            "started": take.header.started,
            "seconds": round(take.end_at - origin, DIGITS_S),
            "how": _how(take),
            "backend": take.hello.backend,
            "models": take.models,
            "made": [asdict(made) for made in counted(take.generated)],
            "position": round(take.start.position, DIGITS_S),
            "from_top": take.start.from_top,
            "bpm": round(take.bpm, DIGITS_MS),
            "meter": f"{take.start.numerator}/{take.start.denominator}",
            "jumps": [
                {
                    "at_s": round(jump.at - origin, DIGITS_S),
                    "left": round(jump.left, DIGITS_S),
                    "entered": round(jump.entered, DIGITS_S),
                }
                for _, jump in take.jumps
            ],
            "faults": [
                {"at_s": round(fault.at - origin, DIGITS_S), "about": fault.about, "text": fault.text}
                for fault in take.faults
            ],
            "dropped": take.dropped,
        },
        "summary": summary_section(summary, take.tally),
        **({} if said is None else {"shadow": shadow_section(take.timesteps, said)}),
        "timesteps": rows,
    }


def _table(rows: list[dict[str, Any]]) -> bytes:
    columns = list(rows[0]) if rows else list(TimestepRecord.__dataclass_fields__)
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, columns, lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({**row, "voices": "|".join(row["voices"])})  # None is an empty cell
    return buffer.getvalue().encode()
