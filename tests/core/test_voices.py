"""Which note is which drum."""

from __future__ import annotations

import pytest

from pocket_core.voices import VOICES, VoiceMap


@pytest.mark.parametrize(("note", "voice"), [(36, "kick"), (40, "snare"), (22, "closed hat"), (55, "crash")])
def test_the_roland_map_knows_its_notes(note: int, voice: str) -> None:
    index = VoiceMap().index(note)

    assert index is not None
    assert VOICES[index] == voice


def test_a_note_outside_the_map_has_no_voice() -> None:
    assert VoiceMap().index(60) is None


@pytest.mark.parametrize(
    ("notes", "says"),
    [
        ({"cowbell": [56]}, "no voice is called 'cowbell'"),
        ({"kick": [128]}, "not in 0..127"),
        ({"kick": [36], "snare": [36]}, "both 'kick' and 'snare'"),
    ],
)
def test_a_bad_map_is_refused(notes: dict[str, list[int]], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        VoiceMap(notes)
