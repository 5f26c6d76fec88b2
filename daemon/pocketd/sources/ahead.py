"""What a generator has made and nobody has played yet, in half bars, numbered from the run's beginning."""

from __future__ import annotations

from dataclasses import dataclass, replace

from pocket_core.phrases.phrase import SAME, Phrase, Stroke
from pocket_core.playback import Cue
from pocket_core.types import Beats
from pocket_core.wire import note_on

CHANNEL = 9  # General MIDI's drum channel, counted from 0
LENGTH = Beats(0.1)  # of a note
WHOLE = 2.0  # a bar that is a multiple of it can be halved

#: Kick on one and three, snare on two and four, eighths on the hat: what sounds where nothing else is known.
PLAIN = Phrase(
    tuple(
        Stroke(Beats(n / 2), note, velocity)
        for n in range(8)
        for note, velocity in ((36, 100), (38, 96), (42, 80 if n % 2 else 64))
        if note == 42 or n % 4 == (0 if note == 36 else 2)
    ),
    Beats(4.0),
)


@dataclass(frozen=True, slots=True)
class Piece:
    """A half bar, or a whole one where a bar cannot be halved."""

    begin: Beats  # from the run's beginning
    phrase: Phrase
    source: str
    held: bool = False  # it is what was played before, once more

    def cues(self) -> list[Cue]:
        """Return it as what a playback plays."""
        return [
            Cue(stroke.beat, note_on(CHANNEL, stroke.note, stroke.velocity), LENGTH)
            for stroke in self.phrase.at(self.begin)
        ]


class Ahead:
    """Pieces by number; the last bar that was begun stays.

    Args:
        bar: How long a bar is, > 0.
    """

    def __init__(self, bar: Beats) -> None:
        self.bar = bar
        self.a_bar = 2 if bar % WHOLE == 0 else 1  # pieces
        self.length = Beats(bar / self.a_bar)
        self._pieces: dict[int, Piece] = {}
        self._last: dict[int, Piece] = {}  # by its place in the bar

    def number(self, beat: float) -> int:
        """Return in which piece a position is."""
        return int((beat + SAME) // self.length)

    def begin(self, number: int) -> Beats:
        """Return where a piece begins."""
        return Beats(number * self.length)

    def place(self, begin: Beats, phrase: Phrase, source: str, first: int) -> None:
        """Take in what was made, but for pieces before `first`; what was made before gives way."""
        number = self.number(begin)
        for n in range(number, number + max(round(phrase.length / self.length), 1)):
            if n >= first:
                at = Beats((n - number) * self.length)
                self._pieces[n] = Piece(self.begin(n), phrase.cut(at, Beats(at + self.length)), source)

    def missing(self, first: int, count: int) -> int | None:
        """Return the first of some pieces that is not there; None: they all are."""
        return next((n for n in range(first, first + count) if n not in self._pieces), None)

    def take(self, number: int, *, hold: bool) -> Piece:
        """Return a piece to be played now; where there is none, or `hold`, the one a bar before again."""
        piece = self._pieces.pop(number, None)
        place = number % self.a_bar
        if piece is None or hold:
            piece = self._again(number)
        self._last[place] = piece
        self._pieces = {n: kept for n, kept in self._pieces.items() if n > number}
        return piece

    def anew(self, bar: Beats) -> Ahead:
        """Return where nothing is to be played; what was played last stays known, if bars are as long."""
        fresh = Ahead(bar)
        if bar == self.bar:
            fresh._last = dict(self._last)
        return fresh

    def _again(self, number: int) -> Piece:
        place = number % self.a_bar
        last = self._last.get(place)
        if last is None:
            at = Beats(place * self.length)
            plain = PLAIN.filling(self.bar).cut(at, Beats(at + self.length))
            last = Piece(self.begin(number), plain, "plain")
        return replace(last, begin=self.begin(number), held=True)
