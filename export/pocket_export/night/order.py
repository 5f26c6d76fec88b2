"""What a night was asked to do, kept in its folder so that a night that broke off can go on."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, ConfigDict, TypeAdapter, ValidationError

from pocketd.champion import Nights
from pocketd.wholefile import write_whole

ORDER, REPORT, TEXT = "order.json", "report.json", "report.txt"


def _a_time(text: str) -> str:
    if datetime.fromisoformat(text).tzinfo is None:
        raise ValueError("a time without its offset from UTC")
    return text


@dataclass(frozen=True, slots=True, kw_only=True)
class NightOrder:
    """What decides a night."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid", strict=True)
    format: Literal[1] = 1
    began: Annotated[str, AfterValidator(_a_time)]  # local, ISO 8601
    champion: str  # as `model:` of a configuration names it
    sha256: str  # of its file
    name: str  # of its network, of `pocket_export.schools.SCHOOLS`
    store: str = ""  # where the takes lie; of an older night nobody knows
    takes: Sequence[str]  # names, oldest first
    seed: int
    epochs: int
    retrain: dict[str, object]  # that section of the configuration


_ORDER = TypeAdapter(NightOrder)


def begin(nights: Nights, order: NightOrder, at: datetime) -> Path:
    """Make a night's folder, with its order in it.

    Raises:
        PocketError: It cannot be written.
    """
    stamp, number = at.strftime("%Y-%m-%d-%H%M%S"), 1
    while True:
        folder = nights.root / (stamp + (f"-{number}" if number > 1 else ""))
        if not folder.exists():
            break
        number += 1
    folder.mkdir(parents=True)
    write_whole(folder / ORDER, _ORDER.dump_json(order, indent=1) + b"\n")
    return folder


def unfinished(nights: Nights) -> list[Path]:
    """Return the folders of nights that never came to a report, newest first."""
    return [folder for folder in nights.folders() if not (folder / REPORT).exists()]


def read_order(folder: Path) -> NightOrder | None:
    """Return what a night was asked to do; None: nobody knows any more."""
    try:
        return _ORDER.validate_json((folder / ORDER).read_bytes())
    except (OSError, ValidationError):
        return None


def close(folder: Path, *, promoted: bool) -> None:
    """Write the report of a night that cannot do so any more, and clear up behind it.

    Raises:
        PocketError: It cannot be written.
    """
    verdict = ("promoted" if promoted else "not promoted") + "; the night broke off before it could report"
    write_whole(folder / TEXT, f"night {folder.name}: {verdict}\n".encode())
    said = {"format": 1, "night": folder.name, "verdict": verdict, "promoted": promoted}
    finish(folder, json.dumps(said).encode())


def finish(folder: Path, report: bytes) -> None:
    """Write report.json, by which a night is over, and throw away what it would have gone on from.

    Raises:
        PocketError: It cannot be written.
    """
    write_whole(folder / REPORT, report)
    for left in folder.glob("*.checkpoint.pt"):
        left.unlink(missing_ok=True)


def give_up(folder: Path) -> None:
    """Remove a night that never came to a report."""
    shutil.rmtree(folder, ignore_errors=True)
