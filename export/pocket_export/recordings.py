"""Recordings of drummers, and the ways to divide them: by split and by drummer, never by window."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pocket_core.errors import DataError
from pocket_core.tempo import Meter

SPLITS = ("train", "validation", "test")


@dataclass(frozen=True, slots=True)
class Performance:
    """One recording of one drummer, notes in order of time; notes outside the nine voices are left out."""

    name: str  # of the MIDI file, as in info.csv
    drummer: str
    style: str
    beat_type: str  # "beat" or "fill"
    split: str  # "train", "validation" or "test": Magenta's
    bpm: float
    meter: Meter
    beats: NDArray[np.float64]  # (N,) quarter notes from the start, rising
    voices: NDArray[np.int64]  # (N,) indices into VOICES
    notes: NDArray[np.int64]  # (N,) 0..127
    velocities: NDArray[np.int64]  # (N,) 1..127
    duration_s: float = 0.0  # as info.csv has it; 0 where it does not say

    @property
    def in_follow(self) -> bool:
        """Whether BENCHMARKS' Follow uses it: a beat, 4/4, more than 50 notes in the nine voices."""
        return self.beat_type == "beat" and self.meter == Meter(4, 4) and len(self.beats) > 50

    @property
    def fingerprint(self) -> str:
        """What is equal for two recordings of equal notes: SHA-256 of when, what and how loud."""
        columns = (self.beats, self.notes, self.velocities)
        return hashlib.sha256(b"".join(column.tobytes() for column in columns)).hexdigest()


@dataclass(frozen=True, slots=True)
class Groove:
    """The data set, or some drummers' part of it."""

    sha256: str  # of the archive; of a folder: as `contents`
    contents: str  # SHA-256 of info.csv and the MIDI files in its order, however they are packed
    performances: tuple[Performance, ...]  # in order of info.csv

    @property
    def drummers(self) -> tuple[str, ...]:
        """Return who plays, drummer2 before drummer10."""
        return tuple(sorted({p.drummer for p in self.performances}, key=lambda name: (len(name), name)))

    def split(self, name: str) -> tuple[Performance, ...]:
        """Return the performances of a split."""
        return tuple(p for p in self.performances if p.split == name)

    def without_drummer(self, drummer: str) -> Groove:
        """Return what all others play, in every split: what to train on where this one is left out.

        Raises:
            DataError: Nobody is called so.
        """
        self._know(drummer)
        return replace(self, performances=tuple(p for p in self.performances if p.drummer != drummer))

    def only_drummer(self, drummer: str) -> Groove:
        """Return what one drummer plays, in every split: what to judge by where he is left out.

        Raises:
            DataError: Nobody is called so.
        """
        self._know(drummer)
        return replace(self, performances=tuple(p for p in self.performances if p.drummer == drummer))

    def twins(self) -> tuple[tuple[Performance, ...], ...]:
        """Return the groups of recordings whose notes are equal; those without notes are not compared."""
        alike: dict[str, list[Performance]] = {}
        for performance in self.performances:
            if len(performance.beats):
                alike.setdefault(performance.fingerprint, []).append(performance)
        return tuple(tuple(group) for group in alike.values() if len(group) > 1)

    def leaks(self) -> tuple[tuple[Performance, ...], ...]:
        """Return those twins that stand in different splits: what is tested there has been trained on."""
        return tuple(group for group in self.twins() if len({p.split for p in group}) > 1)

    def _know(self, drummer: str) -> None:
        if drummer not in self.drummers:
            raise DataError(f"no drummer is called {drummer!r}; there are: {', '.join(self.drummers)}")
