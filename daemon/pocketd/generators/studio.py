"""The generators' end of the line: bytes in whatever pieces they come, to letters, to answers."""

from __future__ import annotations

from collections.abc import Sequence

from pocket_core.errors import ModelError
from pocketd.generators.letters import (
    Anew,
    Letter,
    Rest,
    Setup,
    Wanted,
    decode_letter,
    encode_answer,
)
from pocketd.generators.session import Session

#: Behind these nobody waits for the answer to a question any more: another is asked, or will be.
OUTDATES_A_QUESTION = (Wanted, Setup, Anew, Rest)


class Studio:
    """Reads letters as bytes, in whatever pieces they come.

    Args:
        session: Who answers.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._rest = b""  # of a letter that has not come whole
        self.over = False

    def read(self, data: bytes) -> bytes:
        """Take in what came, and return what is to be written. A line that is no letter is passed over.

        What has come together is read before any of it is followed: whoever was stopped for a while, or is
        told to change a hundred times a second, catches up by the newest.
        """
        *lines, self._rest = (self._rest + data).split(b"\n")
        letters: list[Letter] = []
        for line in filter(None, lines):
            try:
                letters.append(decode_letter(line))
            except ModelError:  # the rest of what another process has begun to read
                continue
        self.over = bool(letters) and isinstance(letters[-1], Rest)
        return b"".join(
            encode_answer(answer) for letter in newest(letters) for answer in self._session.take(letter)
        )


def newest(letters: Sequence[Letter]) -> list[Letter]:
    """Return letters in their order, without questions whose answer nobody waits for."""
    behind = False  # a letter that outdates them
    kept: list[Letter] = []
    for letter in reversed(letters):
        if not (behind and isinstance(letter, Wanted)):
            kept.append(letter)
        behind |= isinstance(letter, OUTDATES_A_QUESTION)
    return kept[::-1]
