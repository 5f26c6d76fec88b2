"""What the generators' process knows of a run, and how it answers: the same in every test, without a process.

A generator thinks in bars of four beats. In another meter each bar of the song is one of its bars, cut or
gone on from its beginning.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import ceil

from pocket_core.errors import PocketError
from pocket_core.phrases.generator import MEMORY, Ask, Generator, Knobs, Onset
from pocket_core.phrases.kit import Kit
from pocket_core.phrases.phrase import BAR, SAME, Phrase, Stroke, joined
from pocket_core.types import Beats
from pocket_core.voices import VoiceMap
from pocketd.generators.letters import (
    LONGEST_TEXT,
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
    decode_answer,
    encode_answer,
    stroke_of,
    struck_of,
)

Load = Callable[[str, Kit], Generator]  # a generator by its name
Read = Callable[[str, Kit], Phrase]  # a phrase by a preset's name or a file's path
Preset = Callable[[int, Kit], Phrase]  # a preset by its number
Patterned = Callable[[tuple[int, ...], Kit], Phrase]  # a phrase of 32 steps

MOST_HEARD = 4096  # onsets that are kept, even where nothing is ever wanted
MOST_PLAYED = Beats(1024.0)  # what was played longer ago is not kept, likewise


class Session:
    """Answers letters, one after the other.

    Args:
        load: Loads a generator, once something is wanted of it; it is kept.
        read: Finds what `start` and `goal` name.
        preset: Finds a preset by its number.
        patterned: Reads a pattern.
    """

    def __init__(self, load: Load, read: Read, preset: Preset, patterned: Patterned) -> None:
        self._load, self._read, self._preset, self._patterned = load, read, preset, patterned
        self._setup: Setup | None = None
        self._generators: dict[str, Generator] = {}  # that have been loaded, with this kit
        self._kit = Kit()
        self._turned = Turned()
        self._given: Given | None = None
        self._unread = False  # start or goal
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
                del self._heard[:-MOST_HEARD]
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
        before, self._setup = self._setup, setup
        kit_is_other = before is None or (before.notes, before.voices) != (setup.notes, setup.voices)
        ends_are_other = before is None or (before.start, before.goal) != (setup.start, setup.goal)
        if kit_is_other:
            self._kit = Kit(setup.notes, VoiceMap(setup.voices))
            self._generators.clear()
        if before is not None and ends_are_other:
            self._given = None
        if not (kit_is_other or ends_are_other or self._unread):
            return []
        return self._find()

    def _find(self) -> list[Answer]:
        """Find what is begun with and gone to; the one that cannot be had does not cost the other."""
        self._start = self._goal = None
        if self._setup is None:
            return []
        told: list[Answer] = []
        try:
            self._start = self._begun_with(self._setup)
        except Exception as error:
            told.append(_failed(None, f"generate.start: {_said(error)}"))
        try:
            self._goal = self._gone_to(self._setup)
        except Exception as error:
            told.append(_failed(None, f"generate.goal: {_said(error)}"))
        self._unread = bool(told)
        return told

    def _begun_with(self, setup: Setup) -> Phrase | None:
        if self._given is not None:
            return self._patterned(self._given.pattern, self._kit)
        if self._turned.preset is not None:
            return self._preset(self._turned.preset, self._kit)
        return None if setup.start is None else self._read(setup.start, self._kit)

    def _gone_to(self, setup: Setup) -> Phrase | None:
        if self._given is not None:
            goal = self._given.goal
            return None if goal is None else self._patterned(goal, self._kit)
        return None if setup.goal is None else self._read(setup.goal, self._kit)

    def _answer(self, wanted: Wanted) -> Answer:
        setup = self._setup
        if setup is None:
            return Failed(number=wanted.number, text="nobody has said what is wanted")
        try:
            phrase = self._phrase(self._generator(setup.source), setup, wanted)
            made = Made(
                number=wanted.number,
                source=setup.source,
                begin=wanted.begin,
                length=phrase.length,
                strokes=tuple(map(struck_of, phrase.strokes)),
            )
            decode_answer(encode_answer(made))  # what the loop would not read is a fault that has a name
        except Exception as error:  # a bug in a generator costs a bar, and is told
            known = isinstance(error, PocketError)  # names itself
            return _failed(wanted.number, str(error) if known else f"{setup.source}: {_said(error)}")
        self._played_there(wanted.begin, phrase)
        return made

    def _generator(self, source: str) -> Generator:
        if source not in self._generators:
            self._generators[source] = self._load(source, self._kit)
        return self._generators[source]

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
        first, end = int((wanted.begin + SAME) // bar), wanted.begin + wanted.length
        bars = [
            generator.phrase(replace(ask, begin=Beats(n * BAR))).filling(bar)
            for n in range(first, max(ceil((end - SAME) / bar), first + 1))
        ]
        inside = Beats(max(wanted.begin - first * bar, 0.0))
        return joined(bars).cut(inside, Beats(inside + wanted.length))

    def _played_there(self, begin: Beats, phrase: Phrase) -> None:
        """Write down what is played from a position on, instead of what was written there before."""
        end, oldest = begin + phrase.length, begin - MOST_PLAYED
        kept = [s for s in self._played if s.beat >= oldest and not begin - SAME <= s.beat < end - SAME]
        self._played = sorted([*kept, *phrase.at(begin)], key=lambda s: (s.beat, s.note))


def _in_four(beat: Beats, bar: Beats) -> Beats:
    """Return a position as if bars had four beats."""
    number = (beat + SAME) // bar
    return Beats(number * BAR + (beat - number * bar))


def _said(error: Exception) -> str:
    return str(error) if isinstance(error, PocketError) else f"{type(error).__name__}: {error}"


def _failed(number: int | None, text: str) -> Failed:
    return Failed(number=number, text=" ".join(text.split())[:LONGEST_TEXT])
