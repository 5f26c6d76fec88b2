"""What a song's drum part looks like bar by bar, and how alike two are.

A bar's print is which voices are struck on which twelfth of a quarter note of it. Two parts are compared
bar by bar at the same place in the song. A voice may be missing from one of them, fills may differ; rule and
threshold were chosen on recordings (docs/decisions/0011-songs.md).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from pocket_core.grid import TWELFTHS
from pocket_core.records import TimestepRecord
from pocket_core.tempo import Meter
from pocket_core.types import Beats

Print = frozenset[tuple[str, int]]  # voice, and twelfth of a quarter note from the bar line

ENOUGH = 8  # bars that both have, before two parts are compared
FILLS = 4  # so many bars have one that may be another
ALIKE = 0.98  # two parts at least so alike are of one song
APART = 0.05  # ... where no other song is within this of it
TEMPO = 0.03  # share by which the tempo may differ
SILENCE: Print = frozenset()
LONGEST_REST = 8  # bars; a song that goes on farther ahead has jumped there
MOST_BARS = 2048  # of a part
NEAR = 1 / 24  # quarter notes from a bar line that are on it


@dataclass(frozen=True, slots=True)
class Part:
    """A drum part, or what is known of it."""

    bpm: float
    meter: Meter
    bars: Mapping[int, Print]  # by number, from 1; bars of rest are in it, bars that nobody played are not


class PartWriter:
    """Writes down a take's drums bar by bar, as they are played; of a bar played again the last counts.

    Args:
        meter: Of the song.
        position: Where the take begins, quarter notes from the start of the song.
    """

    def __init__(self, meter: Meter, position: Beats) -> None:
        self._unit = 4 / meter.denominator * TWELFTHS
        cut = position % meter.bar_beats
        self._whole = min(cut, meter.bar_beats - cut) < NEAR  # the bar that is played was so from its line
        self._bar: int | None = None
        self._struck: set[tuple[str, int]] = set()
        self.bars: dict[int, Print] = {}  # those that have been played to their end

    def add(self, timestep: TimestepRecord) -> None:
        """Take in the next timestep; what lies off the grid is at its nearest twelfth."""
        if timestep.bar != self._bar:
            self._turn(timestep.bar)
        place = round((timestep.beat - 1.0) * self._unit)
        self._struck.update((voice, place) for voice in timestep.voices)

    def _turn(self, bar: int) -> None:
        before = self._bar
        if before is not None and self._whole and len(self.bars) < MOST_BARS:
            self.bars[before] = frozenset(self._struck)
            rests = range(before + 1, bar)
            if len(rests) <= LONGEST_REST:
                self.bars.update(dict.fromkeys(rests, SILENCE))
        self._whole |= before is not None
        self._bar = bar
        self._struck.clear()


def likeness_of(a: Mapping[int, Print], b: Mapping[int, Print]) -> float | None:
    """Return how alike two parts are in the bars that both have, 0..1; None: too few to say.

    It is the share of hits that both have among those that either has, without the voice on which they
    agree the least, and then without the quarter of the bars on which they do: a muted drum and fills.
    """
    both = sorted(a.keys() & b.keys())
    if len(both) < ENOUGH:
        return None
    apart: Counter[str] = Counter()
    voices: set[str] = set()
    for bar in both:
        apart.update(voice for voice, _ in a[bar] ^ b[bar])
        voices.update(voice for voice, _ in a[bar] | b[bar])
    worst = max(voices, key=lambda voice: (apart[voice], voice)) if len(voices) > 2 else None
    bars = []
    for bar in both:
        either = [voice for voice, _ in a[bar] | b[bar] if voice != worst]
        differ = sum(voice != worst for voice, _ in a[bar] ^ b[bar])
        bars.append((differ, len(either)))
    bars.sort(key=lambda counts: (counts[0], -counts[1]))
    kept = bars[: len(bars) - len(bars) // FILLS]
    total = sum(either for _, either in kept)
    return 1.0 - sum(differ for differ, _ in kept) / total if total else None


def recognise(part: Part, songs: Mapping[str, Part]) -> str | None:
    """Return the name of the song that a part is of; None: of none of these, or of several."""
    found: list[tuple[float, str]] = []
    for name, song in songs.items():
        if song.meter != part.meter or abs(part.bpm / song.bpm - 1.0) > TEMPO:
            continue
        alike = likeness_of(part.bars, song.bars)
        if alike is not None:
            found.append((alike, name))
    found.sort(reverse=True)
    if not found or found[0][0] < ALIKE or (len(found) > 1 and found[0][0] - found[1][0] < APART):
        return None
    return found[0][1]
