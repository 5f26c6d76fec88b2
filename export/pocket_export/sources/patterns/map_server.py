"""Serves the map to this machine alone, and passes on what it sends to the running daemon.

The page has an address of a secret word, `http://127.0.0.1:PORT/WORD/`, drawn anew at each start. A wish
is taken as `POST /wish` where all of this holds: Host is this server (a name that somebody has pointed at
127.0.0.1 is not), Origin is this server, the word is in `X-Pocketd-Token`, and the body is small JSON. GET
changes nothing.
"""

from __future__ import annotations

import hmac
import json
import os
import secrets
import socketserver
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

from pydantic import ConfigDict, TypeAdapter, ValidationError

from pocket_core.errors import PocketError
from pocketd.wishes import LARGEST, Pattern, Share, Wish, problem, who_listens, wish_path, write_wish

HERE = "127.0.0.1"
TOKEN = "X-Pocketd-Token"
PATIENCE = 10  # seconds that a request may take to come in
MOST = 32  # requests at once; more are hung up on
LONGEST_NUMBER = 12  # digits of a length that is read at all
DRAIN = 2**20  # bytes of a refused body that are read, so that the refusal is heard
POLICY = "frame-ancestors 'none'"  # the page's own policy says the rest; this one counts in a header alone


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a wish."""

    status: HTTPStatus
    said: str  # for people


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sent:
    """What the page sends."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid", strict=True)
    pattern: Pattern
    goal: Pattern | None = None
    morph: Share = 0.0


_SENT = TypeAdapter(_Sent)
Deliver = Callable[[Wish], Outcome]


def deliver(wish: Wish, path: Path | None = None) -> Outcome:
    """Leave a wish for the daemon, where one runs.

    Args:
        wish: What is wished.
        path: Where; None: where this user's daemon looks.
    """
    path = path or wish_path()
    if path is None:
        return Outcome(HTTPStatus.CONFLICT, "This user has no folder of their own to leave it in.")
    daemons = who_listens(path)
    if not daemons:
        return Outcome(
            HTTPStatus.CONFLICT,
            "No pocketd is running, so nothing was sent. Start one with source: pattern "
            "(pocketd run), and send again.",
        )
    try:
        write_wish(path, wish)
    except PocketError as error:
        return Outcome(HTTPStatus.INTERNAL_SERVER_ERROR, f"It could not be sent: {error}.")
    names = " and ".join(f"pocketd {d.version} (process {d.pid})" for d in daemons)
    return Outcome(HTTPStatus.OK, f"Sent to {names}: its source pattern begins with it at the next bar line.")


