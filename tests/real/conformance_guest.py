"""Runs inside the machine of `alsa_vm`: has the back ends of ALSA checked, and measures how late `alsa` is.

Prints one line `RESULT` with JSON, and leaves judging it to the test outside.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

from pocket_core.errors import MidiSystemError
from pocket_core.types import Seconds
from pocketd.backends.alsa import Alsa
from tests.real import studio_alsa
from tests.real.conformance import CHECKS, HOT_PLUG, Check, Open


def main() -> None:
    """Check, and tell."""
    result = {
        "alsa": checked(studio_alsa.alsa, (*CHECKS, *HOT_PLUG)),
        "rtmidi": checked(studio_alsa.rtmidi, CHECKS),
        "dead": dead_sequencer(),
        "coarse": without_fine_timer(),
    }
    print("RESULT", json.dumps(result), flush=True)


def checked(open_studio: Open, checks: tuple[Check, ...]) -> dict[str, list[str]]:
    """Return what each check says."""
    return {check.__name__: check(open_studio) for check in checks}


def dead_sequencer() -> dict[str, object]:
    """Take the sequencer away under the back end's feet, and tell what it says."""
    backend = Alsa("pocketd")
    os.dup2(os.pipe()[1], backend._client.fileno)  # all that is asked of it fails
    before, said = backend.now(), ""
    backend.poll()
    backend.doze(Seconds(before + 0.05))
    try:
        backend.check()
    except MidiSystemError as error:
        said = str(error)
    forward = backend.now() >= before
    backend.close()
    return {"said": said, "forward": forward}


def without_fine_timer() -> dict[str, list[str]]:
    """Have the back end checked where the kernel has no timer but its own tick's."""
    blocked = Path("/etc/modprobe.d/coarse.conf")
    blocked.write_text("install snd-hrtimer /bin/false\n")
    subprocess.run(["rmmod", "snd-hrtimer"], check=True)
    return checked(studio_alsa.coarse, (*CHECKS, *HOT_PLUG))


if __name__ == "__main__":
    main()
