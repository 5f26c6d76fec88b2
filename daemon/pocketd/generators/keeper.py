"""The desk's part in generators: it starts their process when somebody writes to it, and again if it dies."""

from __future__ import annotations

import os
import select
import socket
import subprocess
import sys

from pocket_core.types import Seconds

FIRST, LONGEST = Seconds(1.0), Seconds(30.0)  # before a process that has ended is started again
LAST_BAR = Seconds(3.0)  # to be made, where everybody has hung up
FAIR = Seconds(20.0)  # one that has lived so long has not failed at its beginning
LOOK = Seconds(1.0)  # between two looks whether it reads
HUNG = Seconds(20.0)  # one that reads nothing for so long hangs, or was stopped, and is killed
GLANCE = 512  # bytes of what it has not read, by which that is known again


class StudioKeeper:
    """Holds the far end of the line, so that it stays open between one process and the next.

    Args:
        channel: That end.
    """

    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel
        self._process: subprocess.Popen[bytes] | None = None
        self._began = Seconds(0.0)
        self._not_before = Seconds(0.0)
        self._pause = FIRST
        self._looks = Seconds(0.0)  # from then on
        self._unread = b""  # the first of what it had not read, when it was last looked at
        self._unread_since = Seconds(0.0)

    @property
    def waits(self) -> socket.socket | None:
        """What to watch for letters that nobody reads; None: somebody does."""
        return self._channel if self._process is None else None

    def turn(self, *, letters: bool, now: Seconds) -> None:
        """See how the process is.

        Args:
            letters: `waits` can be read.
            now: On any steady clock.
        """
        process = self._process
        if process is not None and now >= self._looks and self._hangs(now):
            process.kill()
            process.wait()
        if process is not None and process.poll() is not None:
            self._process = None
            self._pause = FIRST if now - self._began > FAIR else Seconds(min(2 * self._pause, LONGEST))
            self._not_before = now if process.returncode == 0 else Seconds(now + self._pause)
        if self._process is None and letters and now >= self._not_before and not self._hung_up():
            self._start(now)

    def close(self) -> None:
        """Let go of the line: the process ends, as nobody is at its other end; one that hangs is killed."""
        self._channel.close()
        if self._process is None:
            return
        try:
            self._process.wait(LAST_BAR)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _hung_up(self) -> bool:
        try:
            return not self._channel.recv(1, socket.MSG_PEEK)
        except OSError:
            return False

    def _hangs(self, now: Seconds) -> bool:
        """Return whether the same letter has waited for it too long; to be asked now and then."""
        self._looks = Seconds(now + LOOK)
        unread = b""
        if select.select([self._channel], [], [], 0)[0]:
            unread = self._channel.recv(GLANCE, socket.MSG_PEEK)
        if not unread or unread[: len(self._unread)] != self._unread or not self._unread:
            self._unread, self._unread_since = unread, now
        return bool(unread) and now - self._unread_since > HUNG

    def _start(self, now: Seconds) -> None:
        fileno = self._channel.fileno()
        command = [sys.executable, "-m", "pocketd.generators.studio_main", "--socket", str(fileno)]
        try:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                close_fds=os.name == "posix",
                pass_fds=(fileno,) if os.name == "posix" else (),
                process_group=0 if os.name == "posix" else None,  # Ctrl-C is not for it
            )
        except OSError:
            self._not_before = Seconds(now + LONGEST)
        self._began = self._unread_since = now
