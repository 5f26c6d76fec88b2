"""One MIDI file: its drums that are in 4/4, on sixteenths, and what of them repeats.

Format: Standard MIDI Files, as symusic reads them. Drums are channel 10. Until a time signature is said it is
4/4, as the standard has it; bars are counted from each one on.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from stat import S_ISREG
from typing import Any

import numpy as np
from numpy.typing import NDArray
from symusic import Score

from pocket_core.errors import MidiFileError, one_line
from pocket_core.phrases.patterns import BIT_OF_NOTE
from pocket_export.sources.patterns.repeats import Repeated, chunks, repeats

LARGEST = 1 << 24  # bytes; MIDI files have some ten thousand
LAST_STEP = 1 << 20  # sixteenths; 36 hours at 120 BPM: what comes later is damage
A_BEAT = 4  # steps


@dataclass(frozen=True, slots=True)
class Part:
    """What is drummed from one time signature to the next."""

    steps: NDArray[np.int64]  # (N,) sixteenths from the signature, rising
    bits: NDArray[np.int64]  # (N,) 0..13


@dataclass(frozen=True, slots=True)
class Drums:
    """A file's drums."""

    strokes: int  # on channel 10, of all notes, in all meters
    parts: tuple[Part, ...]  # those in 4/4


def read_drums(path: Path) -> Drums:
    """Read a file's drums.

    Raises:
        MidiFileError: It cannot be read.
    """
    return drums_of(_score(path))


def patterns_in(drums: Drums) -> list[Repeated]:
    """Return the patterns that repeat, in order, each once a chunk."""
    return [
        found for part in drums.parts for chunk in chunks(part.steps, part.bits) for found in repeats(chunk)
    ]


def drums_of(score: Any) -> Drums:
    """Return the drums of a score of symusic's."""
    notes = [track.notes.numpy() for track in score.tracks if track.is_drum]
    if not notes:
        return Drums(0, ())
    ticks = np.concatenate([each["time"] for each in notes]).astype(np.int64)
    bits = BIT_OF_NOTE[np.concatenate([each["pitch"] for each in notes])].astype(np.int64)
    order = np.argsort(ticks, kind="stable")
    order = order[bits[order] >= 0]
    ticks, bits = ticks[order], bits[order]
    parts = []
    for begin, end in _in_four(score):
        inside = slice(
            np.searchsorted(ticks, begin), len(ticks) if end is None else np.searchsorted(ticks, end)
        )
        steps = (2 * A_BEAT * (ticks[inside] - begin) + score.tpq) // (2 * score.tpq)
        sound = steps <= LAST_STEP
        if sound.any():
            parts.append(Part(steps[sound], bits[inside][sound]))
    return Drums(sum(len(each["time"]) for each in notes), tuple(parts))


def _in_four(score: Any) -> list[tuple[int, int | None]]:
    """Return from which tick to before which it is in 4/4; None: to the end."""
    said = sorted((s.time, s.numerator, s.denominator) for s in score.time_signatures)
    if not said or said[0][0] > 0:
        said.insert(0, (0, A_BEAT, 4))
    ends: list[int | None] = [*(time for time, _, _ in said[1:]), None]
    return [
        (time, end)
        for (time, above, below), end in zip(said, ends, strict=True)
        if (above, below) == (A_BEAT, 4) and time != end
    ]


def _score(path: Path) -> Any:
    try:
        said = path.stat()
        if not S_ISREG(said.st_mode):  # a pipe would be waited for, and a device has no end
            raise MidiFileError("a pipe, a socket or a device, and no file")
        if said.st_size > LARGEST:
            raise MidiFileError(f"{said.st_size} bytes; more than {LARGEST} is no MIDI file of music")
        score = Score.from_midi(path.read_bytes())
    except MidiFileError:
        raise
    except OSError as error:
        raise MidiFileError(error.strerror or str(error)) from error
    except Exception as error:  # its parser raises what it trips over; all of it means damage
        raise MidiFileError(one_line(error)) from error
    if score.tpq <= 0:
        raise MidiFileError(f"{score.tpq} ticks a quarter note; times in SMPTE frames have no bars")
    return score
