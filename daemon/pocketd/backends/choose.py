"""Which back end a configuration and a machine come to, and why."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pocket_core.errors import MidiSystemError
from pocketd.backends import alsa_survey, jack_survey, rtmidi
from pocketd.backends.loopback import Loopback
from pocketd.backends.protocol import Backend
from pocketd.backends.system import ALSA, AUTO, JACK, LOOPBACK, RTMIDI, System
from pocketd.config import Config

if TYPE_CHECKING:  # without JACK nobody needs it
    from pocketd.backends.jack_transport import TransportWatch


@dataclass(frozen=True, slots=True)
class Choice:
    """A back end, not opened yet."""

    backend: str  # JACK, ALSA, RTMIDI or LOOPBACK
    system: str  # the MIDI system that it lives on
    why: str

    @property
    def title(self) -> str:
        """What a person calls it."""
        return self.system if self.backend == self.system.lower() else f"{self.backend} over {self.system}"


def survey() -> list[System]:
    """Look at every way to have ports on this machine, the preferred first."""
    jack = [] if sys.platform == "win32" else [jack_survey.look()]
    alsa = [alsa_survey.look()] if sys.platform == "linux" else []
    return [*jack, *alsa, *rtmidi.survey()]


def choose(wanted: str, api: str, systems: Sequence[System]) -> Choice:
    """Decide.

    Args:
        wanted: The config's `backend`: auto, or a back end's name; loopback only where it is asked for.
        api: The config's `midi_api`: auto, or what rtmidi shall live on, in small letters.
        systems: What `survey` found.

    Raises:
        MidiSystemError: None is usable; the line says what is missing.
    """
    if wanted == LOOPBACK:
        return Choice(LOOPBACK, LOOPBACK, "the config asks for it; no other program sees its ports")
    allowed = [system for system in systems if _may(system, wanted, api)]
    for system in allowed:
        if system.usable:
            return Choice(system.backend, system.name, _reason(system, wanted, api, systems))
    missing = "; ".join(dict.fromkeys(f"{system.name}: {system.why}" for system in allowed))
    missing = missing or f"{wanted if api == AUTO else api} is not of this system"
    raise MidiSystemError(f"no MIDI system ({missing}); to try pocketd without one set `backend: loopback`")


def _may(system: System, wanted: str, api: str) -> bool:
    if api != AUTO:  # it is said of rtmidi alone
        return system.backend == RTMIDI and system.name.lower() == api
    return wanted in (AUTO, system.backend)


def _reason(system: System, wanted: str, api: str, systems: Sequence[System]) -> str:
    if api != AUTO or wanted != AUTO:
        return "the config asks for it"
    passed = systems[: systems.index(system)]
    if not passed:
        return "the first choice on this system"
    return "; ".join(f"not {s.title}: {s.why}" for s in passed)


def open_backend(config: Config) -> Backend:
    """Open the ports that a configuration asks for, and join a Link session where it asks for that.

    Raises:
        MidiSystemError: No MIDI system, the ports are taken, or what Link needs is not installed.
    """
    if config.clock != "link":
        return _open(config)
    from pocketd.link import Linked, join

    session = join(config.tempo, config.time_signature.bar_beats)
    try:
        return Linked(_open(config), session)
    except MidiSystemError:
        session.enabled = False
        raise


def _open(config: Config) -> Backend:
    wanted, api = config.backend, config.midi_api
    choice = choose(wanted, api, () if wanted == LOOPBACK else survey())
    if choice.backend == LOOPBACK:
        return Loopback()
    if choice.backend == JACK:
        from pocketd.backends.jack import Jack

        return Jack(config.client, config.connect.by_port(), _watch(config))
    if config.clock == "jack":
        raise MidiSystemError(
            f"clock: jack is for the back end jack, and this is {choice.title} ({choice.why}); "
            "set `clock: auto`, or see `pocketd ports`"
        )
    if choice.backend == ALSA:
        from pocketd.backends.alsa import Alsa

        return Alsa(config.client, config.connect.by_port())
    return rtmidi.RtMidi(choice.system, config.client, wanted=config.connect.by_port())


def _watch(config: Config) -> TransportWatch | None:
    """Return what listens to JACK's transport, where the clock may be that."""
    from pocketd.backends.jack_transport import TransportWatch

    if config.clock == "jack":
        return TransportWatch(config.tempo)
    return TransportWatch() if config.clock == "auto" else None
