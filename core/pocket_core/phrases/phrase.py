"""A drum phrase: what a source of drums has made, on the grid, before the pocket times it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pocket_core.types import Beats

BAR = Beats(4.0)  # every source thinks in 4/4
SIXTEENTH = Beats(0.25)
SAME = 1e-6  # beats; positions nearer than this are one


@dataclass(frozen=True, slots=True)
class Stroke:
    """A drum of a phrase."""

    beat: Beats  # grid position, >= 0, from the beginning of the phrase, or of the song
    note: int  # 0..127
    velocity: int  # 1..127
    offset: Beats = Beats(0.0)  # how much later than `beat` its maker would play it; positive is late

    def moved_to(self, beat: Beats) -> Stroke:
        """Return it elsewhere."""
        return Stroke(beat, self.note, self.velocity, self.offset)


@dataclass(frozen=True, slots=True)
class Phrase:
    """Strokes in order of beat and then of note, one a note and position, all before `length`."""

    strokes: tuple[Stroke, ...]
    length: Beats  # > 0

    def cut(self, begin: Beats, end: Beats) -> Phrase:
        """Return what is from one position to before another, counted from the first."""
        if begin == 0.0 and end == self.length:
            return self
        inside = (s for s in self.strokes if begin - SAME <= s.beat < end - SAME)
        return Phrase(tuple(s.moved_to(Beats(max(s.beat - begin, 0.0))) for s in inside), Beats(end - begin))

    def at(self, begin: Beats) -> tuple[Stroke, ...]:
        """Return the strokes as they lie in a song where the phrase begins at a position."""
        return tuple(s.moved_to(Beats(s.beat + begin)) for s in self.strokes) if begin else self.strokes

    def filling(self, length: Beats) -> Phrase:
        """Return it cut, or repeated from its beginning, to another length: a bar of another meter."""
        laps, whole = 0, list[Stroke]()
        while laps * self.length < length - SAME:
            whole += self.at(Beats(laps * self.length))
            laps += 1
        return Phrase(tuple(whole), Beats(laps * self.length)).cut(Beats(0.0), length)


def phrase_of(strokes: Iterable[Stroke], length: Beats) -> Phrase:
    """Put strokes in order; of two of one note at one position the louder stays.

    Those before the beginning or from the end on are left out.
    """
    loudest: dict[tuple[int, int], Stroke] = {}
    for stroke in strokes:
        key = (round(stroke.beat / SAME), stroke.note)
        if not -SAME < stroke.beat < length - SAME:
            continue
        if key not in loudest or loudest[key].velocity < stroke.velocity:
            loudest[key] = stroke
    return Phrase(tuple(sorted(loudest.values(), key=lambda s: (s.beat, s.note))), length)


def joined(phrases: Iterable[Phrase]) -> Phrase:
    """Return phrases one behind the other."""
    strokes, length = list[Stroke](), Beats(0.0)
    for phrase in phrases:
        strokes += phrase.at(length)
        length = Beats(length + phrase.length)
    return Phrase(tuple(strokes), length)
