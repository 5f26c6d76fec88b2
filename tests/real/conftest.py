"""Real servers and programs; a test is skipped, by name, where what it needs is missing."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from benchmarks.jack_server import JackServer, jack_server

from tests.real.rig import messages


def need(*programs: str) -> None:
    """Skip a test where a program is missing."""
    for program in programs:
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")


def need_clock(records: list[dict[str, Any]], sent: int, apart: float) -> None:
    """Skip a test where pulses were lost or came in bursts: a machine that stands still keeps nobody's time.

    Args:
        records: Of the take.
        sent: How many pulses were.
        apart: How far, in seconds.
    """
    came = [m.at for m in messages(records, "control") if m.data == b"\xf8"]
    longest = max((after - before for before, after in pairwise(came)), default=0.0)
    if len(came) < sent or longest > 1.5 * apart:
        pytest.skip(f"{len(came)} pulses came, {longest * 1000:.0f} ms apart at most; is this machine busy?")


@pytest.fixture
def jack(request: pytest.FixtureRequest) -> Iterator[JackServer]:
    """Run a server for one test."""
    need("jackd", "jack_wait")
    with jack_server(request.node.name[5:25]) as server:
        yield server
