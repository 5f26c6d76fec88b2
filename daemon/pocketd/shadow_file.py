"""shadow.json: what a second model would have forecast in a take, and how it compares."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import ConfigDict, TypeAdapter, ValidationError

from pocket_core.records import Asynchrony, TimestepRecord, asynchrony
from pocketd.report_rows import DIGITS_MS
from pocketd.wholefile import write_whole

SHADOW = "shadow.json"
LARGEST = 1 << 26  # bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Shadow:
    """What another model would have forecast: the contents of shadow.json."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)
    format: Literal[1] = 1
    model: str  # its name
    sha256: str | None  # of its file
    remarks: list[str]  # why it may not be what it would have been
    forecast_ms: list[float | None]  # a timestep, in order of playing; None: the replay has none there


_SHADOW: TypeAdapter[Shadow] = TypeAdapter(Shadow)


@dataclass(frozen=True, slots=True)
class Beside:
    """Two models' forecasts against the musician, in the timesteps that have all three; None: none has."""

    played: Asynchrony | None
    shadow: Asynchrony | None


def write_shadow(take_folder: Path, said: Shadow) -> None:
    """Write what a shadow said of a take, in the place of what another one did.

    Raises:
        PocketError: The folder cannot be written to.
    """
    write_whole(take_folder / SHADOW, _SHADOW.dump_json(said) + b"\n")


def read_shadow(take_folder: Path, timesteps: int) -> Shadow | None:
    """Return what a shadow said of a take; None: nothing, not of so many timesteps, or it is damaged."""
    try:
        with (take_folder / SHADOW).open("rb") as file:
            said = _SHADOW.validate_json(file.read(LARGEST))
    except (OSError, ValidationError):
        return None
    return said if len(said.forecast_ms) == timesteps else None


def beside(timesteps: Sequence[TimestepRecord], said: Shadow) -> Beside:
    """Compare the forecast that was played by and the shadow's with the musician."""
    met = [
        ((t.human_s - t.nominal_s) * 1000, t.forecast_ms, forecast)
        for t, forecast in zip(timesteps, said.forecast_ms, strict=True)
        if t.human_s is not None and forecast is not None
    ]
    return Beside(asynchrony(h - played for h, played, _ in met), asynchrony(h - s for h, _, s in met))


def shadow_section(timesteps: Sequence[TimestepRecord], said: Shadow) -> dict[str, Any]:
    """Return what a report says of a shadow."""
    both = beside(timesteps, said)
    figures = {
        name: None
        if of is None
        else {
            "mae_ms": round(of.mae_ms, DIGITS_MS),
            "sd_ms": round(of.sd_ms, DIGITS_MS),
            "timesteps": of.count,
        }
        for name, of in (("played", both.played), ("shadow", both.shadow))
    }
    return {"model": said.model, "sha256": said.sha256, "remarks": said.remarks, **figures}
