"""Takes that are never removed: the file `kept` in a take's folder says so."""

from __future__ import annotations

from pathlib import Path

from pocket_core.errors import TakeError

KEPT = "kept"


def is_kept(folder: Path) -> bool:
    """Say whether a take stays whatever retention and quota say."""
    return (folder / KEPT).exists()


def keep(folder: Path) -> None:
    """Protect a take.

    Raises:
        TakeError: Its folder cannot be written to.
    """
    try:
        (folder / KEPT).touch()
    except OSError as error:
        raise _unwritable(folder, error) from error


def let_go(folder: Path) -> None:
    """Protect a take no longer. Raises as `keep`."""
    try:
        (folder / KEPT).unlink(missing_ok=True)
    except OSError as error:
        raise _unwritable(folder, error) from error


def _unwritable(folder: Path, error: OSError) -> TakeError:
    return TakeError(f"cannot write to {folder}: {error.strerror or error}; see to its permissions")
