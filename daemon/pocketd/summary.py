"""What a render or a demo reports: the table for people, `R.json` for programs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from rich.console import Group
from rich.table import Table

from pocket_core.predict import Predictor
from pocket_core.records import Asynchrony, Summary
from pocket_core.settings import Settings
from pocket_core.status import Counts
from pocket_core.types import Seconds
from pocketd import __version__
from pocketd.midiscore import NOBODY, MidiScore
from pocketd.quantise import Quantised
from pocketd.render import Rendered
from pocketd.report_rows import DIGITS_MS, summary_section, timestep_row


def report_bytes(rendered: Rendered, settings: Settings, transport: Seconds, model: Predictor) -> bytes:
    """Return a render's report, R.json; the same render gives the same bytes.

    Args:
        model: What played; its `sha256` is that of its file, where it has one.
    """
    report = {
        "pocketd": __version__,
        "model": model.name,
        "sha256": getattr(model, "sha256", None),
        "lookahead_ms": _ms(settings.look_ahead),
        "transport_ms": _ms(transport),
        "amount": settings.amount,
        "late_commit": settings.late_commit,
        "synthetic": rendered.human.synthetic or rendered.drums.score.synthetic,
        "drums_quantised": rendered.drums.changed,  # here, because they were not
        "drums_moved": rendered.drums.moved,
        "drums_merged": rendered.drums.merged,
        "before_start": rendered.before_start,
        "summary": summary_section(rendered.summary, rendered.counts),
        "timesteps": [timestep_row(record) for record in rendered.records],
    }
    return (json.dumps(report, indent=1, ensure_ascii=False) + "\n").encode()


def remarks(drums: Quantised, human: MidiScore) -> Iterator[str]:
    """Say, a line each, what a reader of the table should know about the two parts."""
    score = drums.score
    if score.synthetic or human.synthetic:
        yield "This performance is synthetic: pocketd made it up, nobody played it."
    if not score.has_drum_channel:
        yield f"{score.name} has no notes on channel 10: all its notes are taken as drums."
    if drums.changed:
        merged = f", {drums.merged} of them onto another" if drums.merged else ""
        yield f"{score.name} was not quantised: {drums.moved} hits were moved to the grid first{merged}."
    if not human.notes:
        missing = "no musician is given" if human.name == NOBODY else f"{human.name} has no notes"
        yield f"{missing}: the drums play alone."


def table(title: str, summary: Summary, counts: Counts) -> Group:
    """Return asynchrony and events for the terminal."""
    heard = Table(title=title, title_justify="left", title_style="bold", min_width=52)
    heard.add_column("drums to musician")
    for heading in ("MAE ms", "SD ms", "met"):
        heard.add_column(heading, justify="right")
    heard.add_row("quantised", *_cells(summary.quantised))
    heard.add_row("pocketd", *_cells(summary.pocketd), style="bold")
    events = Table(min_width=52)
    for heading in ("events in", "out", "late", "lost"):
        events.add_column(heading, justify="right")
    numbers = (counts.events_in, counts.events_out, counts.late, counts.lost)
    events.add_row(*(str(number) for number in numbers))
    return Group(heard, events)


def _cells(figures: Asynchrony | None) -> Sequence[str]:
    if figures is None:
        return ("-", "-", "0")
    return (f"{figures.mae_ms:.2f}", f"{figures.sd_ms:.2f}", str(figures.count))


def _ms(seconds: Seconds) -> float:
    return round(seconds * 1000, DIGITS_MS)
