"""The file that a configuration lets play, or would."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pocket_core.errors import MidiFileError
from pocket_core.playback import Part
from pocketd.config import Config
from pocketd.config_sections import FILE
from pocketd.sources.from_file import read_part


@dataclass(frozen=True, slots=True)
class FilePart:
    """What `source: file` plays, or would."""

    part: Part | None = None
    why: str = "`score` is null; name a MIDI file there"  # there is none, a line

    @property
    def fault(self) -> str:
        """What is wrong with choosing it; empty: nothing."""
        return "" if self.part is not None else f"source: file cannot play: {self.why}"


NO_FILE = FilePart()


def read_file(config: Config) -> FilePart:
    """Return what `source: file` plays, or would play.

    Raises:
        MidiFileError: It is to play, and cannot.
    """
    if config.score is None:
        return NO_FILE
    try:
        return FilePart(read_part(Path(config.score), config.settings().snap), "")
    except MidiFileError as error:
        if config.source == FILE:
            raise
        return FilePart(None, str(error))


def warning(file: FilePart, config: Config) -> str:
    """Return what to tell of a score that is named and cannot play while another source does; or nothing."""
    if config.score is None or file.part is not None:
        return ""
    return f"{file.why}; {config.source} plays, and `source: file` cannot be chosen"
