"""What a machine has of MIDI systems."""

from __future__ import annotations

from dataclasses import dataclass

AUTO = "auto"
JACK = "jack"
ALSA = "alsa"
RTMIDI = "rtmidi"
LOOPBACK = "loopback"


@dataclass(frozen=True, slots=True)
class System:
    """A MIDI system that this machine might have, and the back end that lives on it."""

    backend: str  # JACK, ALSA or RTMIDI
    name: str  # ALSA, JACK, CoreMIDI or WinMM
    usable: bool
    why: str  # what was found, or what is missing and what to do about it
    ports: tuple[str, ...] = ()  # of other programs and devices

    @property
    def title(self) -> str:
        """What a person calls it."""
        return self.name if self.backend == self.name.lower() else f"{self.backend} over {self.name}"
