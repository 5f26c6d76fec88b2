"""How a running daemon is, in a small file that its desk writes once a second: for `pocketd doctor`.

It lies in the user's runtime folder, or where there is none in the state folder, one for each client name. It
is written whole and renamed, and removed as the daemon ends; one that a killed daemon left names a process
that has ended, or is old.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar, Literal

from platformdirs import user_state_path
from pydantic import ConfigDict, TypeAdapter, ValidationError

from pocket_core.settings import Timing
from pocket_core.types import Port, Seconds
from pocketd.desk_records import Tally
from pocketd.ears import Heard

FRESH = Seconds(10.0)  # a file older than this is nobody's any more
LARGEST = 1024 * 1024  # bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a running daemon is."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)
    format: Literal[1] = 1
    serial: int  # counts the writes of this daemon
    pid: int
    version: str
    backend: str
    model: str  # "none" plays the grid
    ports: tuple[str, ...]  # the inputs as in INPUTS, then `out`; empty: not told yet
    connected: Mapping[Port, tuple[str, ...]] | None  # whom with; None: the back end cannot say
    hurried: bool  # the loop has a real-time priority
    timing: Timing
    config: dict[str, Any]  # as JSON
    heard: Heard  # since it began
    tally: Tally  # likewise
    dropped: int  # records that never reached the desk
    faults: tuple[str, ...]  # one line each


_STANDING = TypeAdapter(Standing)


def standing_path(client: str) -> Path | None:
    """Return where the daemon of a client name is told of; None: this user has no folder of their own."""
    folder = _folder()
    return None if folder is None else folder / "pocketd" / f"{client}.json"


def write_standing(path: Path, standing: Standing) -> None:
    """Write it whole; it need not survive a power cut, so the disk is not waited for.

    Raises:
        OSError: The folder cannot be written to.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_bytes(_STANDING.dump_json(standing))
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def read_standing(path: Path) -> Standing | None:
    """Return how the daemon is; None: none runs, or it is of another version of this file."""
    standing, age = _read(path)
    return standing if standing is not None and age < FRESH and _lives(standing.pid) else None


def find_stuck(path: Path) -> tuple[Standing, Seconds] | None:
    """Return a daemon that lives and tells nothing, and for how long; None: none is known of."""
    standing, age = _read(path)
    if standing is None or age < FRESH or not _is_pocketd(standing.pid):
        return None
    return standing, age


def _read(path: Path) -> tuple[Standing | None, Seconds]:
    """Return what stands in the file, and how old it is."""
    try:
        with path.open("rb") as file:
            age = datetime.now().timestamp() - os.fstat(file.fileno()).st_mtime
            data = file.read(LARGEST)
        return _STANDING.validate_json(data), Seconds(age)
    except (OSError, ValidationError):
        return None, Seconds(0.0)


def remove_standing(path: Path, pid: int) -> None:
    """Remove what a daemon has left, unless another one has written there since."""
    with contextlib.suppress(OSError, ValidationError):
        if _STANDING.validate_json(path.read_bytes()).pid == pid:
            path.unlink()


def _folder() -> Path | None:
    """Return a folder that nobody else can write to."""
    if hasattr(os, "getuid"):
        for place in (os.environ.get("XDG_RUNTIME_DIR", ""), f"/run/user/{os.getuid()}"):
            if place and _is_own(Path(place)):
                return Path(place)
    state = user_state_path(appauthor=False)
    return state if state.is_absolute() else None


def _is_own(place: Path) -> bool:
    try:
        status = place.stat()
    except OSError:
        return False
    return place.is_absolute() and status.st_uid == os.getuid() and not status.st_mode & stat.S_IWOTH


def _lives(pid: int) -> bool:
    if os.name != "posix":  # there a signal of 0 is one
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:  # another user's, which has come after ours
        return False
    return True


def _is_pocketd(pid: int) -> bool:
    """Say whether a process is pocketd's, where the system tells: the number may be another's by now."""
    try:
        return b"pocketd" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False
