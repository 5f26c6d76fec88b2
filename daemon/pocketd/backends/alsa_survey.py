"""Whether ALSA has a sequencer here, and who has ports on it."""

from __future__ import annotations

import os
from pathlib import Path

from pocket_core.errors import MidiSystemError
from pocketd.backends.alsa_library import alsa_module
from pocketd.backends.alsa_ports import AlsaPorts
from pocketd.backends.system import ALSA, System

SEQUENCER = Path("/dev/snd/seq")
MISSING = f"no sequencer, {SEQUENCER} is missing; try `modprobe snd-seq`"
FORBIDDEN = f"the sequencer cannot be opened; may this user read and write {SEQUENCER} (group audio)?"


def look() -> System:
    """Ask for the sequencer, and for its ports."""
    if not SEQUENCER.exists():
        return System(ALSA, "ALSA", False, MISSING)
    try:
        midi = alsa_module()
    except MidiSystemError as error:
        return System(ALSA, "ALSA", False, str(error))
    if not os.access(SEQUENCER, os.R_OK | os.W_OK):
        return System(ALSA, "ALSA", False, FORBIDDEN)
    try:
        client = midi.client.SequencerClientBase("pocketd ports")
    except midi.ALSAError as error:
        return System(ALSA, "ALSA", False, f"cannot open the sequencer ({error}); try `modprobe snd-seq`")
    try:
        return System(ALSA, "ALSA", True, "there", tuple(AlsaPorts(midi, client).all_names()))
    finally:
        client.close()
