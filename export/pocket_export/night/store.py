"""Where takes lie: this machine's folder, or an archive of many machines' behind a URL.

    STORE/2026-11-20/193322/            a take
    STORE/studio-b/2026-11-20/193322/   the same below a machine, a room or a musician

A folder, be it on NFS, is read in place; what lies behind a URL is read through fsspec, which knows how to
reach it (https://filesystem-spec.readthedocs.io). Nothing is ever written there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, Literal, Protocol

from pocket_core.errors import ConfigError, PocketError, one_line
from pocketd.journal import JOURNAL, JournalSource
from pocketd.takes import REPORT

#: Of a take, from the store's root: perhaps whose it is, the date, the time, and a number within the second.
NAME = re.compile(r"(?:([^/]+)/)?([0-9]{4}-[0-9]{2}-[0-9]{2})/([0-9]{6})(?:-([0-9]+))?")
SECRET = re.compile(r"(?<=://)[^@]*:.*@|\?.*")  # whoever has put a password, or a signature, into a URL
EXTRAS = {"s3": "s3", "s3a": "s3"}  # a URL's protocol to what brings it along


class StoreError(PocketError):
    """An archive of takes that cannot be read."""


class Store(Protocol):
    """Where takes lie. It can be sent to another process; as a string it is what people call it."""

    def takes(self) -> list[str]:
        """Return the names of the takes that are finished, in order of playing.

        Raises:
            StoreError: Nobody can say.
        """
        ...

    def journal(self, take: str) -> JournalSource:
        """Return a take's journal.

        Raises:
            StoreError: It is not there, or out of reach; of a folder reading it tells.
        """
        ...

    def size(self, take: str) -> int:
        """Return the bytes of a take's journal; 0 where nobody knows, or there is none."""
        ...


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder of takes; what this user may not read below it is not there."""

    root: Path  # in full; it need not be there
    of_many: bool = False  # machines, each with a folder of its own in it

    def __str__(self) -> str:
        """Return its path."""
        return str(self.root)

    def takes(self) -> list[str]:
        """Return the names of the takes that are finished, in order of playing; none where it is not there.

        Raises:
            StoreError: It may not be read, or is no folder.
        """
        try:
            next(self.root.iterdir(), None)  # which `glob` would not tell
            depths = (2, 3) if self.of_many else (2,)
            finished = (path.parent for depth in depths for path in self.root.glob("*/" * depth + REPORT))
            takes = [folder.relative_to(self.root) for folder in finished if (folder / JOURNAL).exists()]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise StoreError(f"cannot list the takes in {self}: {error.strerror or error}") from error
        return in_order(take.as_posix() for take in takes)

    def journal(self, take: str) -> Path:
        """Return the path of a take's journal."""
        return self.root / take / JOURNAL

    def size(self, take: str) -> int:
        """Return the bytes of a take's journal."""
        try:
            return self.journal(take).stat().st_size
        except OSError:
            return 0


@dataclass(frozen=True, slots=True)
class Fetched:
    """A journal that was fetched: in memory, so that whoever is killed leaves nothing behind."""

    content: bytes
    url: str

    def __str__(self) -> str:
        """Return where it lies."""
        return self.url

    def open(self, _mode: Literal["rb"], /) -> BinaryIO:
        """Return it from its beginning."""
        return BytesIO(self.content)


@dataclass(frozen=True, slots=True)
class Archive:
    """Takes behind a URL that fsspec understands, such as s3://bucket/takes."""

    url: str

    def __str__(self) -> str:
        """Return its URL, without a password."""
        return SECRET.sub("", self.url)

    def takes(self) -> list[str]:
        """Return the names of the takes that are finished, in order of playing.

        Raises:
            StoreError: It cannot be reached, may not be read, or there is nothing.
        """
        with _told(f"cannot list the takes in {self}"):
            system, root = _reach(self.url)
            system.invalidate_cache()
            paths = system.find(root)
        if not paths:
            raise StoreError(f"{self}: there is nothing; takes lie in it as DATE/TIME, or one level down")
        files = {path[len(root) :].lstrip("/") for path in paths}
        reports = (path.removesuffix(f"/{REPORT}") for path in files if path.endswith(f"/{REPORT}"))
        return in_order(take for take in reports if f"{take}/{JOURNAL}" in files)

    def journal(self, take: str) -> Fetched:
        """Fetch a take's journal."""
        url = f"{self}/{take}/{JOURNAL}"
        with _told(f"cannot read {url}"):
            system, root = _reach(self.url)
            return Fetched(system.cat_file(f"{root}/{take}/{JOURNAL}"), url)

    def size(self, take: str) -> int:
        """Return the bytes of a take's journal."""
        with suppress(StoreError), _told(""):
            system, root = _reach(self.url)
            return int(system.size(f"{root}/{take}/{JOURNAL}"))
        return 0


def open_store(place: str) -> Store:
    """Return the store at a path or a URL. It need not be there: `takes` tells.

    Raises:
        ConfigError: A URL that cannot be one, or whose protocol needs a package that is not installed.
    """
    if "://" not in place:
        return Folder(Path(place).expanduser().absolute(), of_many=True)
    _reach(place)
    return Archive(place)


def in_order(names: Iterable[str]) -> list[str]:
    """Return those that are takes' names, in order of playing: 193322-2 is before 193322-10.

    A name that cannot be printed cannot be reported either, and is none.
    """
    found = [match for name in names if name.isprintable() and (match := NAME.fullmatch(name))]
    found.sort(key=lambda match: (match[2], match[3], int(match[4] or 0), match[1] or ""))
    return [match[0] for match in found]


@contextmanager
def _told(what: str) -> Iterator[None]:
    """Tell what could not be done, and what a protocol's package says of it."""
    try:
        yield
    except PocketError:  # ours, also of a take that begins meanwhile
        raise
    except FileNotFoundError as error:
        raise StoreError(f"{what}: it is not there") from error
    except PermissionError as error:
        raise StoreError(f"{what}: {one_line(error)}; may this user read there?") from error
    except Exception as error:  # of whatever kind that package has
        raise StoreError(f"{what}: {one_line(error)}") from error


def _reach(url: str) -> tuple[Any, str]:
    """Return the file system behind a URL and the store's root in it; nothing is asked of either yet.

    Raises:
        ConfigError: As `open_store`.
    """
    from fsspec.core import url_to_fs

    said, protocol = SECRET.sub("", url), url.partition("://")[0].partition("::")[0]
    try:
        system, root = url_to_fs(url)
    except ImportError as error:
        extra = EXTRAS.get(protocol)
        way_out = f"pip install 'pocketd[{extra}]'" if extra else "install what brings it"
        raise ConfigError(f"takes in {said}: {one_line(error)}; {way_out}") from error
    except (ValueError, TypeError) as error:
        raise ConfigError(f"takes in {said}: {one_line(error)}; s3://bucket/folder is such a URL") from error
    return system, str(root).rstrip("/")
