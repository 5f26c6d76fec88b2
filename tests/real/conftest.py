"""Real servers and programs; a test is skipped, by name, where what it needs is missing."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest
from benchmarks.jack_server import JackServer, jack_server


def need(*programs: str) -> None:
    """Skip a test where a program is missing."""
    for program in programs:
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")


@pytest.fixture
def jack(request: pytest.FixtureRequest) -> Iterator[JackServer]:
    """Run a server for one test."""
    need("jackd", "jack_wait")
    with jack_server(request.node.name[5:25]) as server:
        yield server
