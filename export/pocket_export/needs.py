"""What a sub-command needs beyond what pocketd is installed with."""

from __future__ import annotations

import importlib.util

from pocket_core.errors import PocketError


class TrainingMissingError(PocketError):
    """The packages that training needs are not installed."""

    exit_code = 2


def need(*packages: str, extra: str = "train") -> None:
    """Make sure that packages are installed.

    Args:
        packages: As they are imported.
        extra: Which of pocketd's brings them.

    Raises:
        TrainingMissingError: One is not; the line names those that are missing and how to get them.
    """
    missing = [name for name in packages if importlib.util.find_spec(name) is None]
    if missing:
        raise TrainingMissingError(f"this needs {', '.join(missing)}: pip install -e '.[{extra}]'")
