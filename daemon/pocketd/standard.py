"""The standard streams, which may be closed, full, unread, or of fewer letters than a file's name."""

from __future__ import annotations

import contextlib
import io
import os
import sys

STANDARD = (0, 1, 2)  # file descriptors: input, output, error


def hold_streams() -> None:
    """Make the standard streams safe to use; to be called before anything else is opened.

    Where one is closed, the next file or socket to be opened would take its place, and the meter be drawn
    into it.
    """
    for number in STANDARD:
        try:
            os.fstat(number)
        except OSError:
            _nowhere(number)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def let_go_of_output() -> None:
    """Point standard output nowhere: it takes nothing more, and what waits to be written is dropped."""
    _nowhere(1)
    if sys.stdout is not None:
        with contextlib.suppress(OSError):  # what it did not take before
            sys.stdout.flush()


def printable(text: str) -> str:
    """Return a text without what could move the cursor or the frame."""
    return "".join(sign if sign.isprintable() else "?" for sign in text)


def _nowhere(number: int) -> None:
    nowhere = os.open(os.devnull, os.O_RDWR)
    if nowhere != number:
        os.dup2(nowhere, number)
        os.close(nowhere)
