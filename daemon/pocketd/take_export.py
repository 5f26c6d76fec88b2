"""Takes as files for other programs: MIDI, CSV, and Parquet for many takes at once.

CSV and Parquet have a row a timestep: whose it is (take, song, model), then what timesteps.csv has. There is
a column `shadow_ms` where one of the takes has it.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from pocket_core.errors import ConfigError, PocketError
from pocket_core.records import TimestepRecord
from pocketd import __version__
from pocketd.journal import JOURNAL
from pocketd.report_rows import take_rows
from pocketd.shadow_file import read_shadow
from pocketd.take_content import gather
from pocketd.take_midi import midi_file
from pocketd.take_names import name_of

WHOSE = ("take", "song", "model")
COLUMNS = (*WHOSE, *TimestepRecord.__dataclass_fields__)


class Format(StrEnum):
    """What a take can be exported to."""

    SMF = "smf"
    CSV = "csv"
    PARQUET = "parquet"


SUFFIXES: Mapping[str, Format] = {
    ".mid": Format.SMF,
    ".midi": Format.SMF,
    ".csv": Format.CSV,
    ".parquet": Format.PARQUET,
}
USUAL: Mapping[Format, str] = {Format.SMF: ".mid", Format.CSV: ".csv", Format.PARQUET: ".parquet"}


@dataclass(frozen=True, slots=True)
class Export:
    """A file to be written."""

    path: Path
    format: Format
    folders: tuple[Path, ...]  # the takes that go into it


def planned(folders: Sequence[Path], to: Path, formats: Sequence[Format]) -> list[Export]:
    """Return the files that takes are exported to.

    Args:
        folders: The takes, at least one.
        to: A folder, which is there or has no suffix, for files of a take each; else a file for all.
        formats: What is asked for; empty: what the file's suffix says, and in a folder MIDI and CSV.

    Raises:
        ConfigError: A suffix that says nothing or contradicts the format, or a MIDI file for several takes.
    """
    if to.is_dir() or not to.suffix:
        return [
            Export(to / (name_of(folder).replace("/", "-") + USUAL[format]), format, (folder,))
            for folder in folders
            for format in formats or (Format.SMF, Format.CSV)
        ]
    format = SUFFIXES.get(to.suffix.lower())
    if format is None and len(formats) == 1:
        format = formats[0]
    if format is None:
        raise ConfigError(
            f"{to} has the suffix {to.suffix}, which says no format; "
            f"use one of {', '.join(SUFFIXES)}, or --format"
        )
    if formats and list(formats) != [format]:
        raise ConfigError(f"{to} would be {format} by its suffix, and --format says {', '.join(formats)}")
    if format is Format.SMF and len(folders) > 1:
        raise ConfigError(f"{to} can hold one take only, as it is MIDI; give a folder, or .csv or .parquet")
    return [Export(to, format, tuple(folders))]


def refuse_overwriting(exports: Sequence[Export]) -> None:
    """See to it that nothing is there that would be overwritten.

    Raises:
        PocketError: A file is.
    """
    there = [export.path for export in exports if export.path.exists()]
    if there:
        more = f" and {len(there) - 1} more" if len(there) > 1 else ""
        raise PocketError(f"{there[0]}{more} is there already; --force writes over it")


def exported(export: Export) -> bytes:
    """Return the contents of a file.

    Raises:
        TakeError: A journal cannot be read.
        PocketError: What the format needs is not installed.
    """
    return _WRITERS[export.format](export.folders)


def need_parquet() -> None:
    """Make sure, before any work, that Parquet can be written.

    Raises:
        PocketError: It cannot.
    """
    try:
        import pyarrow  # noqa: F401
    except ImportError as error:
        raise PocketError("Parquet needs pyarrow; run: pip install 'pocketd[parquet]'") from error


def _smf(folders: Sequence[Path]) -> bytes:
    (folder,) = folders
    return midi_file(gather(folder / JOURNAL))


def _csv(folders: Sequence[Path]) -> bytes:
    rows = _rows(folders)
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, _columns(rows), lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({**row, "voices": "|".join(row["voices"])})  # None is an empty cell
    return buffer.getvalue().encode()


def _parquet(folders: Sequence[Path]) -> bytes:
    need_parquet()
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = _rows(folders)
    other = {"index": pa.int64(), "bar": pa.int64(), "voices": pa.list_(pa.string())}
    types = {**dict.fromkeys(WHOSE, pa.string()), **other}
    fields = [(name, types.get(name, pa.float64())) for name in _columns(rows)]
    table = pa.Table.from_pylist(rows, schema=pa.schema(fields, metadata={"pocketd": __version__}))
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd")
    return bytes(sink.getvalue().to_pybytes())


def _columns(rows: Sequence[Mapping[str, Any]]) -> Sequence[str]:
    """Return all that any row has, in their order."""
    return max((list(row) for row in rows), key=len, default=COLUMNS)


def _rows(folders: Sequence[Path]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for folder in folders:
        take = gather(folder / JOURNAL)
        said = read_shadow(folder, len(take.timesteps))
        whose = {"take": name_of(folder), "song": take.hello.song, "model": take.hello.model}
        shadow_ms = None if said is None else said.forecast_ms
        found += [whose | row for row in take_rows(take.timesteps, take.header.origin, shadow_ms)]
    return found


_WRITERS: Mapping[Format, Callable[[Sequence[Path]], bytes]] = {
    Format.SMF: _smf,
    Format.CSV: _csv,
    Format.PARQUET: _parquet,
}
