"""A text stream that never makes its writer wait: for a terminal that may stand still (Ctrl-S) or be gone."""

from __future__ import annotations

import io
import os
import queue
import threading

from pocket_core.types import Seconds

WAITING = 64  # writes that may wait; beyond them text is dropped, as nobody is reading it


class PatientStream(io.TextIOBase):
    """Writes to a file descriptor from a thread of its own; what cannot be written is dropped.

    Args:
        target: The file descriptor, which stays open and keeps its mode.
        encoding: What its reader reads; signs that it lacks become question marks.
    """

    def __init__(self, target: int, encoding: str = "utf-8") -> None:
        super().__init__()
        self._target = target
        self._encoding = encoding
        self._parts: list[str] = []  # since the last flush
        self._waiting: queue.Queue[bytes | None] = queue.Queue(WAITING)
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """What the reader reads."""
        return self._encoding

    def isatty(self) -> bool:
        """Say whether somebody may watch."""
        try:
            return os.isatty(self._target)
        except OSError:
            return False

    def write(self, text: str) -> int:
        """Keep text until the next flush."""
        self._parts.append(text)
        return len(text)

    def flush(self) -> None:
        """Hand over what was written; drop it where too much waits."""
        data = "".join(self._parts).encode(self._encoding, "replace")
        self._parts.clear()
        if data:
            try:
                self._waiting.put_nowait(data)
            except queue.Full:
                return

    def drain(self, patience: Seconds) -> None:
        """Wait until all is written, at most `patience`. Nothing may be written afterwards."""
        self.flush()
        try:
            self._waiting.put(None, timeout=patience)
        except queue.Full:
            return
        self._thread.join(patience)

    def _work(self) -> None:
        gone = False
        while (data := self._waiting.get()) is not None:
            try:
                while data and not gone:
                    data = data[os.write(self._target, data) :]
            except OSError:
                gone = True  # nobody comes back; the queue is emptied all the same
