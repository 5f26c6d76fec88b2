from __future__ import annotations

import socket

from hypothesis import given
from hypothesis import strategies as st

from pocket_core.types import Beats
from pocketd.generators.letters import (
    Failed,
    Heard,
    Made,
    Ready,
    Wanted,
    decode_letter,
    encode_answer,
    encode_letter,
)
from pocketd.generators.line import LIMIT, Line

MADE = Made(number=1, source="bars", begin=Beats(0.0), length=Beats(4.0), strokes=((0.0, 36, 100, 0.0),))


def pair() -> tuple[Line, socket.socket]:
    near, far = socket.socketpair()
    return Line(near), far


def test_a_letter_arrives_as_a_line() -> None:
    line, far = pair()

    line.send(Wanted(number=1, begin=Beats(0.0), length=Beats(4.0)))

    assert decode_letter(far.recv(1000)) == Wanted(number=1, begin=Beats(0.0), length=Beats(4.0))
    line.close()
    far.close()


@given(st.lists(st.integers(1, 40), max_size=40))
def test_answers_come_whole_however_they_are_cut(cuts: list[int]) -> None:
    line, far = pair()
    data = encode_answer(Ready()) + encode_answer(MADE) + encode_answer(Failed(number=None, text="no"))
    heard = []
    for cut in [*cuts, len(data)]:
        piece, data = data[:cut], data[cut:]
        if piece:
            far.sendall(piece)
            heard += line.hear()

    assert heard == [Ready(), MADE, Failed(number=None, text="no")]
    line.close()
    far.close()


def test_half_a_line_of_a_process_that_died_is_passed_over() -> None:
    line, far = pair()
    far.sendall(encode_answer(MADE)[:20] + b"\n" + encode_answer(Ready()))

    heard = line.hear()

    assert heard == [Ready()]
    assert line.garbled == 1
    line.close()
    far.close()


def test_a_process_that_does_not_read_costs_letters_and_no_time() -> None:
    line, far = pair()
    one = len(encode_letter(Heard(beat=Beats(0.0), velocity=100)))

    for _ in range(4 * LIMIT // one):
        line.send(Heard(beat=Beats(0.0), velocity=100))

    assert line.dropped > 0
    assert line.alive
    line.close()
    far.close()


def test_with_nobody_at_the_other_end_nothing_comes_and_nothing_is_raised() -> None:
    line, far = pair()
    far.close()

    line.send(Heard(beat=Beats(0.0), velocity=100))
    heard = line.hear()

    assert heard == []
    assert not line.alive
