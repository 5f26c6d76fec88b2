"""Folders that a user names on the command line."""

from __future__ import annotations

from pathlib import Path

from pocket_core.errors import ConfigError


def make_folder(path: Path, option: str) -> Path:
    """Make a folder now, rather than find out after the work that it cannot be one.

    Args:
        path: The folder; those above it are made, too.
        option: Where the user said so.

    Raises:
        ConfigError: It cannot be made.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(
            f"cannot make the folder {path}: {error.strerror or error}; choose another {option}"
        ) from error
    return path
