"""How much room takes have, which of them have to go, and their removal.

A take goes in two steps: its folder is renamed to what no reader looks at, then deleted. So whatever comes in
between, a take is there whole, or not at all.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from pocket_core.errors import TakeError
from pocketd.journal import LOCK, is_live, lock
from pocketd.take_keep import is_kept
from pocketd.take_names import began, name_of
from pocketd.takes import take_folders

GOING = ".going-"  # a removed take's folder begins with it until it is deleted
MB = 1_000_000


@dataclass(frozen=True, slots=True)
class Limits:
    """How long and how many takes stay. None: for ever, and as many as there are."""

    age: timedelta | None = None
    quota: int | None = None  # bytes, > 0


@dataclass(frozen=True, slots=True)
class Stored:
    """A take on disk."""

    folder: Path
    size: int  # bytes
    began: datetime | None  # local time; None: its name does not say
    kept: bool
    live: bool  # another process writes it

    @property
    def may_go(self) -> bool:
        """Whether it may be removed."""
        return not self.kept and not self.live and self.began is not None


@dataclass(frozen=True, slots=True)
class Overdue:
    """A take that has to go, and why."""

    take: Stored
    why: str


def stored(root: Path) -> list[Stored]:
    """Return all takes with their sizes, oldest first."""
    return [weighed(folder) for folder in take_folders(root)]


def weighed(folder: Path) -> Stored:
    """Return a take as it lies on disk."""
    return Stored(folder, _size(folder), began(name_of(folder)), is_kept(folder), is_live(folder))


def overdue(takes: Sequence[Stored], limits: Limits, now: datetime) -> list[Overdue]:
    """Choose the takes that have to go, oldest first; kept and live ones never do.

    The quota never costs the newest take, or what was just played could be gone at once.

    Args:
        takes: All, oldest first.
        now: Local time without its offset.
    """
    going: list[Overdue] = []
    left = sum(take.size for take in takes)
    for take in takes:
        if not take.may_go or take.began is None:
            continue
        if limits.age is not None and now - take.began > limits.age:
            going.append(Overdue(take, f"older than {_days(limits.age)}"))
        elif limits.quota is not None and left > limits.quota and take is not takes[-1]:
            going.append(Overdue(take, f"takes have {limits.quota / MB:,.0f} MB"))
        else:
            continue
        left -= take.size
    return going


def crowded(takes: Iterable[Stored], limits: Limits) -> str:
    """Say that kept takes alone fill the quota; empty: they do not."""
    kept = sum(take.size for take in takes if take.kept)
    if limits.quota is None or kept < limits.quota:
        return ""
    return (
        f"kept takes alone fill takes.quota_mb ({kept / MB:,.0f} of {limits.quota / MB:,.0f} MB); "
        "raise it, or `pocketd takes keep --undo`"
    )


def remove(root: Path, folder: Path) -> bool:
    """Remove a take; False where it is live, kept or gone by now.

    Raises:
        TakeError: The takes folder cannot be written to.
    """
    try:
        held = lock(folder)
        if held is None:
            return False
        with held:
            if is_kept(folder):
                (folder / LOCK).unlink(missing_ok=True)
                return False
            gone = folder.rename(root / f"{GOING}{folder.parent.name}-{folder.name}")
        _delete(gone)
        if not any(folder.parent.iterdir()):
            folder.parent.rmdir()
    except FileNotFoundError:  # another process was faster
        return False
    except OSError as error:
        raise TakeError(
            f"cannot remove {folder}: {error.strerror or error}; see to the permissions of {root}"
        ) from error
    return True


def sweep(root: Path) -> None:
    """Delete what a removal that was cut off has left."""
    for left in root.glob(f"{GOING}*"):
        _delete(left)


def _size(folder: Path) -> int:
    size = 0
    for path in folder.glob("*"):
        try:
            size += path.stat().st_size
        except OSError:  # gone meanwhile
            continue
    return size


def _delete(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)  # what stays is swept at the next start


def _days(age: timedelta) -> str:
    hours = round(age.total_seconds() / 3600)
    return f"{hours // 24} days" if hours % 24 == 0 else f"{hours} hours"
