"""Ages and dates as people write them: `30d`, `12h`, `2026-11-20`."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from pocket_core.errors import ConfigError

_AGE = re.compile(r"([0-9]{1,5})([hdw])")
_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


def parse_age(option: str, text: str) -> timedelta:
    """Return an age such as 12h, 30d or 8w.

    Args:
        option: Where the user said so.

    Raises:
        ConfigError: It is none.
    """
    match = _AGE.fullmatch(text)
    if match is None:
        raise ConfigError(f"{option} {text} is no age; write hours, days or weeks, such as 12h, 30d or 8w")
    return int(match[1]) * _UNITS[match[2]]


def parse_since(option: str, text: str, now: datetime) -> datetime:
    """Return a moment, from a date, a date and time, or an age.

    Args:
        option: Where the user said so.
        now: Local time without its offset, as what is returned.

    Raises:
        ConfigError: It is none of these.
    """
    if _AGE.fullmatch(text) is not None:
        return now - parse_age(option, text)
    try:
        return datetime.fromisoformat(text).replace(tzinfo=None)
    except ValueError:
        raise ConfigError(
            f"{option} {text} is no date; write one such as 2026-11-20, or an age such as 7d"
        ) from None
