"""A night's report as one page that needs nothing else: verdict, checks, takes, and pictures of both."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Iterable
from html import escape
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from pocket_export.night.gate import Judged, take_means
from pocket_export.night.night import Outcome

GREEN, RED, GREY, ORANGE, BLUE = "#2e7d32", "#b3261e", "#8a8a8a", "#d9822b", "#2b6cb0"
MOST_SONGS, MOST_MEETINGS = 12, 128
STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; color: #222 }
body { margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.5rem } h2 { font-size: 1.15rem; margin-top: 2rem }
.yes { color: #2e7d32 } .no { color: #b3261e }
table { border-collapse: collapse; width: 100% } td, th { text-align: left; padding: .3rem .6rem; }
tr { border-bottom: 1px solid #ddd } td.n { text-align: right; font-variant-numeric: tabular-nums }
img { max-width: 100% } p.small { color: #666; font-size: .9rem }
@media (prefers-color-scheme: dark) { body { background: #1b1b1b; color: #ddd } tr { border-color: #444 }
  img { background: #fff; border-radius: 4px } }
"""


def page(outcome: Outcome) -> str:
    """Return the page."""
    kind = "yes" if outcome.promoted else "no"
    parts = [
        f"<h1>Night {escape(outcome.folder.name)}</h1>",
        f'<p class="{kind}"><strong>{escape(outcome.verdict)}</strong></p>',
        *(f"<p>{escape(remark)}</p>" for remark in (*outcome.remarks, outcome.held_back) if remark),
        _checks(outcome),
        _pictures(outcome),
        _takes(outcome),
        f'<p class="small">Began {escape(outcome.order.began)}, took {outcome.seconds:.0f} s. '
        f"Champion before: {escape(outcome.order.champion)}, sha256 {outcome.order.sha256[:12]}.</p>",
    ]
    body = "\n".join(part for part in parts if part)
    return (
        '<!doctype html>\n<html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>pocketd, night {escape(outcome.folder.name)}</title>\n"
        f"<style>{STYLE}</style>\n{body}\n</html>\n"
    )


def _checks(outcome: Outcome) -> str:
    if not outcome.checks:
        return ""
    rows = (
        f'<tr><td class="{"yes" if check.passed else "no"}">{"✓" if check.passed else "✗"}</td>'
        f"<td>{escape(check.name)}</td><td>{escape(check.text)}</td></tr>"
        for check in outcome.checks
    )
    return f"<h2>The gate</h2>\n<table>{''.join(rows)}</table>"


def _takes(outcome: Outcome) -> str:
    learnt = "".join(
        f"<tr><td>{escape(take.about.take)}</td><td>{escape(take.about.song or '')}</td>"
        f'<td class="n">{take.to_learn}</td><td class="n">{take.to_judge}</td></tr>'
        for take in outcome.material.takes
    )
    passed = [(part.about.take, part.why) for part in outcome.material.passed]
    passed += [(part.take, part.why) for part in outcome.gathered.unread]
    table = (
        "<h2>What it learnt from</h2>\n<table><tr><th>take</th><th>song</th><th>meetings to learn</th>"
        f"<th>to judge by</th></tr>{learnt}</table>"
        if learnt
        else ""
    )
    if not passed:
        return table
    rows = "".join(f"<tr><td>{escape(take)}</td><td>{escape(why)}</td></tr>" for take, why in passed)
    return f"{table}\n<h2>Passed over</h2>\n<table>{rows}</table>"


def _pictures(outcome: Outcome) -> str:
    drawn = []
    if any(len(part.human) for part in outcome.judged):
        drawn.append(_picture(lambda figure: _by_song(figure, outcome.judged), 7, 3, "Songs"))
        drawn.append(_picture(lambda figure: _offsets(figure, outcome.judged), 9, 3.2, "Offsets"))
    if outcome.training is not None and outcome.training.history:
        drawn.append(_picture(lambda figure: _curve(figure, outcome), 7, 2.6, "Epochs"))
    return "\n".join(drawn)


def _picture(draw: Callable[[Figure], None], width: float, height: float, title: str) -> str:
    plain = {"axes.spines.top": False, "axes.spines.right": False, "font.size": 10, "text.parse_math": False}
    with mpl.rc_context(plain):
        figure = Figure((width, height), layout="constrained")
        draw(figure)
        content = io.BytesIO()
        figure.savefig(content, format="png", dpi=110)
    data = base64.b64encode(content.getvalue()).decode()
    return f'<h2>{title}</h2>\n<img alt="{title}" src="data:image/png;base64,{data}">'


def _by_song(figure: Figure, judged: Iterable[Judged]) -> None:
    """Draw the mean distance to the musician, song by song: grid, champion, challenger."""
    songs: dict[str, list[Judged]] = {}
    for part in judged:
        if len(part.human):
            songs.setdefault(part.song or "without a name", []).append(part)
    names = sorted(songs, key=lambda name: -sum(len(part.human) for part in songs[name]))[:MOST_SONGS]

    def means(pick: Callable[[Judged], Any]) -> list[float]:
        return [float(take_means(songs[name], pick).mean() * 1000) for name in names]

    axes, rows = figure.subplots(), np.arange(len(names))
    bars = (
        ("on the grid", GREY, means(lambda part: np.zeros(len(part.human)))),
        ("champion", ORANGE, means(lambda part: part.champion)),
        ("challenger", BLUE, means(lambda part: part.challenger)),
    )
    for n, (label, colour, values) in enumerate(bars):
        axes.barh(rows + (n - 1) * 0.27, values, 0.25, label=label, color=colour)
    axes.set_yticks(rows, names)
    axes.invert_yaxis()
    axes.set_xlabel("mean of the takes' mean distances to the musician, ms, in bars that nobody learnt from")
    axes.legend(frameon=False, loc="upper left", bbox_to_anchor=(1.0, 1.0))


def _offsets(figure: Figure, judged: Iterable[Judged]) -> None:
    """Draw the newest meetings that were judged by: where the musician was, and where both expected them."""
    last = [part for part in judged if len(part.human)][-1]
    part = slice(-MOST_MEETINGS, None)
    axes = figure.subplots()
    at = np.arange(len(last.human[part]))
    axes.axhline(0.0, color=GREY, lw=0.8)
    axes.plot(at, last.human[part] * 1000, "o", ms=4, color="#222", label="musician")
    axes.plot(at, last.champion[part] * 1000, "-", lw=1.2, color=ORANGE, label="champion")
    axes.plot(at, last.challenger[part] * 1000, "-", lw=1.2, color=BLUE, label="challenger")
    axes.set_xlabel(f"meetings of {last.take}{', ' + last.song if last.song else ''}")
    axes.set_ylabel("offset, ms (late is up)")
    axes.legend(frameon=False, loc="upper left", bbox_to_anchor=(1.0, 1.0))


def _curve(figure: Figure, outcome: Outcome) -> None:
    if outcome.training is None:
        return
    history = outcome.training.history
    epochs = [epoch.number for epoch in history]
    left = figure.subplots()
    left.plot(epochs, [epoch.loss for epoch in history], "o-", ms=4, color=BLUE)
    left.set_xlabel("epoch")
    left.xaxis.set_major_locator(MaxNLocator(integer=True))
    left.set_ylabel("loss of what was learnt", color=BLUE)
    right = left.twinx()
    right.plot(epochs, [epoch.figure_ms for epoch in history], "s--", ms=4, color=GREY)
    right.set_ylabel(f"{outcome.watched}, ms", color=GREY)
    right.spines["right"].set_visible(True)
