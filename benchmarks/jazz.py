"""The jazz duos and trios: who played when, and which onsets are on the beat.

Duos: H. Cheston, quarter notes of piano and drums played over a network with 0 to 180 ms of latency (MIT).
Trios: H. Cheston et al., Jazz Trio Database, onsets and beats annotated by hand (MIT). All times are the
recording's, in seconds; trigger latencies are unknown, so only differences mean something.
"""

from __future__ import annotations

import csv
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TextIO

import numpy as np
from numpy.typing import NDArray

from benchmarks.jazz_line import BeatLine
from pocket_core.errors import DataError
from pocket_core.types import Seconds

DUOS, TRIOS = "duos", "trios"
DUO_FILE = Path("jazz_duos/onsets.csv")
TRIO_FOLDER = Path("jazz_trios/annotations")
MUSICIANS = ("piano", "bass")
BEATS_A_BAR = 4  # of every recording
RIDE, PIANO_NOTE, LOUD = 51, 60, 100  # what the trios do not say
#: Beats: how early and late an onset may be and still be on the beat. Trios: what made the trio database,
#: a 32nd before to a 16th after. Duos: there is nothing but quarter notes, so the nearest.
TRIO_EARLY, TRIO_LATE = 1 / 8, 1 / 4
DUO_NEAR = 1 / 2

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Onset:
    """A note as it was played."""

    at: Seconds
    note: int  # 0..127
    velocity: int  # 1..127


@dataclass(frozen=True, slots=True)
class Part:
    """What one player played."""

    player: str
    onsets: tuple[Onset, ...]  # all, in order
    on_beat: tuple[Onset | None, ...]  # one a beat; None: not on this one

    @property
    def times(self) -> Floats:
        """Return `float64[B]`: when the beats were played, seconds; NaN where one was not."""
        return np.array([np.nan if onset is None else onset.at for onset in self.on_beat])


@dataclass(frozen=True, slots=True)
class Performance:
    """One recording."""

    name: str
    data: str  # DUOS or TRIOS
    latency_ms: int | None  # of the network; None: they sat together
    first: int  # place of beat 0 in the song, quarter notes from a bar line; of the duos not known, 0
    beats: Floats  # float64[B]: what the beat line is made of, seconds; NaN where nothing says the beat
    drums: Part
    musicians: tuple[Part, ...]


def load(folder: Path) -> list[Performance]:
    """Read all duos, then all trios.

    Raises:
        DataError: A file is missing or damaged.
    """
    return [*load_duos(folder), *load_trios(folder)]


def load_duos(folder: Path) -> list[Performance]:
    """Read the duos, in the order of the file.

    Raises:
        DataError: The file is missing or damaged.
    """
    path = folder / DUO_FILE
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return _duos(file)
    except FileNotFoundError:
        raise _missing(path) from None
    except (OSError, KeyError, ValueError) as error:
        raise _damaged(path, error) from error


def load_trios(folder: Path) -> list[Performance]:
    """Read the trios, in order of their names.

    Raises:
        DataError: There are none, or one is incomplete or damaged.
    """
    paths = sorted((folder / TRIO_FOLDER).glob("*_mix.txt"))
    if not paths:
        raise _missing(folder / TRIO_FOLDER / "*_mix.txt")
    return [_trio(path) for path in paths]


def duo(name: str, latency_ms: int | None, drums: Sequence[Onset], piano: Sequence[Onset]) -> Performance:
    """Make a performance of two players' quarter notes; the drummer's are the beats.

    Raises:
        ValueError: There are fewer than two beats.
    """
    line, numbered = BeatLine(), dict[int, Onset]()
    for onset in drums:
        if (number := line.hear(onset.at)) is not None:
            numbered[number] = onset
    if len(numbered) < 2:
        raise ValueError(f"{name} has {len(numbered)} quarter notes of drums, which make no beat")
    on_beat = tuple(numbered.get(number) for number in range(max(numbered) + 1))
    part = Part("drums", tuple(drums), on_beat)
    beats = part.times
    near = DUO_NEAR * _beat(beats)
    return Performance(
        name,
        DUOS,
        latency_ms,
        0,
        beats,
        part,
        (Part("piano", tuple(piano), match(beats, piano, near, near)),),
    )


