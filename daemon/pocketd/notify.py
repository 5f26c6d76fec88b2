"""Tells systemd how the daemon is; where nobody asked, it says nothing.

The protocol is that of sd_notify(3): lines of `KEY=value` in a datagram to the socket that NOTIFY_SOCKET
names, where a leading @ stands for the zero of an abstract name. WATCHDOG_USEC and WATCHDOG_PID are those of
sd_watchdog_enabled(3).
"""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import time
from collections.abc import MutableMapping

from pocket_core.types import Seconds

log = logging.getLogger(__name__)

SOCKET, WATCHDOG, WATCHDOG_PID = "NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"
OF_ITS_TIME = 4  # signs of life in the time that the watchdog waits, so that one may be lost
LONGEST_STATUS = 200  # letters


class Notifier:
    """The socket of whoever started the daemon. No call waits, and none fails.

    Args:
        address: As NOTIFY_SOCKET has it; None: nobody listens.
        beat: Between two signs of life; None: there is no watchdog.
    """

    def __init__(self, address: str | None = None, beat: Seconds | None = None) -> None:
        self._beat = beat
        self._next: Seconds | None = None
        self._status = ""
        self._channel: socket.socket | None = None
        self._told = False  # that nobody hears
        if address is None:
            return
        channel: socket.socket | None = None
        try:
            channel = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            channel.setblocking(False)
            channel.connect(f"\0{address[1:]}" if address.startswith("@") else address)
        except (OSError, AttributeError) as error:  # of a system without such sockets
            if channel is not None:
                channel.close()
            self._complain(error)
        else:
            self._channel = channel

    def ready(self) -> None:
        """Say that the ports are open and drums are played."""
        self._say("READY=1")

    def status(self, text: str) -> None:
        """Say in a line what goes on; the same again is not said."""
        line = " ".join(text.split())[:LONGEST_STATUS]
        if line != self._status:
            self._status = line
            self._say(f"STATUS={line}")

    def alive(self, now: Seconds) -> None:
        """Give a sign of life where it is time for one; cheap enough for every turn of the loop.

        Args:
            now: On any steady clock.
        """
        if self._beat is not None and (self._next is None or now >= self._next):
            self._next = Seconds(now + self._beat)
            self._say("WATCHDOG=1")

    def reloading(self) -> None:
        """Say that the configuration is read again; `ready` says when that is over."""
        self._say(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def stopping(self) -> None:
        """Say that the daemon is about to end."""
        self._say("STOPPING=1")

    def close(self) -> None:
        """Let go of the socket; nothing more is said."""
        if self._channel is not None:
            self._channel.close()
            self._channel = None

    def _say(self, lines: str) -> None:
        if self._channel is None:
            return
        try:
            self._channel.send(lines.encode())
        except OSError as error:
            self._complain(error)

    def _complain(self, error: Exception) -> None:
        if not self._told:
            self._told = True
            log.warning("%s: %s; whoever started the daemon is not told how it is", SOCKET, error)


def notifier(environment: MutableMapping[str, str]) -> Notifier:
    """Return a notifier for what the environment says; it is taken out, as no child speaks for the daemon."""
    address = environment.pop(SOCKET, None)
    usec, pid = environment.pop(WATCHDOG, ""), environment.pop(WATCHDOG_PID, "")
    beat: Seconds | None = None
    with contextlib.suppress(ValueError):
        if int(usec) > 0 and (not pid or int(pid) == os.getpid()):
            beat = Seconds(int(usec) / 1e6 / OF_ITS_TIME)
    return Notifier(address, beat)
