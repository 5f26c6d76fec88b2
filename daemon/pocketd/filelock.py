"""Locks that other processes see, on files of their own: the system lets go of the lock of whoever dies."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import BinaryIO


def take_lock(path: Path, *, wait: bool = False) -> BinaryIO | None:
    """Take a lock, held until what is returned is closed; None where another process has it.

    Args:
        path: The lock's file; it is made, and may stay.
        wait: Wait for whoever has it; for locks that are held for moments only.

    Raises:
        OSError: Its folder cannot be written to.
    """
    file = path.open("ab")
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file.fileno(), fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except OSError:
        file.close()
        return None
    return file
