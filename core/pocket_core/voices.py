"""The nine voices of a drum kit, and which note belongs to which."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

VOICES = (
    "kick",
    "snare",
    "closed hat",
    "open hat",
    "low tom",
    "mid tom",
    "high tom",
    "crash",
    "ride",
)

#: Magenta's reduced Roland map (Gillick et al. 2019), and note 35 with the kick.
ROLAND: Mapping[str, tuple[int, ...]] = {
    "kick": (35, 36),
    "snare": (38, 37, 40),
    "closed hat": (42, 22, 44),
    "open hat": (46, 26),
    "low tom": (43, 58),
    "mid tom": (47, 45),
    "high tom": (50, 48),
    "crash": (49, 52, 55, 57),
    "ride": (51, 53, 59),
}


class VoiceMap:
    """Which of the nine voices each MIDI note plays.

    Args:
        notes: Voice name to its notes, 0..127. A voice may be left out; it then has no note.

    Raises:
        ValueError: A voice that does not exist, a note out of range, or a note with two voices.
    """

    def __init__(self, notes: Mapping[str, Iterable[int]] = ROLAND) -> None:
        self._index: dict[int, int] = {}
        for name, numbers in notes.items():
            if name not in VOICES:
                raise ValueError(f"no voice is called {name!r}; the nine are {', '.join(VOICES)}")
            for note in numbers:
                if not 0 <= note <= 127:
                    raise ValueError(f"note {note} of voice {name!r} is not in 0..127")
                if self._index.setdefault(note, VOICES.index(name)) != VOICES.index(name):
                    other = VOICES[self._index[note]]
                    raise ValueError(f"note {note} belongs to both {other!r} and {name!r}; choose one")

    def index(self, note: int) -> int | None:
        """Return the voice of a note, 0..8, or None for a note outside the map."""
        return self._index.get(note)
