"""What installing or removing a service comes to: files, and what the system's program is told."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pocket_core.errors import PocketError
from pocketd.service_ask import ask
from pocketd.wholefile import write_together

PATIENCE_S = 90.0  # a start waits for the ports, a stop for the take


@dataclass(frozen=True, slots=True)
class Step:
    """A command."""

    words: tuple[str, ...]
    may_fail: bool = False  # as where there is nothing to stop


@dataclass(frozen=True, slots=True)
class Plan:
    """First commands, then files, then commands."""

    first: tuple[Step, ...] = ()
    files: Mapping[Path, bytes] = field(default_factory=dict)  # to be written
    gone: tuple[Path, ...] = ()  # files to be removed
    then: tuple[Step, ...] = ()

    def lines(self) -> Iterator[str]:
        """Yield what would be done, as comments, commands and files, for people."""
        for step in self.first:
            yield f"$ {shlex.join(step.words)}"
        for path, data in self.files.items():
            yield f"--- {path}"
            yield data.decode().rstrip("\n")
        for path in self.gone:
            yield f"$ {shlex.join(('rm', '-f', str(path)))}"
        for step in self.then:
            yield f"$ {shlex.join(step.words)}"


def carry_out(plan: Plan, way_out: str) -> None:
    """Do it.

    Args:
        plan: What.
        way_out: What to do where a command fails.

    Raises:
        PocketError: A command failed that may not, or a file cannot be written or removed.
    """
    for step in plan.first:
        _do(step, way_out)
    try:
        for folder in {path.parent for path in plan.files}:
            folder.mkdir(parents=True, exist_ok=True)
        for path in plan.gone:
            path.unlink(missing_ok=True)
    except OSError as error:
        raise PocketError(
            f"cannot change {error.filename}: {error.strerror or error}; see who owns it"
        ) from None
    write_together(plan.files)
    for step in plan.then:
        _do(step, way_out)


def _do(step: Step, way_out: str) -> None:
    try:
        ask(step.words, way_out, patience_s=PATIENCE_S)
    except PocketError:
        if not step.may_fail:
            raise
