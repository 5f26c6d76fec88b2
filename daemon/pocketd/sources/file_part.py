"""The file that a configuration lets play, or would."""

from __future__ import annotations

from pathlib import Path

from pocket_core.errors import MidiFileError
from pocket_core.playback import Part
from pocketd.config import Config
from pocketd.config_sections import FILE
from pocketd.sources.from_file import read_part


def read_file(config: Config) -> Part | None:
    """Return what `source: file` plays, or would play; None: there is no file, or none that can.

    Raises:
        MidiFileError: It is to play.
    """
    if config.score is None:
        return None
    try:
        return read_part(Path(config.score), config.settings().snap)
    except MidiFileError:
        if config.source == FILE:
            raise
        return None
