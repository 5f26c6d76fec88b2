"""What a sub-command needs beyond what pocketd is installed with."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from pocket_core.errors import ConfigError, PocketError


class TrainingMissingError(PocketError):
    """The packages that training needs are not installed."""

    exit_code = 2


def need(*packages: str) -> None:
    """Make sure that packages are installed.

    Raises:
        TrainingMissingError: One is not; the line names those that are missing and how to get them.
    """
    missing = [name for name in packages if importlib.util.find_spec(name) is None]
    if missing:
        raise TrainingMissingError(f"this needs {', '.join(missing)}: pip install -e '.[train]'")


def need_folder(path: Path, option: str) -> Path:
    """Make a folder now, rather than find out after the work that it cannot be one.

    Args:
        path: The folder.
        option: Where the user said so.

    Raises:
        ConfigError: It cannot be made.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(
            f"cannot make the folder {path}: {error.strerror}; choose another {option}"
        ) from error
    return path