class MapServer(ThreadingHTTPServer):
    """The page and its one wish.

    Args:
        page: The HTML.
        deliver: Takes a wish further.
        port: 0 takes a free one.
        now: The time of day.

    Raises:
        OSError: The port cannot be had.
    """

    daemon_threads = True
    request_queue_size = 4 * MOST  # a browser that is not let in at once waits for seconds
    allow_reuse_address = os.name == "posix"  # elsewhere two could share a port

    def __init__(
        self,
        page: bytes,
        deliver: Deliver = deliver,
        port: int = 0,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        super().__init__((HERE, port), _Handler)
        self.page, self.token = page, secrets.token_urlsafe(32)
        self.hosts = tuple(f"{name}:{self.server_port}" for name in (HERE, "localhost"))
        self._deliver, self._now = deliver, now
        self._turn = threading.Lock()  # one wish at a time
        self._room = threading.BoundedSemaphore(MOST)

    def server_bind(self) -> None:
        """Take the port, without asking anybody what this machine is called."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = HERE, self.server_address[1]

    def process_request(self, request: Any, client_address: Any) -> None:
        """Begin to answer, where there is room."""
        if self._room.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Answer, in a thread of its own."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._room.release()

    @property
    def address(self) -> str:
        """Where the page is."""
        return f"http://{HERE}:{self.server_port}/{self.token}/"

    def take(self, body: bytes) -> Outcome:
        """Take what the page has sent."""
        try:
            sent = _SENT.validate_json(body)
        except ValidationError as error:
            return Outcome(HTTPStatus.BAD_REQUEST, f"This is no pattern: {problem(error)}.")
        with self._turn:
            return self._deliver(Wish(pattern=sent.pattern, goal=sent.goal, morph=sent.morph, at=self._now()))

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a browser that has hung up."""


class _Handler(BaseHTTPRequestHandler):
    server: MapServer
    timeout = PATIENCE
    server_version, sys_version = "pocketd", ""

    def do_GET(self) -> None:
        """Give the page to whoever knows the word."""
        if not self._is_meant_for_us():
            self._refuse(HTTPStatus.MISDIRECTED_REQUEST, "This server answers to 127.0.0.1 alone.")
        elif not self._is_word(self.path.strip("/")) or not self.path.endswith("/"):
            self._refuse(HTTPStatus.NOT_FOUND, "Open the address that pocketd has printed.")
        else:
            self._answer(HTTPStatus.OK, "text/html; charset=utf-8", self.server.page)

    def do_POST(self) -> None:
        """Take a wish."""
        origins = [f"http://{host}" for host in self.server.hosts]
        length = self._length()
        if not self._is_meant_for_us():
            self._refuse(HTTPStatus.MISDIRECTED_REQUEST, "This server answers to 127.0.0.1 alone.")
        elif self.path != "/wish":
            self._refuse(HTTPStatus.NOT_FOUND, "Wishes go to /wish.")
        elif self.headers.get_all("Origin", []) not in [[origin] for origin in origins]:
            self._refuse(HTTPStatus.FORBIDDEN, "A wish has to come from the map itself.")
        elif not self._is_word(self.headers.get(TOKEN, "")):
            self._refuse(HTTPStatus.FORBIDDEN, "This page is of another start of pocketd; open the new one.")
        elif self.headers.get_content_type() != "application/json":
            self._refuse(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "A wish is JSON.")
        elif length is None:
            self._refuse(HTTPStatus.LENGTH_REQUIRED, "A wish has a length.")
        elif length > LARGEST:
            self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"A wish has at most {LARGEST} bytes.")
        else:
            outcome = self.server.take(self.rfile.read(length))
            self._say(outcome)

    def _is_meant_for_us(self) -> bool:
        """Say whether Host is this server: a name of somebody else's that leads here is not."""
        return self.headers.get_all("Host", []) in [[host] for host in self.server.hosts]

    def _is_word(self, said: str) -> bool:
        return hmac.compare_digest(said.encode("utf-8", "replace"), self.server.token.encode())

    def _length(self) -> int | None:
        """Return how long the body is, as far as is said; None: nothing is that can be read."""
        said = self.headers.get("Content-Length", "")
        if not (said.isascii() and said.isdigit()):
            return None
        return int(said) if len(said) <= LONGEST_NUMBER else sys.maxsize

    def _refuse(self, status: HTTPStatus, said: str) -> None:
        self.rfile.read(min(self._length() or 0, DRAIN))
        self._say(Outcome(status, said))

    def _say(self, outcome: Outcome) -> None:
        self._answer(outcome.status, "application/json", json.dumps({"said": outcome.said}).encode())

    def _answer(self, status: HTTPStatus, kind: str, body: bytes) -> None:
        self.send_response(status)
        for name, value in (
            ("Content-Type", kind),
            ("Content-Length", str(len(body))),
            ("Content-Security-Policy", POLICY),
            ("X-Content-Type-Options", "nosniff"),
            ("Referrer-Policy", "no-referrer"),
            ("Cross-Origin-Opener-Policy", "same-origin"),
            ("Cross-Origin-Resource-Policy", "same-origin"),
            ("Cache-Control", "no-store"),
        ):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: the terminal is the user's."""
