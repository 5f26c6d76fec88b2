"""Timesteps and figures as they are written: in a render's R.json, and in a take's take.json and table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Protocol

from pocket_core.records import Asynchrony, Summary, TimestepRecord
from pocket_core.types import Seconds

DIGITS_S, DIGITS_MS = 9, 6  # both to the nanosecond
SHADOW_MS = "shadow_ms"  # what a second model would have forecast


class Counted(Protocol):
    """Drum hits counted."""

    @property
    def events_in(self) -> int:
        """Came."""

    @property
    def events_out(self) -> int:
        """Left."""

    @property
    def late(self) -> int:
        """Came too late for their time."""

    @property
    def lost(self) -> int:
        """Came and have not left."""


def timestep_row(record: TimestepRecord, origin: Seconds = Seconds(0.0)) -> dict[str, Any]:
    """Return a timestep with its times counted from `origin`.

    As written, `committed_s` is `nominal_s + played_ms / 1000` to the last bit, and `diff_ms` follows from
    `human_s` and `committed_s`.
    """
    row = asdict(record)
    for key, value in row.items():
        if key.endswith("_s") and value is not None:
            row[key] = round(value - origin, DIGITS_S) + 0.0  # no minus zero
        elif isinstance(value, float):
            row[key] = round(value, DIGITS_MS) + 0.0
    row["committed_s"] = row["nominal_s"] + row["played_ms"] / 1000
    if row["human_s"] is not None:
        row["diff_ms"] = round((row["human_s"] - row["committed_s"]) * 1000, DIGITS_MS) + 0.0
    return row


def take_rows(
    timesteps: Sequence[TimestepRecord], origin: Seconds, shadow_ms: Sequence[float | None] | None
) -> list[dict[str, Any]]:
    """Return a take's timesteps, and behind each forecast that of a shadow, where one was tried."""
    rows = [timestep_row(timestep, origin) for timestep in timesteps]
    if shadow_ms is None:
        return rows
    return [_with_shadow(row, ms) for row, ms in zip(rows, shadow_ms, strict=True)]


def summary_section(summary: Summary, counted: Counted) -> dict[str, Any]:
    """Return what a report sums up."""
    return {
        "quantised": _figures(summary.quantised),
        "pocketd": _figures(summary.pocketd),
        "events_in": counted.events_in,
        "events_out": counted.events_out,
        "late": counted.late,
        "lost": counted.lost,
    }


def _with_shadow(row: dict[str, Any], shadow_ms: float | None) -> dict[str, Any]:
    items = list(row.items())
    items.insert(list(row).index("forecast_ms") + 1, (SHADOW_MS, shadow_ms))
    return dict(items)


def _figures(figures: Asynchrony | None) -> dict[str, float | None]:
    if figures is None:
        return {"mae_ms": None, "sd_ms": None}
    return {"mae_ms": round(figures.mae_ms, DIGITS_MS), "sd_ms": round(figures.sd_ms, DIGITS_MS)}
