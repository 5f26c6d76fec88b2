from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pocket_core.errors import TakeError
from pocketd.desk_answers import SongAnswer, decode_answer, encode_answer
from tests.daemon.test_desk_records import likenesses

answers = st.builds(
    SongAnswer,
    song=st.text(st.characters(codec="utf-8"), max_size=80),
    recognised=st.booleans(),
    likeness=st.none() | likenesses,
)


@given(answers)
def test_an_answer_comes_back_from_its_line(answer: SongAnswer) -> None:
    line = encode_answer(answer)

    assert decode_answer(line) == answer
    assert line.count(b"\n") == 1


@given(st.binary(max_size=80))
def test_any_other_line_is_refused(line: bytes) -> None:
    with pytest.raises(TakeError, match=r"^no answer of the desk: [^\n]*$"):
        decode_answer(line)