def match(beats: Floats, onsets: Sequence[Onset], early: float, late: float) -> tuple[Onset | None, ...]:
    """Return the onset nearest to each beat.

    Args:
        beats: `float64[B]`, seconds, NaN where there is none.
        onsets: In order.
        early: How far before its beat an onset may be, seconds.
        late: How far behind.
    """
    times = [onset.at for onset in onsets]
    found: list[Onset | None] = []
    for beat in beats:
        around = bisect_left(times, beat)
        near = [o for o in onsets[max(around - 1, 0) : around + 1] if -early <= o.at - beat <= late]
        found.append(min(near, key=lambda onset: abs(onset.at - beat), default=None))
    return tuple(found)


def _duos(file: TextIO) -> list[Performance]:
    parts: dict[tuple[str, int], dict[str, list[Onset]]] = defaultdict(lambda: {"Drums": [], "Keys": []})
    for line in csv.DictReader(file):
        name = "duo {duo} session {session} condition {condition}".format(**line)
        onset = Onset(Seconds(float(line["onset_s"])), int(line["midi_note"]), int(line["velocity"]))
        if not (0 <= onset.note <= 127 and 1 <= onset.velocity <= 127):
            raise ValueError(f"{name} has note {onset.note} at velocity {onset.velocity}")
        parts[name, int(line["latency_ms"])][line["instrument"]].append(onset)
    return [
        duo(name, latency, *(sorted(part[who], key=lambda o: o.at) for who in ("Drums", "Keys")))
        for (name, latency), part in parts.items()
    ]


def _trio(path: Path) -> Performance:
    name = path.name.removesuffix("_mix.txt")
    lines = _columns(path)
    try:
        places = [_place(label) for _, label in lines]
    except ValueError as error:
        raise _damaged(path, error) from error
    if any(b - a != 1 for a, b in pairwise(places)):
        raise _damaged(path, ValueError("its beats do not follow each other"))
    beats = np.array([at for at, _ in lines])
    beat = _beat(beats)

    def part(player: str) -> Part:
        note = RIDE if player == "drums" else PIANO_NOTE
        times = sorted(at for at, _ in _columns(path.with_name(f"{name}_{player}.txt")))
        onsets = tuple(Onset(Seconds(at), note, LOUD) for at in times)
        return Part(player, onsets, match(beats, onsets, TRIO_EARLY * beat, TRIO_LATE * beat))

    return Performance(
        name, TRIOS, None, places[0], beats, part("drums"), tuple(part(player) for player in MUSICIANS)
    )


def _columns(path: Path) -> list[tuple[float, str]]:
    """Read lines of a time and a label, which some lines lack."""
    try:
        words = [line.split(maxsplit=1) for line in path.read_text("utf-8").splitlines() if line.strip()]
        return [(float(word[0]), word[1] if len(word) > 1 else "") for word in words]
    except FileNotFoundError:
        raise _missing(path) from None
    except (OSError, ValueError) as error:
        raise _damaged(path, error) from error


def _place(label: str) -> int:
    """Return the quarter notes from a bar line of `bar.beat`; bar 0 is a pick-up."""
    bar, beat = label.split(".")
    return int(bar) * BEATS_A_BAR + int(beat) - 1


def _beat(beats: Floats) -> float:
    return float(np.nanmedian(np.diff(beats)))


def _missing(path: Path) -> DataError:
    return DataError(
        f"no recordings at {path}; name the folder that holds jazz_duos and jazz_trios with --data"
    )


def _damaged(path: Path, error: Exception) -> DataError:
    return DataError(f"{path} cannot be read ({error}); fetch it again")
