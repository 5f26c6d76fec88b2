"""The package alsa-midi, and libasound as it hands it out."""

from __future__ import annotations

from typing import Any

from pocket_core.errors import MidiSystemError
from pocketd.backends.quiet import hush_alsa

Address = tuple[int, int]  # client, port


def alsa_module() -> Any:
    """Import alsa-midi, and keep libasound from printing on stderr what we say better.

    Raises:
        MidiSystemError: It is not installed, or libasound is not.
    """
    try:
        import alsa_midi
    except ImportError:
        raise MidiSystemError("the package alsa-midi is missing: pip install 'pocketd[alsa]'") from None
    except OSError:
        raise MidiSystemError("libasound is missing (Debian: apt install libasound2)") from None
    hush_alsa()
    return alsa_midi


def made(midi: Any, what: str) -> Any:
    """Return one of libasound's structures, as `snd_seq_port_info`; it is freed with its last user."""
    at = midi.ffi.new(f"{what}_t **")
    getattr(midi.alsa, f"{what}_malloc")(at)
    return midi.ffi.gc(at[0], getattr(midi.alsa, f"{what}_free"))


def parser(midi: Any, longest: int) -> Any:
    """Return what turns bytes into events and back, each with its status; for messages of so many bytes."""
    at = midi.ffi.new("snd_midi_event_t **")
    midi.alsa.snd_midi_event_new(longest, at)
    midi.alsa.snd_midi_event_no_status(at[0], 1)
    return midi.ffi.gc(at[0], midi.alsa.snd_midi_event_free)
