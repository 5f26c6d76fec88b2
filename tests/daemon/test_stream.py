from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from pocket_core.types import Seconds
from pocketd.stream import PatientStream


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    read, write = os.pipe()
    yield read, write
    for end in (read, write):
        try:
            os.close(end)
        except OSError:
            continue  # the test has closed it


def test_what_is_written_comes_out_in_order(pipe: tuple[int, int]) -> None:
    stream = PatientStream(pipe[1])

    for n in range(20):
        print(f"line {n} é", file=stream, flush=True)
    stream.drain(Seconds(5.0))

    assert os.read(pipe[0], 4096).decode() == "".join(f"line {n} é\n" for n in range(20))


def test_a_reader_that_stands_still_makes_nobody_wait(pipe: tuple[int, int]) -> None:
    stream = PatientStream(pipe[1])

    for _ in range(10_000):  # far more than the pipe and the queue hold; a wait would hang here
        print("x" * 100, file=stream, flush=True)
    stream.drain(Seconds(0.01))

    os.close(pipe[0])
    stream.drain(Seconds(5.0))  # so that its thread has ended before the number of its file is given away


def test_a_sign_that_the_terminal_lacks_becomes_another(pipe: tuple[int, int]) -> None:
    stream = PatientStream(pipe[1], "ascii")

    print("● rec", file=stream, flush=True)
    stream.drain(Seconds(5.0))

    assert os.read(pipe[0], 4096) == b"? rec\n"
    assert stream.encoding == "ascii"


def test_a_reader_that_is_gone_is_no_error(pipe: tuple[int, int]) -> None:
    stream = PatientStream(pipe[1])
    os.close(pipe[0])

    for _ in range(1000):
        print("hello", file=stream, flush=True)
    stream.drain(Seconds(5.0))

    assert not stream.isatty()


def test_a_descriptor_that_is_closed_is_no_terminal(pipe: tuple[int, int]) -> None:
    os.close(pipe[1])
    stream = PatientStream(pipe[1])

    print("hello", file=stream, flush=True)
    stream.drain(Seconds(5.0))

    assert not stream.isatty()
