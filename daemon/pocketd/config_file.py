"""A user's configuration file, to be written to: read with its bytes, and put back whole."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pocket_core.errors import ConfigError, PocketError
from pocketd.config import Config, load, parse
from pocketd.wholefile import write_whole
from pocketd.yaml_edit import set_key

FIRST_LINE = b"# What is not said here is as in the config.yaml that ships; it explains every key.\n"


def read_config(path: Path) -> tuple[Config, bytes | None]:
    """Return a configuration and its bytes; the shipped one and None where there is no file yet.

    Raises:
        ConfigError: It cannot be read or used.
    """
    if not path.exists():
        return load(None), None
    config = load(path)
    try:
        return config, path.read_bytes()
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}; check who may read it") from None


def with_numbers(path: Path, before: bytes | None, numbers: Mapping[str, float]) -> bytes:
    """Return a file with keys of its outermost mapping set to numbers; all else stays as it is.

    Args:
        path: For messages.
        before: Its bytes; None: there is no file yet.
        numbers: Each key's.

    Raises:
        ConfigError: It is written in a way that cannot be changed in one place, or would not do.
    """
    after = FIRST_LINE if before is None else before
    for key, value in numbers.items():
        after = set_key(after, key, value, str(path))
    parse(after, str(path))
    return after


def write_config(path: Path, data: bytes) -> None:
    """Write a configuration whole; a missing folder is made.

    Raises:
        PocketError: It cannot be; what was there is untouched.
    """
    try:
        path.parent.mkdir(exist_ok=True)
    except OSError as error:
        raise PocketError(f"cannot write {path}: {error.strerror}; name a file that is yours") from None
    write_whole(path, data)
