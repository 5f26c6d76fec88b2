"""Reads the files of BENCHMARKS' "Humanise": all of a split that are in 4/4, beats and fills.

The archive is the Groove MIDI Dataset v1.0.0, MIDI only (Gillick et al. 2019, CC BY 4.0): one track and one
tempo a file, 480 ticks a beat.
"""

from __future__ import annotations

import csv
import io
import math
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import mido
from rich.console import Console

from benchmarks.duets import ARCHIVE, TICKS, Note
from benchmarks.progress import progress
from benchmarks.windows import WINDOW_BARS, Sheet, write_down
from pocket_core.errors import DataError
from pocket_core.types import Beats


def load(folder: Path, split: str, console: Console) -> list[Sheet]:
    """Read the files of a split that have a window, in the order of `info.csv`.

    Raises:
        DataError: The archive is missing, is damaged, or has no such split.
    """
    path = folder / ARCHIVE
    try:
        with zipfile.ZipFile(path) as archive:
            table = io.StringIO(archive.read("groove/info.csv").decode("utf-8"))
            lines = [
                line
                for line in csv.DictReader(table)
                if line["split"] == split and line["time_signature"] == "4-4"
            ]
            with progress(console, f"reading {split}", len(lines)) as advance:
                sheets = []
                for line in lines:
                    sheets.append(_read(archive, line))
                    advance(1)
    except FileNotFoundError:
        raise DataError(
            f"no Groove archive at {path}; name the folder that holds {ARCHIVE} with --data"
        ) from None
    except (OSError, EOFError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise DataError(f"the Groove archive at {path} cannot be read ({error}); fetch it again") from error
    kept = [sheet for sheet in sheets if sheet.bars >= WINDOW_BARS]
    if not kept:
        raise DataError(
            f"{path} has no 4/4 file of {WINDOW_BARS} bars in split {split!r}; "
            "the splits are train, validation and test"
        )
    return kept


def _read(archive: zipfile.ZipFile, line: Mapping[str, str]) -> Sheet:
    name = line["midi_filename"]
    song = mido.MidiFile(file=io.BytesIO(archive.read(f"groove/{name}")))
    if song.ticks_per_beat != TICKS:
        raise ValueError(f"{name} has {song.ticks_per_beat} ticks a beat, not {TICKS}")
    bpm = float(line["bpm"])
    if not (math.isfinite(bpm) and bpm > 0):
        raise ValueError(f"{name} is said to have {line['bpm']} BPM")
    return write_down(name, int(line["drummer"].removeprefix("drummer")), bpm, _notes(song))


def _notes(song: mido.MidiFile) -> Iterator[Note]:
    ticks = 0
    for message in mido.merge_tracks(song.tracks):
        ticks += message.time
        if message.type == "note_on" and message.velocity > 0:
            yield Note(Beats(ticks / TICKS), message.note, message.velocity)
