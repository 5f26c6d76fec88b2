"""A web server on this machine that has one file, and the faults of real ones."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, HTTPServer


@dataclass
class Site:
    """What is served, and how badly."""

    content: bytes
    ranges: bool = True  # whether it sends parts
    status: HTTPStatus | None = None  # answers this and nothing else
    leads_to: str | None = None  # sends whoever asks there
    breaks_after: int | None = None  # bytes of an answer, where it hangs up
    shifted: int = 0  # bytes that a part begins too late
    tells_length: bool = True
    asked: list[str | None] = field(default_factory=list)  # the Range of every request
    url: str = ""


@contextmanager
def serving(site: Site) -> Iterator[Site]:
    """Serve a site on a port of its own, whose address it then has."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            _answer(self, site)

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        site.url = f"http://127.0.0.1:{server.server_port}/groove.zip"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield site
        finally:
            server.shutdown()
            thread.join()


def _answer(request: BaseHTTPRequestHandler, site: Site) -> None:
    asked = request.headers.get("Range")
    site.asked.append(asked)
    if site.status is not None and not (
        site.status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE and not asked
    ):
        request.send_error(site.status)
        return
    if site.leads_to is not None:
        request.send_response(HTTPStatus.FOUND)
        request.send_header("Location", site.leads_to)
        request.end_headers()
        return
    begin = int(asked.removeprefix("bytes=").removesuffix("-")) if asked and site.ranges else 0
    body = site.content[begin:]
    if asked and site.ranges:
        first, last = begin + site.shifted, len(site.content) - 1
        request.send_response(HTTPStatus.PARTIAL_CONTENT)
        request.send_header("Content-Range", f"bytes {first}-{last}/{len(site.content)}")
    else:
        request.send_response(HTTPStatus.OK)
    if site.tells_length:
        request.send_header("Content-Length", str(len(body)))
    request.end_headers()
    request.wfile.write(body[: site.breaks_after])
