"""Which note each of the nine voices is played with, where a source has no note of its own to say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pocket_core.voices import VOICES, VoiceMap

#: General MIDI Level 1, percussion key map: Bass Drum 1, Acoustic Snare, Closed Hi-Hat, Open Hi-Hat, High
#: Floor Tom, Low-Mid Tom, High Tom, Crash Cymbal 1, Ride Cymbal 1. Each is a note of its own voice in
#: `voices.ROLAND`.
GENERAL_MIDI: Mapping[str, int] = {
    "kick": 36,
    "snare": 38,
    "closed hat": 42,
    "open hat": 46,
    "low tom": 43,
    "mid tom": 47,
    "high tom": 50,
    "crash": 49,
    "ride": 51,
}


@dataclass(frozen=True, slots=True)
class Kit:
    """Voices to notes, and back."""

    notes: tuple[int, ...] = tuple(GENERAL_MIDI[voice] for voice in VOICES)  # of each voice, 0..127
    voices: VoiceMap = field(default_factory=VoiceMap)  # which voice a note is of

    def voice(self, note: int) -> int | None:
        """Return the voice of a note, 0..8; None: it is of none, and none is played with it."""
        voice = self.voices.index(note)
        return self.notes.index(note) if voice is None and note in self.notes else voice
