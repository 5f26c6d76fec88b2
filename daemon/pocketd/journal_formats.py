"""Journals of older formats, brought to today's while they are read; what lies on disk stays as it is.

docs/takes.md says what each format changed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from pocketd.desk_records import FORMAT

OLDEST = 1  # that can be read


def format_of(line: bytes) -> int | None:
    """Return the format that a journal's first line says it has; None: it says none."""
    header = _object(line)
    written = {} if header is None else header
    number = written.get("format")
    return number if written.get("kind") == "take" and type(number) is int else None


def upgraded(line: bytes, written: int) -> bytes:
    """Return a line as today's format has it; one that is damaged stays as it is.

    Args:
        written: The journal's format, `OLDEST` to `FORMAT`.
    """
    record = None if written == FORMAT else _object(line)
    if record is None:
        return line
    for step in _STEPS[written - OLDEST :]:
        record = step(record)
    return json.dumps(record).encode() + b"\n"


def _object(line: bytes) -> dict[str, Any] | None:
    try:
        read = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return read if isinstance(read, dict) else None


def _to_2(record: dict[str, Any]) -> dict[str, Any]:
    """Say where a take comes from: before, all were recorded live."""
    return {**record, "format": 2, "source": None} if record.get("kind") == "take" else record


def _to_3(record: dict[str, Any]) -> dict[str, Any]:
    """Say nothing more: no system needed anything of time, which is what is read where nothing is said."""
    return {**record, "format": 3} if record.get("kind") == "take" else record


def _to_4(record: dict[str, Any]) -> dict[str, Any]:
    """Say nothing more: no transport reported where it was."""
    return {**record, "format": 4} if record.get("kind") == "take" else record


def _to_5(record: dict[str, Any]) -> dict[str, Any]:
    """Say nothing more: nothing was generated."""
    return {**record, "format": 5} if record.get("kind") == "take" else record


_STEPS: Sequence[Callable[[dict[str, Any]], dict[str, Any]]] = (
    _to_2,
    _to_3,
    _to_4,
    _to_5,
)  # each to the next format
