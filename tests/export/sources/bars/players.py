"""Made-up recordings in 4/4."""

from __future__ import annotations

from dataclasses import replace

from pocket_export.recordings import Performance
from tests.export.performances import loose


def player(number: int, *, bars: int = 4, drummer: str = "drummer1", split: str = "train") -> Performance:
    """Return a recording with a name as the Groove MIDI Dataset gives it."""
    name = f"{drummer}/{number}_rock_110_beat_4-4.mid"
    return replace(loose(number, bars=bars), name=name, drummer=drummer, split=split)
