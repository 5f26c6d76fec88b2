from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pocket_core.phrases.kit import GENERAL_MIDI, Kit
from pocket_core.phrases.phrase import Phrase, Stroke, joined, phrase_of
from pocket_core.types import Beats
from pocket_core.voices import VOICES

BAR = Beats(4.0)


def stroke(beat: float, note: int = 36, velocity: int = 100) -> Stroke:
    return Stroke(Beats(beat), note, velocity)


def test_a_cut_counts_from_its_own_beginning() -> None:
    phrase = Phrase((stroke(0.0), stroke(1.0), stroke(2.0)), BAR)

    cut = phrase.cut(Beats(1.0), Beats(2.0))

    assert cut == Phrase((stroke(0.0),), Beats(1.0))


def test_a_longer_bar_goes_on_from_the_beginning_and_a_shorter_is_cut() -> None:
    phrase = Phrase((stroke(0.0), stroke(3.0)), BAR)

    assert [s.beat for s in phrase.filling(Beats(5.0)).strokes] == [0.0, 3.0, 4.0]
    assert [s.beat for s in phrase.filling(Beats(3.0)).strokes] == [0.0]


def test_of_two_strokes_of_a_note_at_one_place_the_louder_stays() -> None:
    phrase = phrase_of([stroke(0.0, 36, 50), stroke(0.0, 36, 90), stroke(0.0, 38, 10)], BAR)

    assert phrase.strokes == (stroke(0.0, 36, 90), stroke(0.0, 38, 10))


def test_what_is_outside_is_left_out() -> None:
    assert phrase_of([stroke(-0.25), stroke(4.0)], BAR).strokes == ()


@given(st.lists(st.lists(st.integers(0, 15), max_size=8), max_size=5))
def test_bars_one_behind_the_other_come_apart_again(bars: list[list[int]]) -> None:
    phrases = [phrase_of((stroke(n / 4) for n in bar), BAR) for bar in bars]

    whole = joined(phrases)

    assert [whole.cut(Beats(4.0 * n), Beats(4.0 * n + 4)) for n in range(len(bars))] == phrases


def test_the_notes_of_general_midi_are_each_of_their_own_voice() -> None:
    kit = Kit()

    assert [kit.voice(GENERAL_MIDI[voice]) for voice in VOICES] == list(range(9))
    assert kit.notes[VOICES.index("crash")] == 49
