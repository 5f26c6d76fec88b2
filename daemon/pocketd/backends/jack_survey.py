"""Whether a JACK server, or PipeWire in its place, runs here."""

from __future__ import annotations

from pocket_core.errors import MidiSystemError
from pocketd.backends.jack_client import jack_module
from pocketd.backends.system import JACK, System

MISSING = "no server answers; start one (`jackd -d alsa`), or with PipeWire run pocketd under `pw-jack`"


def look() -> System:
    """Ask for a server, and for its MIDI ports."""
    try:
        jack = jack_module()
    except MidiSystemError as error:
        return System(JACK, "JACK", False, str(error))
    try:
        with jack.Client("pocketd ports", no_start_server=True) as client:
            names = tuple(sorted(port.name for port in client.get_ports(is_midi=True)))
            kind = "PipeWire" if "PipeWire" in jack.version_string() else "JACK"
    except jack.JackError:
        return System(JACK, "JACK", False, MISSING)
    return System(JACK, "JACK", True, "there" if kind == "JACK" else "there, as PipeWire", names)
