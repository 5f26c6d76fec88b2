"""Which back end a configuration and a machine come to, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pocket_core.errors import MidiSystemError
from pocketd.backends.loopback import Loopback
from pocketd.backends.protocol import Backend
from pocketd.backends.rtmidi import RtMidi, System, survey

AUTO = "auto"
RTMIDI = "rtmidi"
LOOPBACK = "loopback"


@dataclass(frozen=True, slots=True)
class Choice:
    """A back end, not opened yet."""

    backend: str  # RTMIDI or LOOPBACK
    system: str | None  # what rtmidi shall live on
    why: str


def choose(wanted: str, api: str, systems: Sequence[System]) -> Choice:
    """Decide.

    Args:
        wanted: The config's `backend`: auto, rtmidi or loopback. Loopback is used only where it is asked for.
        api: The config's `midi_api`: auto, or a system's name in small letters.
        systems: What `survey` found.

    Raises:
        MidiSystemError: None is usable; the line says what is missing.
    """
    if wanted == LOOPBACK:
        return Choice(LOOPBACK, None, "the config asks for it; no other program sees its ports")
    allowed = [system for system in systems if api in (AUTO, system.name.lower())]
    for system in allowed:
        if system.usable:
            return Choice(RTMIDI, system.name, _reason(system, api, systems))
    missing = (
        "; ".join(f"{system.name}: {system.why}" for system in allowed) or f"{api} is not of this system"
    )
    raise MidiSystemError(f"no MIDI system ({missing}); to try pocketd without one set `backend: loopback`")


def _reason(system: System, api: str, systems: Sequence[System]) -> str:
    if api != AUTO:
        return "the config asks for it"
    passed = [s.name for s in systems[: systems.index(system)]]
    return f"{' and '.join(passed)} cannot be used here" if passed else "the first choice on this system"


def open_backend(wanted: str, api: str, client: str) -> Backend:
    """Open the ports of the config's `backend`, `midi_api` and `client`.

    Raises:
        MidiSystemError: No MIDI system, or the ports are taken.
    """
    choice = choose(wanted, api, () if wanted == LOOPBACK else survey())
    return Loopback() if choice.system is None else RtMidi(choice.system, client)
