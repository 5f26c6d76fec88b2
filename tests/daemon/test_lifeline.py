from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from pocketd.backends.lifeline import Lifeline, connections


class Server:
    def __init__(self, place: Path) -> None:
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(str(place))
        self._listening.listen()
        self.client = socket.socket(socket.AF_UNIX)
        self.client.connect(str(place))
        self._connection, _ = self._listening.accept()

    def die(self) -> None:
        self._connection.close()
        self._listening.close()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path / "server")
    yield server
    server.die()
    server.client.close()


def test_a_connection_to_a_named_server_is_found_and_a_pair_without_a_name_is_not(server: Server) -> None:
    here, there = socket.socketpair()

    found = connections()

    with here, there:
        assert server.client.fileno() in found
        assert here.fileno() not in found
        assert there.fileno() not in found


def test_a_lifeline_holds_while_the_server_lives(server: Server) -> None:
    line = Lifeline([server.client.fileno()])

    assert not line.cut()


def test_a_lifeline_is_cut_at_once_where_the_server_dies(server: Server) -> None:
    line = Lifeline([server.client.fileno()])

    server.die()

    assert line.cut()


def test_a_lifeline_is_cut_where_the_connection_was_closed_on_this_side(server: Server) -> None:
    line = Lifeline([server.client.fileno()])

    server.client.close()

    assert line.cut()
