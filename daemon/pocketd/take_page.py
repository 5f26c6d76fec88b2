"""All that a person wants to know of one take, as lines and the table of its figures."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import RenderableType
from rich.text import Text

from pocket_core.status import Counts
from pocketd.standard import printable
from pocketd.summary import table
from pocketd.take_list import length
from pocketd.take_made import in_words
from pocketd.take_room import MB
from pocketd.take_sheet import CUT_OFF, LIVE, Faulted, Sheet

ENDED = {
    "stop": "the transport stopped",
    "exit": "the daemon was ended while it played",
    "vanished": "the daemon was gone while it played",
    "recovered": "it was cut off, and recovered by a later start",
    LIVE: "it is being recorded",
    CUT_OFF: "it was cut off; the next start of pocketd recovers it",
}


def page(sheet: Sheet) -> Iterator[RenderableType]:
    """Yield what to print."""
    yield Text(sheet.name, style="bold")
    for word, text in _lines(sheet):
        yield Text.assemble((f"{word:<11}", "dim"), printable(text))
    counts = Counts(sheet.tally.events_in, sheet.tally.events_out, sheet.tally.late)
    yield table("", sheet.summary, counts)
    for line in _troubles(sheet):
        yield Text(printable(line))


def _lines(sheet: Sheet) -> Iterator[tuple[str, str]]:
    yield "song", sheet.song or "not said"
    yield "started", sheet.started.replace("T", " ")
    if sheet.source is not None:
        yield "from", f"{sheet.source}, imported"
    yield "length", f"{length(sheet.seconds)}, {sheet.timesteps} timesteps"
    place = "the top" if sheet.position == 0 else f"beat {sheet.position:g}"
    yield "music", f"{sheet.bpm:.1f} BPM, {sheet.meter}, from {place}"
    if sheet.feel_ms is not None:
        side = "behind" if sheet.feel_ms >= 0 else "ahead of"
        yield "feel", f"the musician was {abs(sheet.feel_ms):.1f} ms {side} the grid in the mean"
    sha = "" if sheet.sha256 is None else f" ({sheet.sha256[:12]})"
    yield "model", ", then ".join(sheet.models) + sha
    if sheet.made:
        yield "drums", in_words(sheet.made)
    yield "played by", f"pocketd {sheet.pocketd} on {sheet.backend}, look-ahead {sheet.look_ahead_ms:g} ms"
    yield "ended", ENDED.get(sheet.how, sheet.how)
    kept = ", kept: it is never removed" if sheet.kept else ""
    yield "on disk", f"{sheet.folder}, {sheet.size / MB:.1f} MB{kept}"


def _troubles(sheet: Sheet) -> Iterator[str]:
    for jump in sheet.jumps:
        yield f"{length(jump.at_s)}  the song jumped from beat {jump.left:g} to {jump.entered:g}"
    for fault in sheet.faults:
        yield f"{length(fault.at_s)}  {_fault(fault)}"
    if sheet.dropped:
        yield f"{sheet.dropped} log lines are missing: the disk was too slow"


def _fault(fault: Faulted) -> str:
    return f"{fault.about}: {fault.text or 'well again'}"
