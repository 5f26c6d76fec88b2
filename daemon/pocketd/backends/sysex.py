"""System exclusive in pieces: ALSA carries it in as many events as whoever sends it likes."""

from __future__ import annotations

from collections.abc import Hashable, Iterator

from pocket_core.wire import MAX_SYSEX

PIECE = 256  # bytes; what aplaymidi and the kernel's own ports send at a time
START, END = 0xF0, 0xF7


def pieces(data: bytes) -> Iterator[bytes]:
    """Yield a message as it is sent: sysex in pieces, all else whole."""
    if data[0] != START:
        yield data
        return
    for start in range(0, len(data), PIECE):
        yield data[start : start + PIECE]


def is_sysex(piece: bytes) -> bool:
    """Say whether this is sysex, or a part of it."""
    return piece[0] in (START, END) or piece[0] < 0x80


class Joiner:
    """Joins the pieces of each sender, which may come with other messages between them."""

    def __init__(self) -> None:
        self._begun: dict[Hashable, bytearray] = {}

    def join(self, sender: Hashable, piece: bytes) -> bytes | None:
        """Return a whole message once its last piece has come; what has no beginning is dropped.

        Args:
            sender: Who sent it, and to which port.
            piece: Not empty.
        """
        if piece[0] == START:
            self._begun[sender] = bytearray()
        begun = self._begun.get(sender)
        if begun is None:
            return None
        begun += piece
        if begun[-1] == END:
            return bytes(self._begun.pop(sender))
        if len(begun) > MAX_SYSEX:
            del self._begun[sender]
        return None
