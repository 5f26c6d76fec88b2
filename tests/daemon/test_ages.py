from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from pocket_core.errors import ConfigError
from pocketd.ages import parse_age, parse_since

NOON = datetime(2026, 11, 20, 12)


@pytest.mark.parametrize(
    ("text", "age"),
    [("12h", timedelta(hours=12)), ("30d", timedelta(days=30)), ("8w", timedelta(weeks=8))],
)
def test_an_age_has_hours_days_or_weeks(text: str, age: timedelta) -> None:
    assert parse_age("--older-than", text) == age


@pytest.mark.parametrize("text", ["", "30", "d", "-3d", "3.5d", "3 d", "30m", "999999d"])
def test_what_is_no_age_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ConfigError, match=r"--older-than .* is no age; .* 30d"):
        parse_age("--older-than", text)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-19", datetime(2026, 11, 19)),
        ("2026-11-19T21:30", datetime(2026, 11, 19, 21, 30)),
        ("2d", datetime(2026, 11, 18, 12)),
    ],
)
def test_a_moment_is_a_date_or_an_age(text: str, moment: datetime) -> None:
    assert parse_since("--since", text, NOON) == moment


@pytest.mark.parametrize("text", ["yesterday", "2026-13-01", "20.11.2026", ""])
def test_what_is_no_moment_is_refused_with_examples(text: str) -> None:
    with pytest.raises(ConfigError, match=r"--since .* is no date; .*2026-11-20.* 7d"):
        parse_since("--since", text, NOON)
