"""Notice that a server which this process is connected to has died."""

from __future__ import annotations

import os
import select
import socket
import stat
from collections.abc import Iterable
from pathlib import Path

_OWN_FILES = Path("/dev/fd")  # Linux, macOS, the BSDs


def connections() -> frozenset[int]:
    """Return the file descriptors of this process that are connected to a named local socket."""
    found = set()
    for number in os.listdir(_OWN_FILES):
        fd = int(number)
        try:
            if stat.S_ISSOCK(os.fstat(fd).st_mode) and _peer(fd):
                found.add(fd)
        except OSError:  # closed since it was listed, as the listing's own is, or not connected
            continue
    return frozenset(found)


def _peer(fd: int) -> object:
    with socket.socket(fileno=os.dup(fd)) as twin:
        return twin.getpeername()


class Lifeline:
    """Watches the connections that a client library made to its server.

    libjack keeps every port listed after its server died, and tells only a callback that python-rtmidi does
    not pass on. Its sockets hang up at once.
    """

    def __init__(self, fds: Iterable[int]) -> None:
        self._poll = select.poll()
        for fd in fds:
            self._poll.register(fd, 0)  # 0: only hang-up and error are reported

    def cut(self) -> bool:
        """Say whether a connection has ended; a microsecond, no waiting."""
        return bool(self._poll.poll(0))
