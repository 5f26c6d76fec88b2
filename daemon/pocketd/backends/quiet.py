"""Keep the libraries of MIDI systems from printing on stderr what we say better."""

from __future__ import annotations

import ctypes
from functools import cache
from pathlib import Path


def hush_jack() -> None:
    """Hush every libjack that this process has loaded by now, the copy in python-rtmidi too."""
    maps = Path("/proc/self/maps")
    if not maps.exists():
        return
    paths = {line.split()[-1] for line in maps.read_text().splitlines() if "libjack" in line}
    for path in paths:
        _hush(path)


@cache  # a library stays, and what is loaded anew each time is not let go of before the next collection
def _hush(path: str) -> None:
    jack = ctypes.CDLL(path)
    # strlen takes a message, does nothing with it, and may be called on any thread without Python
    deaf = ctypes.CDLL(None).strlen
    jack.jack_set_error_function(deaf)
    jack.jack_set_info_function(deaf)


def hush_alsa() -> None:
    """Hush libasound."""
    alsa = ctypes.CDLL("libasound.so.2")
    alsa.snd_lib_error_set_handler(ctypes.CDLL(None).strlen)  # deaf, as above
