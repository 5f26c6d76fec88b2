from __future__ import annotations

import http.client
import json
import os
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path

import pytest

from pocket_core.types import Seconds
from pocket_export.sources.patterns.map_server import MOST, MapServer, Outcome, deliver
from pocketd.config import Config
from pocketd.standing_keeper import StandingKeeper
from pocketd.wishes import LARGEST, Wish, read_wish
from tests.daemon.take_story import hello
from tests.daemon.test_standing import VITALS

NOON = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)
PATTERN = (5, 0, 4, 0) * 8
BODY = json.dumps({"pattern": PATTERN, "goal": None}).encode()


@dataclass
class Rig:
    """A server, what it was told, and a browser's usual request."""

    server: MapServer
    wishes: list[Wish]
    headers: dict[str, str] = field(default_factory=dict)

    def ask(
        self, method: str, path: str, body: bytes = b"", without: str = "", **headers: str
    ) -> tuple[int, str, http.client.HTTPMessage]:
        """Ask as the page does, but for some headers; `_` in their names is `-`."""
        sent = {**self.headers, **{name.replace("_", "-"): value for name, value in headers.items()}}
        sent.pop(without, None)
        line = http.client.HTTPConnection("127.0.0.1", self.server.server_port, timeout=10)
        try:
            line.putrequest(method, path, skip_host=True)
            for name, value in {**({"Content-Length": str(len(body))} if body else {}), **sent}.items():
                line.putheader(name, value)
            line.endheaders(body)
            answer = line.getresponse()
            return answer.status, answer.read().decode(), answer.headers
        finally:
            line.close()

    def wish(self, body: bytes = BODY, path: str = "/wish", without: str = "", **headers: str) -> int:
        return self.ask("POST", path, body, without, **headers)[0]


@pytest.fixture
def rig() -> Iterator[Rig]:
    wishes: list[Wish] = []

    def take(wish: Wish) -> Outcome:
        wishes.append(wish)
        return Outcome(HTTPStatus.OK, "taken")

    server = MapServer(b"<!doctype html>the page", take, now=lambda: NOON)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    host = f"127.0.0.1:{server.server_port}"
    usual = {
        "Host": host,
        "Origin": f"http://{host}",
        "X-Pocketd-Token": server.token,
        "Content-Type": "application/json",
    }
    try:
        yield Rig(server, wishes, usual)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_the_page_lies_at_its_secret_address_with_careful_headers(rig: Rig) -> None:
    status, body, headers = rig.ask("GET", f"/{rig.server.token}/", without="Origin")

    assert (status, body) == (200, "<!doctype html>the page")
    assert headers["Content-Security-Policy"] == "frame-ancestors 'none'"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"
    assert "Access-Control-Allow-Origin" not in headers
    assert rig.server.address == f"http://127.0.0.1:{rig.server.server_port}/{rig.server.token}/"


@pytest.mark.parametrize("path", ["/", "/wish", "/index.html", "/../", "/A" + "a" * 42 + "/"])
def test_nothing_lies_elsewhere(rig: Rig, path: str) -> None:
    assert rig.ask("GET", path)[0] == 404


def test_the_page_is_not_given_to_a_name_that_leads_here(rig: Rig) -> None:
    status, body, _ = rig.ask("GET", f"/{rig.server.token}/", Host=f"evil.example:{rig.server.server_port}")

    assert status == 421
    assert "the page" not in body


def test_a_wish_of_the_page_is_taken(rig: Rig) -> None:
    sent = {"pattern": PATTERN, "goal": [1] * 32, "morph": 0.4}

    status, body, _ = rig.ask("POST", "/wish", json.dumps(sent).encode())

    assert (status, json.loads(body)) == (200, {"said": "taken"})
    assert rig.wishes == [Wish(pattern=PATTERN, goal=(1,) * 32, morph=0.4, at=NOON)]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "evil.example"}, 421),
        ({"Host": "127.0.0.1"}, 421),  # another port's
        ({"without": "Host"}, 421),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://127.0.0.1"}, 403),
        ({"without": "Origin"}, 403),
        ({"X_Pocketd_Token": "wrong"}, 403),
        ({"X_Pocketd_Token": "\u00e9"}, 403),
        ({"without": "X-Pocketd-Token"}, 403),
        ({"Content_Type": "text/plain"}, 415),
        ({"without": "Content-Type"}, 415),
        ({"Content_Length": "many"}, 411),
        ({"Content_Length": "-1"}, 411),
        ({"path": "/"}, 404),
        ({"path": "/wish/"}, 404),
        ({"body": b" " * (LARGEST + 1)}, 413),
        ({"Content_Length": "0" * 12 + "9" * 9, "body": b" " * 2**20}, 413),
        ({"Content_Length": "9" * 5000, "body": b" " * 2**20}, 413),
        ({"body": b" " * 300_000}, 413),
        ({"body": b"{}"}, 400),
        ({"body": b'{"pattern": [1]}'}, 400),
        ({"body": json.dumps({"pattern": [2**14] * 32}).encode()}, 400),
        ({"body": json.dumps({"pattern": PATTERN, "at": "now"}).encode()}, 400),
        ({"body": json.dumps({"pattern": PATTERN, "morph": 1.5}).encode()}, 400),
        ({"body": json.dumps({"pattern": PATTERN, "morph": float("nan")}).encode()}, 400),
    ],
)
def test_any_other_wish_is_refused(rig: Rig, headers: dict[str, str], status: int) -> None:
    assert rig.wish(**headers) == status  # type: ignore[arg-type]
    assert rig.wishes == []


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "PATCH", "HEAD"])
def test_no_other_method_does_anything(rig: Rig, method: str) -> None:
    assert rig.ask(method, "/wish", BODY)[0] == 501
    assert rig.wishes == []


def test_the_address_is_another_at_each_start() -> None:
    with MapServer(b"") as one, MapServer(b"") as other:
        assert one.token != other.token


def test_where_no_daemon_runs_nothing_is_written_and_it_is_said(tmp_path: Path) -> None:
    outcome = deliver(Wish(pattern=PATTERN, at=NOON), tmp_path / "wish.json")

    assert outcome.status == 409
    assert "No pocketd is running" in outcome.said
    assert list(tmp_path.iterdir()) == []


def test_where_one_runs_the_wish_lies_beside_its_standing_file(tmp_path: Path) -> None:
    keeper = StandingKeeper(tmp_path / "pocketd.json", os.getpid(), print)
    for record in (hello(config=Config().model_dump(mode="json")), VITALS):
        keeper.read(record)
    keeper.turn(Seconds(5.0))

    outcome = deliver(Wish(pattern=PATTERN, at=NOON), tmp_path / "wish.json")

    assert outcome.status == 200
    assert f"process {os.getpid()}" in outcome.said
    assert read_wish(tmp_path / "wish.json") == Wish(pattern=PATTERN, at=NOON)


def test_who_hangs_on_in_hundreds_is_hung_up_on_and_the_page_comes_when_they_let_go(rig: Rig) -> None:
    hangers_on = [socket.create_connection(("127.0.0.1", rig.server.server_port)) for _ in range(3 * MOST)]
    refused = hangers_on[-1].recv(1)
    busy = threading.active_count()
    for each in hangers_on:
        each.close()

    statuses = [rig.ask("GET", f"/{rig.server.token}/", without="Origin")[0] for _ in range(2)]

    assert refused == b""
    assert busy <= MOST + 10
    assert statuses == [200, 200]
