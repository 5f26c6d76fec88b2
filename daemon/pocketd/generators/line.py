"""The loop's end of the line to the generators' process: it never waits, and drops letters before it would.

The other end stays open while no process reads it, so a new one takes over in mid-line; whoever begins to
write ends the line of whoever wrote before.
"""

from __future__ import annotations

import socket
from collections import deque

from pocket_core.errors import ModelError
from pocketd.generators.letters import Answer, Letter, decode_answer, encode_letter

LIMIT = 256 * 1024  # bytes that may wait for a process that does not read
AT_ONCE = 64 * 1024  # bytes read at once, and written
FEW = 8  # lines read at once: there is one question at a time, and a flood of answers must not cost a note
LONGEST = 256 * 1024  # bytes of a line; a process that writes more has lost its mind


class Line:
    """Letters out, answers in, from the loop's own thread.

    Args:
        channel: A connected stream socket, owned from here on; None: there is nobody, and nothing comes.
    """

    def __init__(self, channel: socket.socket | None) -> None:
        self._channel = channel
        self._waiting: deque[bytes] = deque()
        self._size = 0  # of what waits
        self._lines: deque[bytes] = deque()  # that have come and nobody has read
        self._heard = b""  # of an answer that has not come whole
        self.dropped = 0  # letters
        self.garbled = 0  # answers
        if channel is not None:
            channel.setblocking(False)

    @property
    def alive(self) -> bool:
        """Whether there may be somebody."""
        return self._channel is not None

    @property
    def free(self) -> bool:
        """Whether there may be somebody who reads: nothing waits."""
        return self.alive and not self._waiting

    def send(self, letter: Letter) -> None:
        """Write a letter, or drop and count it. Never waits."""
        if self._channel is None:
            self.dropped += 1
            return
        line = encode_letter(letter)
        if self._size + len(line) > LIMIT:
            self.dropped += 1
        else:
            self._waiting.append(line)
            self._size += len(line)
        self.pump()

    def pump(self) -> None:
        """Hand over of what waits what the system takes at once."""
        if not self._waiting or self._channel is None:
            return
        data = b""
        while self._waiting and len(data) < AT_ONCE:
            data += self._waiting.popleft()
        try:
            count = self._channel.send(data)
        except (BlockingIOError, InterruptedError):
            count = 0
        except OSError:  # nobody will come again
            self._hang_up()
            return
        self._size -= count
        if count < len(data):
            self._waiting.appendleft(data[count:])

    def hear(self) -> list[Answer]:
        """Return some of what has been answered since the last call. Never waits."""
        if len(self._lines) < FEW:
            self._read()
        answers: list[Answer] = []
        for _ in range(min(len(self._lines), FEW)):
            try:
                answers.append(decode_answer(self._lines.popleft()))
            except ModelError:
                self.garbled += 1
        return answers

    def _read(self) -> None:
        if self._channel is None:
            return
        try:
            came = self._channel.recv(AT_ONCE)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            came = b""
        if not came:
            self._hang_up()
            return
        *lines, self._heard = (self._heard + came).split(b"\n")
        self._lines.extend(filter(None, lines))
        if len(self._heard) > LONGEST:
            self._heard = b""

    def close(self) -> None:
        """Hang up: the process at the other end ends."""
        self.pump()
        self._hang_up()

    def _hang_up(self) -> None:
        if self._channel is not None:
            self._channel.close()
        self._channel = None
        self._waiting.clear()
        self._size = 0
