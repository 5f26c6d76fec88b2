"""The generators' end of the line: bytes in whatever pieces they come, to letters, to answers."""

from __future__ import annotations

from pocket_core.errors import ModelError
from pocketd.generators.letters import Letter, Rest, decode_letter, encode_answer
from pocketd.generators.session import Session


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
        """Take in what came, and return what is to be written. A line that is no letter is passed over."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        said = b""
        for line in filter(None, lines):
            try:
                letter: Letter = decode_letter(line)
            except ModelError:  # the rest of what another process has begun to read
                continue
            if isinstance(letter, Rest):
                self.over = True
                break
            said += b"".join(map(encode_answer, self._session.take(letter)))
        return said
