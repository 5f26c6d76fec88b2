"""The generators' process, a real one, which the desk starts when somebody writes to it."""

from __future__ import annotations

import os
import select
import signal
import socket
import time
from collections.abc import Iterator

import psutil
import pytest

from pocket_core.phrases.kit import GENERAL_MIDI
from pocket_core.types import Beats, Seconds
from pocket_core.voices import ROLAND, VOICES
from pocketd.generators.keeper import StudioKeeper
from pocketd.generators.letters import Answer, Made, Ready, Rest, Setup, Wanted
from pocketd.generators.line import Line

pytestmark = [pytest.mark.real, pytest.mark.skipif(os.name != "posix", reason="inherits sockets")]

PATIENCE = 30.0
SETUP = Setup(
    source="bars",
    seed=1,
    notes=tuple(GENERAL_MIDI[voice] for voice in VOICES),
    voices={name: list(notes) for name, notes in ROLAND.items()},
    start="rock",
    goal=None,
)


class Rig:
    """A line with its keeper, whose time is told."""

    def __init__(self) -> None:
        near, far = socket.socketpair()
        self.line, self.keeper = Line(near), StudioKeeper(far)
        self.now = 0.0

    def turn(self) -> list[Answer]:
        """Let a moment pass."""
        self.now += 0.1
        waits = self.keeper.waits
        letters = waits is not None and bool(select.select([waits], [], [], 0)[0])
        self.keeper.turn(letters=letters, now=Seconds(self.now))
        time.sleep(0.02)
        return self.line.hear()

    def until(self, kind: type) -> Answer:
        """Return the first answer of a kind."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            for answer in self.turn():
                if isinstance(answer, kind):
                    return answer
        raise AssertionError(f"no {kind.__name__} came")

    @property
    def process(self) -> psutil.Process | None:
        """The generators' process."""
        children = psutil.Process().children()
        found = [
            c
            for c in children
            if c.status() != psutil.STATUS_ZOMBIE and "studio_main" in " ".join(c.cmdline())
        ]
        return found[0] if found else None


def _is_studio(process: psutil.Process) -> bool:
    try:
        return "pocketd.generators.studio_main" in process.cmdline()
    except psutil.Error:  # it has ended
        return False


@pytest.fixture
def rig() -> Iterator[Rig]:
    made = Rig()
    yield made
    made.line.close()
    made.keeper.close()
    end = time.monotonic() + PATIENCE
    while made.process is not None and time.monotonic() < end:
        time.sleep(0.02)


def want(number: int) -> Wanted:
    return Wanted(number=number, begin=Beats(4.0 * number), length=Beats(4.0))


def test_nothing_is_started_until_somebody_writes(rig: Rig) -> None:
    rig.turn()

    assert rig.process is None


def test_whoever_writes_is_answered_and_one_that_is_killed_is_followed_by_another(rig: Rig) -> None:
    rig.line.send(SETUP)
    rig.line.send(want(0))
    rig.until(Ready)
    first = rig.until(Made)
    process = rig.process
    assert process is not None
    process.send_signal(signal.SIGKILL)
    process.wait(PATIENCE)
    rig.line.send(want(1))

    rig.until(Ready)
    rig.line.send(SETUP)
    rig.line.send(want(2))
    second = rig.until(Made)

    assert isinstance(first, Made)
    assert isinstance(second, Made)
    assert first.strokes
    assert (first.number, second.number) == (0, 2)


def test_one_that_may_rest_ends_and_the_next_letter_starts_another(rig: Rig) -> None:
    rig.line.send(SETUP)
    rig.until(Ready)
    process = rig.process
    assert process is not None
    rig.line.send(Rest())
    process.wait(PATIENCE)
    rig.turn()
    idle = rig.process

    rig.line.send(SETUP)
    rig.until(Ready)

    assert idle is None
    assert rig.process is not None
