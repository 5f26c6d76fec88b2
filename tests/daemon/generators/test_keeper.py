"""The generators' process as the desk keeps it: real processes, and a clock that jumps."""

from __future__ import annotations

import signal
import socket
from collections.abc import Iterator
from dataclasses import dataclass

import psutil
import pytest

from pocket_core.types import Beats, Seconds
from pocketd.generators.keeper import HUNG, StudioKeeper
from pocketd.generators.letters import Failed, Rest, Turned, Wanted, decode_answer, encode_letter

PATIENCE = 20.0  # real seconds, for a process to begin
LINES = 3  # an empty one, that it is ready, and its answer


@dataclass
class Ends:
    """Both ends of a line, and who keeps the far one."""

    near: socket.socket
    keeper: StudioKeeper

    def begun(self, now: float) -> psutil.Process:
        """Ask something, and return the process that has been started for it and has answered."""
        self.near.sendall(encode_letter(Wanted(number=1, begin=Beats(0.0), length=Beats(4.0))))
        self.keeper.turn(letters=True, now=Seconds(now))
        assert self.keeper._process is not None
        self.near.settimeout(PATIENCE)
        said = b""
        while said.count(b"\n") < LINES:
            said += self.near.recv(4096)
        assert isinstance(decode_answer(said.splitlines()[-1]), Failed)  # nobody has said who plays
        return psutil.Process(self.keeper._process.pid)


@pytest.fixture
def ends() -> Iterator[Ends]:
    near, far = socket.socketpair()
    made = Ends(near, StudioKeeper(far))
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
