"""The daemon as systemd's user service: whether it runs, by which configuration, how it reads it again."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from pocket_core.errors import PocketError
from pocketd.service_ask import ask

UNIT = "pocketd.service"
BY_HAND = "leave out --reload and send SIGHUP to the daemon yourself"


@dataclass(frozen=True, slots=True)
class Service:
    """The running daemon."""

    pid: int
    config: Path | None  # None: the one that ships


def find_service() -> Service:
    """Return the daemon that systemd runs for this user.

    Raises:
        PocketError: There is no systemd, it runs no such service, or that is not to be looked into.
    """
    said = _systemctl("show", "--property=MainPID", "--value", UNIT)
    pid = int(said) if said.isdecimal() else 0
    if not pid:
        raise PocketError(f"systemd runs no {UNIT} for this user; {BY_HAND}")
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        folder = Path(os.readlink(f"/proc/{pid}/cwd"))
    except OSError as error:
        raise PocketError(f"cannot see what {UNIT} was started with: {error.strerror}; {BY_HAND}") from None
    named = config_option([os.fsdecode(word) for word in words])
    return Service(pid, None if named is None else folder / named)


def reload_service() -> None:
    """Have systemd tell the daemon to read its configuration and model again.

    Raises:
        PocketError: It would not.
    """
    _systemctl("reload", UNIT)


def config_option(words: list[str]) -> Path | None:
    """Return what a command line names with --config, the last time it does; None: nothing."""
    named = None
    for word, following in zip(words, [*words[1:], ""], strict=True):
        if word == "--config" and following:
            named = Path(following)
        elif word.startswith("--config="):
            named = Path(word.removeprefix("--config="))
    return named


def _systemctl(*words: str) -> str:
    return ask(("systemctl", "--user", *words), BY_HAND)
