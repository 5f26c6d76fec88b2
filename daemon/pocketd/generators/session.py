"""What the generators' process knows of a run, and how it answers: the same in every test, without a process.

A generator thinks in bars of four beats. In another meter each bar of the song is one of its bars, cut or
gone on from its beginning.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from pocket_core.errors import PocketError
from pocket_core.phrases.generator import MEMORY, Ask, Generator, Knobs, Onset
from pocket_core.phrases.kit import Kit
from pocket_core.phrases.phrase import BAR, SAME, Phrase, Stroke, joined
from pocket_core.types import Beats
from pocket_core.voices import VoiceMap
from pocketd.generators.letters import (
    Anew,
    Answer,
    Failed,
    Given,
    Heard,
    Held,
    Letter,
    Made,
    Setup,
    Turned,
    Wanted,
    stroke_of,
    struck_of,
)

Load = Callable[[str, Kit], Generator]  # a generator by its name
Read = Callable[[str, Kit], Phrase]  # a phrase by a preset's name or a file's path
Preset = Callable[[int, Kit], Phrase]  # a preset by its number
Patterned = Callable[[tuple[int, ...], Kit], Phrase]  # a phrase of 32 steps


class Session:
    """Answers letters, one after the other.

    Args:
        load: Loads a generator; it is kept.
        read: Finds what `start` and `goal` name.
        preset: Finds a preset by its number.
        patterned: Reads a pattern.
    """

    def __init__(self, load: Load, read: Read, preset: Preset, patterned: Patterned) -> None:
        self._load, self._read, self._preset, self._patterned = load, read, preset, patterned
        self._setup: Setup | None = None
        self._generator: Generator | None = None
        self._why = ""  # there is no generator
        self._kit = Kit()
        self._turned = Turned()
        self._given: Given | None = None
        self._start: Phrase | None = None
        self._goal: Phrase | None = None
        self._heard: list[Onset] = []
        self._played: list[Stroke] = []
        self._front = Beats(0.0)  # all before was played

    def take(self, letter: Letter) -> list[Answer]:
        """Follow a letter, and return the answers to it."""
        match letter:
            case Setup():
                return self._begin(letter)
            case Turned():
                moved = letter.preset != self._turned.preset
                self._turned = letter
                if moved:
                    self._given = None
                return self._find() if moved else []
            case Given():
                self._given = letter
                return self._find()
            case Heard():
                self._heard.append(Onset(letter.beat, letter.velocity))
            case Held():
                self._played_there(letter.begin, Phrase(tuple(map(stroke_of, letter.strokes)), letter.length))
            case Anew():
                self._heard, self._played, self._front = [], [], Beats(0.0)
            case Wanted():
                return [self._answer(letter)]
            case _:
                pass
        return []

    def _begin(self, setup: Setup) -> list[Answer]:
        kit = Kit(setup.notes, VoiceMap(setup.voices))
        before = self._setup
        self._setup, self._kit = setup, kit
        other = before is None or (before.source, before.notes, before.voices) != (
            setup.source,
            setup.notes,
            setup.voices,
        )
        if before is not None and (before.start, before.goal) != (setup.start, setup.goal):
            self._given = None
        if other or self._generator is None:
            try:
                self._generator, self._why = self._load(setup.source, kit), ""
            except PocketError as error:
                self._generator, self._why = None, str(error)
        return self._find()

    def _find(self) -> list[Answer]:
        """Find what is begun with and gone to."""
        if self._setup is None:
            return []
        try:
            self._start, self._goal = self._ends(self._setup)
        except PocketError as error:
            self._start = self._goal = None
            return [Failed(number=None, text=str(error))]
        return []

    def _ends(self, setup: Setup) -> tuple[Phrase | None, Phrase | None]:
        if self._given is not None:
            goal = self._given.goal
            return (
                self._patterned(self._given.pattern, self._kit),
                None if goal is None else self._patterned(goal, self._kit),
            )
        start = None if setup.start is None else self._read(setup.start, self._kit)
        if self._turned.preset is not None:
            start = self._preset(self._turned.preset, self._kit)
        return start, None if setup.goal is None else self._read(setup.goal, self._kit)

    def _answer(self, wanted: Wanted) -> Answer:
        if self._generator is None or self._setup is None:
            return Failed(number=wanted.number, text=self._why or "nobody has said what is wanted")
        try:
            phrase = self._phrase(self._generator, self._setup, wanted)
        except PocketError as error:
            return Failed(number=wanted.number, text=str(error))
        except Exception as error:  # a bug in a generator costs a bar, and is told
            text = f"{self._setup.source}: {type(error).__name__}: {error}"
            return Failed(number=wanted.number, text=" ".join(text.split()))
        self._played_there(wanted.begin, phrase)
        return Made(
            number=wanted.number,
            source=self._setup.source,
            begin=wanted.begin,
            length=phrase.length,
            strokes=tuple(map(struck_of, phrase.strokes)),
        )

    def _phrase(self, generator: Generator, setup: Setup, wanted: Wanted) -> Phrase:
        bar, turned = wanted.bar, self._turned
        oldest = Beats(wanted.begin - MEMORY / BAR * bar)
        self._heard = [onset for onset in self._heard if onset.beat >= oldest]
        self._played = [stroke for stroke in self._played if stroke.beat >= oldest]
        ask = Ask(
            begin=_in_four(wanted.begin, bar),
            heard=tuple(Onset(_in_four(o.beat, bar), o.velocity) for o in self._heard if o.beat % bar < BAR),
            before=tuple(
                replace(s, beat=_in_four(s.beat, bar))
                for s in self._played
                if s.beat < wanted.begin - SAME and s.beat % bar < BAR
            ),
            start=self._start,
            goal=self._goal,
            knobs=Knobs(turned.temperature, turned.density, turned.voices, turned.morph, turned.follow),
            seed=setup.seed,
            bpm=wanted.bpm,
            style=setup.style,
        )
        if bar == BAR:
            return generator.phrase(replace(ask, length=wanted.length))
        bars = [
            generator.phrase(replace(ask, begin=Beats(ask.begin + n * BAR))).filling(bar)
            for n in range(max(round(wanted.length / bar), 1))
        ]
        return joined(bars)

    def _played_there(self, begin: Beats, phrase: Phrase) -> None:
        """Write down what is played from a position on, instead of what was written there before."""
        end = begin + phrase.length
        kept = [s for s in self._played if not begin - SAME <= s.beat < end - SAME]
        self._played = sorted([*kept, *phrase.at(begin)], key=lambda s: (s.beat, s.note))


def _in_four(beat: Beats, bar: Beats) -> Beats:
    """Return a position as if bars had four beats."""
    number = (beat + SAME) // bar
    return Beats(number * BAR + (beat - number * bar))
