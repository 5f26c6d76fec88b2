"""Bring a data set here: by HTTP, which goes on where it broke off, or from a file that somebody has.

What is there under its name is whole and checked. What has come of a download waits beside it in a
`.part`, is asked for from there on by HTTP Range, and is thrown away if it turns out to be something else.
"""

from __future__ import annotations

import http
import http.client
import os
import re
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pocket_core.errors import DataError, PocketError
from pocket_export.groove import ARCHIVE, contents_sha256, file_sha256
from pocketd.wholefile import write_whole

PATIENCE_S = 30.0  # without a byte
CHUNK = 1 << 16  # bytes
LOCAL = "or take a local copy with --archive"
MOST = 1 << 26  # bytes; a larger archive is another one, such as that with the sound

#: Is told how many bytes are there, first before any comes.
Watch = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Release:
    """An archive as its makers publish it."""

    url: str
    name: str  # of its file
    size: int  # bytes
    sha256: str
    contents: str  # as `contents_sha256` says of it, packed by whomever


#: Size and SHA-256 of the download as TensorFlow Datasets has them, too.
GROOVE = Release(
    url=f"https://storage.googleapis.com/magentadata/datasets/groove/{ARCHIVE}",
    name=ARCHIVE,
    size=3_260_318,
    sha256="651cbc524ffb891be1a3e46d89dc82a1cecb09a57c748c7b45b844c4841dcc1e",
    contents="f331855c1ca9a9531beabb65f4f7ee4603022b1a54a5a0abe277e21cc79b6a13",
)


class FetchError(PocketError):
    """A download that did not come through; the next goes on from what came."""


def waiting(release: Release, folder: Path) -> int:
    """Return how many bytes of an earlier download wait to be gone on from."""
    try:
        size = _part(release, folder).stat().st_size
    except FileNotFoundError:
        return 0
    return size if size <= release.size else 0


def download(release: Release, folder: Path, watch: Watch) -> Path:
    """Download an archive into a folder, from where an earlier download broke off.

    Args:
        release: What to download, and how to know it.
        folder: Where to; it is made.
        watch: Is told 0 at first where the server cannot go on from a place.

    Returns:
        The archive's path; it is there only when it is whole and checked.

    Raises:
        FetchError: No network, no such file, or it broke off; what came stays.
        DataError: What came is not the archive; it is thrown away.
        PocketError: The folder cannot be written to, or is full; what came stays.
    """
    part, target = _part(release, folder), folder / release.name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if waiting(release, folder) < release.size:
            _receive(release, part, waiting(release, folder), watch)
        found = file_sha256(part)
        if found != release.sha256:
            part.unlink()
            raise DataError(
                f"{release.url} gave a file with SHA-256 {found}, the published one is {release.sha256}; "
                f"it was thrown away, try again, {LOCAL}"
            )
        part.replace(target)
    except OSError as error:
        raise PocketError(
            f"cannot write {part}: {error.strerror or error}; make room and the same command goes on from "
            "there, or choose another --out"
        ) from error
    return target


def adopt(release: Release, archive: Path, folder: Path) -> Path:
    """Copy a local archive whole into a folder, once it is known to be the right one.

    Raises:
        DataError: It is another one, or cannot be read.
        PocketError: The folder cannot be written to; what was there is untouched.
    """
    check(release, archive)
    target = folder / release.name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        content = archive.read_bytes()
    except OSError as error:
        raise PocketError(f"cannot copy to {folder}: {error.strerror}; choose another --out") from error
    write_whole(target, content)
    return target


def check(release: Release, archive: Path) -> bool:
    """See to it that a file is the archive, byte for byte or at least file by file.

    Returns:
        Whether it is byte for byte as published; else somebody has packed the same files anew.

    Raises:
        DataError: It is another one, or cannot be read.
    """
    if not archive.is_file():
        raise DataError(f"there is no file {archive}; name the official {release.name}")
    if archive.stat().st_size > MOST:
        raise DataError(f"{archive} is too large for {release.name}; the one without sound is meant")
    found = file_sha256(archive)
    if found == release.sha256:
        return True
    if contents_sha256(archive) == release.contents:
        return False
    raise DataError(
        f"{archive} is not {release.name}: its SHA-256 is {found}, the published one {release.sha256}, "
        "and the files inside differ"
    )


def _part(release: Release, folder: Path) -> Path:
    return folder / f"{release.name}.part"


def _receive(release: Release, part: Path, have: int, watch: Watch) -> None:
    """Ask for what is missing and add it to the part."""
    with _ask(release, have) as answer:
        done = _start(release, answer, have)
        watch(done)
        with part.open("ab" if done else "wb") as file:
            while done < release.size:
                chunk = _some(release, answer, release.size - done)
                if not chunk:
                    raise FetchError(_broken(release, f"at {done:,} of {release.size:,} bytes"))
                file.write(chunk)
                done += len(chunk)
                watch(done)
            file.flush()
            os.fsync(file.fileno())


def _ask(release: Release, have: int) -> http.client.HTTPResponse:
    request = urllib.request.Request(release.url, headers={"Accept-Encoding": "identity"})
    if have:
        request.add_header("Range", f"bytes={have}-")
    try:
        answer: http.client.HTTPResponse = urllib.request.urlopen(request, timeout=PATIENCE_S)
    except urllib.error.HTTPError as error:
        error.close()
        if have and error.code == http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            return _ask(release, 0)
        raise FetchError(
            f"{release.url} answered {error.code} {_line(error.reason)}; try again later, {LOCAL}"
        ) from error
    except (OSError, http.client.HTTPException, ValueError) as error:  # ValueError: led to what is no address
        reason = getattr(error, "reason", error)  # an URLError's own is what went wrong
        raise FetchError(
            f"cannot reach {release.url}: {_line(getattr(reason, 'strerror', None) or reason)}; "
            f"see to the network and try again, {LOCAL}"
        ) from error
    return answer


def _start(release: Release, answer: http.client.HTTPResponse, have: int) -> int:
    """Return from which byte on the server sends, seeing to it that it is the file that was asked for."""
    begin, total = 0, answer.headers.get("Content-Length", "")
    if answer.status == http.HTTPStatus.PARTIAL_CONTENT:
        said = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", answer.headers.get("Content-Range", ""))
        if said is None or int(said[1]) != have:
            raise FetchError(f"{release.url} sent another part than it was asked for; try again, {LOCAL}")
        begin, total = have, said[2]
    if total.isdecimal() and int(total) != release.size:
        raise DataError(
            f"{release.url} has {int(total):,} bytes, the published archive {release.size:,}; "
            f"it has been replaced or something stands between, {LOCAL}"
        )
    return begin


def _some(release: Release, answer: http.client.HTTPResponse, most: int) -> bytes:
    try:
        return answer.read1(min(CHUNK, most))
    except (OSError, http.client.HTTPException) as error:
        raise FetchError(_broken(release, f"({error})")) from error


def _broken(release: Release, how: str) -> str:
    return f"{release.url} broke off {how}; what came is kept, the same command goes on from there"


def _line(reason: object) -> str:
    return " ".join(str(reason).split())[:120]
