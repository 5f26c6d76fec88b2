"""Where the desk shows what happens: a live meter, or a line at a time where nobody watches."""

from __future__ import annotations

import os
from typing import Protocol, TextIO

from rich.console import Console
from rich.live import Live

from pocket_core.records import Summary
from pocketd.desk_records import Fault, Hello, Record, TransportStart
from pocketd.meter import MeterState, picture
from pocketd.standard import printable
from pocketd.takes import FinishedTake, Unreadable


class Terminal(Protocol):
    """What the desk shows to."""

    def show(self, state: MeterState) -> None:
        """Draw the meter, if it has one; ten times a second."""

    def say(self, line: str) -> None:
        """Print a line that stays."""

    def note(self, line: str) -> None:
        """Print a line that a meter makes needless."""

    def close(self) -> None:
        """Leave the terminal as it was found."""


class LiveMeter:
    """The meter, with what is said above it."""

    def __init__(self, out: TextIO) -> None:
        self._live = Live(
            console=Console(file=out, highlight=False, soft_wrap=True, force_terminal=True),
            auto_refresh=False,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._live.start()

    def show(self, state: MeterState) -> None:
        """Draw the meter."""
        self._live.update(picture(state), refresh=True)

    def say(self, line: str) -> None:
        """Print a line above the meter."""
        self._live.console.print(printable(line), markup=False)

    def note(self, line: str) -> None:
        """Do nothing: the meter shows it."""

    def close(self) -> None:
        """Show the cursor again."""
        self._live.stop()


class Lines:
    """Lines only: for logs."""

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def show(self, state: MeterState) -> None:
        """Do nothing: a log wants no picture."""

    def say(self, line: str) -> None:
        """Print a line at once."""
        print(printable(line), file=self._out, flush=True)

    def note(self, line: str) -> None:
        """Print a line at once."""
        self.say(line)

    def close(self) -> None:
        """Do nothing: there is nothing to put back."""


class BarLines(Lines):
    """The meter for a log: a line a bar while it plays."""

    def __init__(self, out: TextIO) -> None:
        super().__init__(out)
        self._bar: int | None = None

    def show(self, state: MeterState) -> None:
        """Print where it is, once a bar."""
        bar = state.bar if state.running else None
        if bar is not None and bar != self._bar:
            self.say(bar_line(state))
        self._bar = bar


def bar_line(state: MeterState) -> str:
    """Return the meter in one line: place, offset now, distance to the musician without and with pocketd."""
    near = "nobody has met a drum yet"
    if state.recent.grid_ms is not None and state.recent.pocketd_ms is not None:
        near = f"{state.recent.pocketd_ms:5.1f} ms from the musician ({state.recent.grid_ms:.1f} on the grid)"
    place = f"{state.bar}.{int(state.beat)}"
    return f"{place:>6}  {state.bpm:5.1f} BPM  offset {state.offset_ms:+6.1f} ms  {near}"


def open_terminal(display: str, out: TextIO) -> Terminal:
    """Return the meter for `on`, and for `auto` where somebody can see it; else lines, for `lines` many."""
    if display == "lines":
        return BarLines(out)
    seen = out.isatty() and os.environ.get("TERM") != "dumb"
    return LiveMeter(out) if display == "on" or (display == "auto" and seen) else Lines(out)


def told(record: Record) -> str | None:
    """Return the line that a record is worth in a log; None for most."""
    match record:
        case Hello():
            return f"playing by {'no model' if record.model == 'none' else record.model} on {record.backend}"
        case TransportStart():
            return f"start at beat {record.position:g}, {record.numerator}/{record.denominator}"
        case Fault(about=about, text=""):
            return f"{about}: well again"
        case Fault(about=about, text=text):
            return f"{about}: {text}"
        case _:
            return None


def finished(take: FinishedTake | Unreadable) -> str:
    """Return the line about a take that is on disk, or that cannot be recovered."""
    if isinstance(take, Unreadable):
        return f"a take cannot be recovered: {take.why}"
    minutes, seconds = divmod(round(take.length), 60)
    t = take.tally
    counted = f"{t.events_in} hits in, {t.events_out} out, {t.late} late, {t.lost} lost"
    gaps = f", {take.dropped} log lines missing" if take.dropped else ""
    how = {"recovered": "recovered ", "vanished": "saved (the daemon was gone) "}.get(take.how, "saved ")
    length = f"{minutes}:{seconds:02d} at {take.bpm:.1f} BPM"
    return f"take {how}{take.folder}: {length}, {near(take.summary)}, {counted}{gaps}"


def near(summary: Summary) -> str:
    """Return how near the drums were to the musician, in words."""
    played, grid = summary.pocketd, summary.quantised
    if played is None or grid is None:
        return "nobody met a drum"
    return f"drums {played.mae_ms:.1f} ms from the musician ({grid.mae_ms:.1f} ms on the grid)"
