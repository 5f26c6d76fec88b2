"""How the service is, in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pocketd.champion import Nights
from pocketd.champion_lines import lines as champion_lines

REPORT = "report.txt"  # of a night; its first line says how it ended


@dataclass(frozen=True, slots=True)
class Night:
    """The nightly job."""

    scheduled: bool
    next: str | None = None  # when, as the system writes it
    under_way: bool = False
    last: str | None = None  # when it last ended
    fault: str | None = None  # why that was no success


@dataclass(frozen=True, slots=True)
class Health:
    """The daemon and the nightly job, as whoever runs them sees them."""

    installed: bool
    running: bool
    state: str  # in the system's own words
    logs: str  # where there is more to read
    since: str | None = None  # it runs
    says: str | None = None  # of itself
    watchdog: str | None = None  # how long it may be silent; None: nobody watches
    restarts: int = 0  # by itself, since it was last started by somebody
    night: Night = Night(scheduled=False)


def lines(health: Health, nights: Nights | None) -> Iterator[tuple[str, str]]:
    """Yield what to say about it: a heading and a text each."""
    if not health.installed:
        yield "daemon", "not installed; `pocketd service install` does it"
    elif health.running:
        yield "daemon", "running" + (f" since {health.since}" if health.since else "")
    else:
        yield "daemon", f"not running: {health.state}; {health.logs}"
    if health.running and health.says:
        yield "plays by", health.says
    if health.running and health.watchdog:
        times = "once" if health.restarts == 1 else f"{health.restarts} times"
        again = f"; started anew {times}" if health.restarts else ""
        yield "watchdog", f"after {health.watchdog} without a sign of life{again}"
    night = health.night
    if night.under_way:
        yield "next night", "under way"
    elif night.scheduled:
        yield "next night", night.next or "scheduled"
    else:
        yield "next night", "none; `pocketd service install` schedules it, `pocketd retrain` is one"
    last = f"{night.last}: " if night.last else ""
    yield "last night", last + (night.fault or _outcome(nights))
    if nights is not None:
        yield "champion", next(champion_lines(nights)).removeprefix("Champion: ")


def _outcome(nights: Nights | None) -> str:
    for folder in [] if nights is None else nights.folders():
        said = _first_line(folder / REPORT)
        if said:
            return f"{folder.name}, {said.removeprefix(f'night {folder.name}: ')}"
    return "none yet"


def _first_line(path: Path) -> str:
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            return next((line.strip() for line in file if line.strip()), "")
    except OSError:
        return ""
