"""The bounded queue from the real-time process to the desk: it drops records before it delays a note.

No thread, no lock, no wait: `offer`, `pump` and `hear` are called from the loop's own thread.
"""

from __future__ import annotations

import socket
from collections import deque

from pocket_core.types import Seconds
from pocketd.desk_records import Dropped, Record, encode

LIMIT = 4 * 1024 * 1024  # bytes that may wait: minutes of playing
AT_ONCE = 16 * 1024  # bytes a pump hands to the system, so that it takes microseconds


class Outbox:
    """The writing end of a stream socket whose other end the desk reads.

    Args:
        channel: A connected stream socket, owned by the outbox from here on; None: there is no desk.
        limit: How many bytes may wait, > 0.
    """

    def __init__(self, channel: socket.socket | None, limit: int = LIMIT) -> None:
        self._channel = channel
        self._limit = limit
        self._lines: deque[bytes] = deque()
        self._leaving = b""  # whole lines, but for what has already left of the first
        self._heard = b""  # of an answer that has not come whole
        self._untold = 0  # dropped since the desk was last told
        self.waiting = 0  # bytes
        self.dropped = 0  # records in all
        if channel is not None:
            channel.setblocking(False)

    @property
    def alive(self) -> bool:
        """Whether somebody reads; once False it stays so, and everything offered is dropped and counted."""
        return self._channel is not None

    def offer(self, record: Record) -> None:
        """Queue a record, or drop and count it where the queue is full or the desk is gone. Never waits."""
        if self._channel is None:
            self.dropped += 1
            return
        line = encode(record)
        gap = encode(Dropped(records=self._untold)) if self._untold else b""
        if self.waiting + len(gap) + len(line) > self._limit:
            self._untold += 1
            self.dropped += 1
            return
        if gap:
            self._untold = 0
            self._put(gap)
        self._put(line)

    def pump(self) -> None:
        """Hand over what the system takes without waiting, a piece of `AT_ONCE`; a dead desk is no error."""
        if self._channel is None:
            return
        if not self._leaving:
            self._fill()
        if not self._leaving:
            return
        try:
            count = self._channel.send(self._leaving)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:  # the desk has gone
            self._abandon()
            return
        self._leaving = self._leaving[count:]
        self.waiting -= count

    def hear(self) -> list[bytes]:
        """Return the whole lines that the desk has answered since the last call. Never waits."""
        if self._channel is None:
            return []
        try:
            self._heard += self._channel.recv(AT_ONCE)
        except OSError:  # nothing there, or nobody: the next line that leaves will tell
            return []
        *lines, self._heard = self._heard.split(b"\n")
        return lines

    def close(self, patience: Seconds) -> None:
        """Send what waits for at most `patience`, then hang up. For use after the last note: it waits."""
        if self._channel is None:
            return
        if self._untold:
            self._put(encode(Dropped(records=self._untold)))
            self._untold = 0
        self._channel.settimeout(max(patience, 0.001))
        try:
            self._channel.sendall(self._leaving + b"".join(self._lines))
        except OSError:  # gone, or too slow
            self._abandon()
            return
        self._hang_up()

    def _put(self, line: bytes) -> None:
        self._lines.append(line)
        self.waiting += len(line)

    def _fill(self) -> None:
        size = 0
        lines: list[bytes] = []
        while self._lines and (not lines or size + len(self._lines[0]) <= AT_ONCE):
            lines.append(self._lines.popleft())
            size += len(lines[-1])
        self._leaving = b"".join(lines)

    def _abandon(self) -> None:
        self.dropped += self._leaving.count(b"\n") + len(self._lines)
        self._hang_up()

    def _hang_up(self) -> None:
        if self._channel is not None:
            self._channel.close()
        self._channel = None
        self._lines.clear()
        self._leaving = b""
        self.waiting = 0
