"""What is known of a take at a glance: from its report, or from its journal while it has none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from pocket_core.errors import TakeError
from pocket_core.records import Asynchrony, Summary
from pocketd.desk_records import Tally
from pocketd.journal import is_live
from pocketd.take_keep import is_kept
from pocketd.take_made import Made
from pocketd.take_names import name_of
from pocketd.take_room import weighed
from pocketd.takes import REPORT, known_report

LIVE, CUT_OFF = "live", "cut off"


@dataclass(frozen=True, slots=True)
class Jumped:
    """A jump of the transport."""

    at_s: float  # from the take's start
    left: float  # quarter notes from the start of the song
    entered: float


@dataclass(frozen=True, slots=True)
class Faulted:
    """Something that was wrong while it played, or mended."""

    at_s: float  # from the take's start
    about: str
    text: str  # empty: mended


@dataclass(frozen=True, slots=True)
class Sheet:
    """A take at a glance."""

    folder: Path
    started: str  # local date and time with its offset from UTC, ISO 8601
    song: str | None
    source: str | None  # what it was imported from; None: it was recorded live
    seconds: float
    bpm: float  # over the whole take
    meter: str
    position: float  # where in the song it began, quarter notes
    models: tuple[str, ...]  # in order of use
    made: tuple[Made, ...]  # by sources that make drums, in order of use
    sha256: str | None  # of the last
    backend: str
    pocketd: str  # version
    look_ahead_ms: float
    how: str  # it ended: as in the report, or LIVE, or CUT_OFF until the next start recovers it
    timesteps: int
    summary: Summary
    feel_ms: float | None  # the musician's mean offset from the grid, positive is late; None: met no drum
    tally: Tally
    dropped: int  # records that the journal lacks
    jumps: tuple[Jumped, ...]
    faults: tuple[Faulted, ...]
    size: int  # bytes
    kept: bool

    @property
    def name(self) -> str:
        """The take's name."""
        return name_of(self.folder)


def read_sheet(folder: Path) -> Sheet:
    """Read what is known of a take.

    Raises:
        TakeError: Its report or its journal is damaged, or of a later format.
    """
    report = known_report(folder)
    try:
        return _sheet(folder, report)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise TakeError(
            f"{folder / REPORT} is damaged ({error!r}); delete it, and the next start makes it again"
        ) from error


def _sheet(folder: Path, report: Mapping[str, Any]) -> Sheet:
    take, summary, steps = report["take"], report["summary"], report["timesteps"]
    offsets = [
        (float(step["human_s"]) - float(step["nominal_s"])) * 1000
        for step in steps
        if step["human_s"] is not None
    ]
    met = len(offsets)
    return Sheet(
        folder=folder,
        started=str(take["started"]),
        song=take["song"],
        source=take["source"],
        seconds=float(take["seconds"]),
        bpm=float(take["bpm"]),
        meter=str(take["meter"]),
        position=float(take["position"]),
        models=tuple(map(str, take["models"])),
        made=tuple(Made(**made) for made in take.get("made", ())),
        sha256=report["sha256"],
        backend=str(take["backend"]),
        pocketd=str(report["pocketd"]),
        look_ahead_ms=float(report["lookahead_ms"]),
        how=str(take["how"]) if (folder / REPORT).exists() else LIVE if is_live(folder) else CUT_OFF,
        timesteps=len(steps),
        summary=Summary(_figures(summary["quantised"], met), _figures(summary["pocketd"], met)),
        feel_ms=fmean(offsets) if offsets else None,
        tally=Tally(**{key: int(summary[key]) for key in ("events_in", "events_out", "late", "lost")}),
        dropped=int(take["dropped"]),
        jumps=tuple(Jumped(**jump) for jump in take["jumps"]),
        faults=tuple(Faulted(**fault) for fault in take["faults"]),
        size=weighed(folder).size,
        kept=is_kept(folder),
    )


def _figures(figures: Mapping[str, float | None], met: int) -> Asynchrony | None:
    mae, sd = figures["mae_ms"], figures["sd_ms"]
    return None if mae is None or sd is None else Asynchrony(float(mae), float(sd), met)
