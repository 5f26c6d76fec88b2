from __future__ import annotations

from pocket_core.phrases.kit import GENERAL_MIDI, Kit
from pocket_core.voices import ROLAND, VOICES, VoiceMap


def test_each_note_that_a_kit_plays_is_of_its_voice() -> None:
    kit = Kit()

    assert [kit.voice(note) for note in kit.notes] == list(range(9))
    assert kit.notes[VOICES.index("crash")] == 49
    assert all(note in ROLAND[voice] for voice, note in GENERAL_MIDI.items())


def test_a_note_that_the_map_leaves_out_is_of_the_voice_that_is_played_with_it() -> None:
    kit = Kit((100, *Kit().notes[1:]), VoiceMap({"snare": [38]}))

    assert (kit.voice(100), kit.voice(38), kit.voice(49), kit.voice(36)) == (0, 1, 7, None)


def test_what_the_map_says_of_a_note_counts_first() -> None:
    kit = Kit((38, *Kit().notes[1:]))

    assert kit.voice(38) == 1
