"""The generators' process as the desk keeps it: real processes, and a clock that jumps."""

from __future__ import annotations

import select
import signal
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from time import monotonic

import psutil
import pytest

from pocket_core.types import Seconds
from pocketd.generators.keeper import HUNG, StudioKeeper
from pocketd.generators.letters import Ready, Rest, Turned, decode_answer, encode_letter

PATIENCE = 20.0  # real seconds, for a process to begin


@dataclass
class Ends:
    """Both ends of a line, and who keeps the far one."""

    near: socket.socket
    far: socket.socket
    keeper: StudioKeeper

    def begun(self, now: float) -> psutil.Process:
        """Write a letter, and return the process that has been started for it, once it has read it."""
        self.near.sendall(encode_letter(Turned()))
        self.keeper.turn(letters=True, now=Seconds(now))
        assert self.keeper._process is not None
        self.near.settimeout(PATIENCE)
        first, *_ = (line for line in self.near.recv(4096).split(b"\n") if line)
        assert decode_answer(first) == Ready()
        latest = monotonic() + PATIENCE
        while select.select([self.far], [], [], 0)[0]:
            assert monotonic() < latest, "the letter is not read"
        return psutil.Process(self.keeper._process.pid)


@pytest.fixture
def ends() -> Iterator[Ends]:
    near, far = socket.socketpair()
    made = Ends(near, far, StudioKeeper(far))
    yield made
    near.close()
    made.keeper.close()


def test_a_process_that_stands_still_with_letters_unread_is_ended_and_another_begins(ends: Ends) -> None:
    first = ends.begun(0.0)
    first.send_signal(signal.SIGSTOP)
    ends.near.sendall(encode_letter(Turned(density=0.1)))
    ends.keeper.turn(letters=False, now=Seconds(30.0))

    ends.keeper.turn(letters=False, now=Seconds(30.0 + HUNG - 1))
    lives = first.is_running()
    ends.keeper.turn(letters=False, now=Seconds(32.0 + HUNG))
    second = ends.begun(40.0 + HUNG)

    assert lives
    assert second.pid != first.pid


def test_a_process_that_reads_lives_however_little_is_written(ends: Ends) -> None:
    first = ends.begun(0.0)

    for at in range(1, 200):
        ends.keeper.turn(letters=False, now=Seconds(float(at)))

    assert first.is_running()
    assert ends.keeper.waits is None


def test_a_process_that_has_rested_begins_again_with_the_next_letter(ends: Ends) -> None:
    first = ends.begun(0.0)
    ends.near.sendall(encode_letter(Rest()))
    psutil.wait_procs([first], PATIENCE)
    ends.keeper.turn(letters=False, now=Seconds(1.0))

    second = ends.begun(1.1)

    assert second.pid != first.pid
