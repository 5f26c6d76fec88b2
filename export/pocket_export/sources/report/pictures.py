"""The pictures of features: who is how near, how bars are spread, and genre by genre."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from pocket_core.phrases.hvo import A_BAR, COUNT
from pocket_core.phrases.measures import KEYS, MEASURES
from pocket_core.voices import VOICES
from pocket_export.sources.report.distances import GROUPS, Sure, histogram
from pocket_export.sources.report.gather import Findings, Judged
from pocket_export.sources.report.sheet import (
    REAL,
    SMALL,
    USUAL,
    WIDTH,
    bare,
    beside,
    colour_of,
    headed,
    room,
    strength_of,
)
from pocketd.canvas import FAINT, GREY, INK, blank, png

SHOWN_BARS = 4
COLUMNS = 3  # of ridges
RIDGE = 0.85  # of the room of a row
BOXED = ("hits", "instruments", "syncopation")


def scoreboard(findings: Findings) -> bytes:
    """Draw each row's mean overlap with the reference, in all and by kinds of features."""
    there = findings.there
    figure = blank((WIDTH, 1.3 + 0.42 * len(there)))
    figure.subplots_adjust(
        left=0.17, right=0.98, top=1 - 0.75 / figure.get_figheight(), bottom=0.14, wspace=0.08
    )
    panels = figure.subplots(1, 1 + len(GROUPS), sharey=True)
    for axes, name in zip(panels, ("all", *GROUPS), strict=True):
        bare(axes, grid="x")
        for place, judged in enumerate(there):
            figures = judged.apart
            if figures is None:
                continue
            _dot(axes, place, figures.overall if name == "all" else figures.groups[name], judged)
        real = there[0].apart
        if real is not None:
            level = real.overall if name == "all" else real.groups[name]
            axes.axvspan(level.low, level.high, color=REAL, alpha=0.12, linewidth=0)
        axes.set_xlim(0, 1.0)
        axes.set_xticks((0, 0.25, 0.5, 0.75, 1.0), ("0", ".25", ".5", ".75", ""))
        axes.set_ylim(len(there) - 0.4, -0.6)
        axes.set_yticks(range(len(there)), [judged.row.title for judged in there], fontsize=USUAL)
        keys = MEASURES if name == "all" else [m for m in MEASURES if m.key in GROUPS[name]]
        detail = f"mean of {len(keys)} features"
        headed(axes, {"all": "All", "notes": "Notes", "feel": "Feel", "form": "Form"}[name], detail)
        axes.set_xlabel("overlap with the test split", fontsize=SMALL, color=INK)
    return png(figure)


def notation(findings: Findings) -> bytes:
    """Draw the first bars of the first song of each row, as drums are written: time across, voices up."""
    rows = (findings.reference, *findings.there)
    figure = blank((WIDTH, 0.5 + 1.05 * len(rows)))
    figure.subplots_adjust(left=0.17, right=0.99, top=0.985, bottom=0.03, hspace=0.25)
    for axes, judged in zip(np.atleast_1d(figure.subplots(len(rows), 1)), rows, strict=True):
        cells = judged.row.songs[0].cells.cut(0, SHOWN_BARS * A_BAR)
        steps, voices = np.nonzero(cells.hits)
        loud = cells.velocities[steps, voices]
        bare(axes)
        for bar in range(SHOWN_BARS + 1):
            axes.axvline(bar * A_BAR - 0.5, color=GREY, linewidth=0.9)
        for beat in range(SHOWN_BARS * 4):
            axes.axvline(beat * 4, color=FAINT, linewidth=0.6, zorder=0)
        axes.scatter(
            steps + cells.offsets[steps, voices],
            voices,
            s=6 + 52 * loud**1.5,
            color=colour_of(judged),
            alpha=0.35 + 0.65 * loud,
            linewidth=0,
        )
        axes.set_xlim(-0.6, SHOWN_BARS * A_BAR - 0.4)
        axes.set_ylim(-0.7, COUNT - 0.3)
        axes.set_xticks([])
        axes.set_yticks([0, 1, 2, 8], [VOICES[n] for n in (0, 1, 2, 8)], fontsize=6.5, color=GREY)
        beside(axes, judged.row.title)
    return png(figure)


def ridges(findings: Findings) -> bytes:
    """Draw how the bars of each row are spread by each feature, over how real ones are."""
    there = findings.there
    lines = -(-len(MEASURES) // COLUMNS)
    figure = blank((WIDTH, lines * (0.85 + 0.34 * len(there))))
    figure.subplots_adjust(left=0.155, right=0.98, wspace=0.16)
    room(figure, lines, 0.5, 0.85, 0.35)
    panels = figure.subplots(lines, COLUMNS, squeeze=False)
    for number, axes in enumerate(panels.ravel()):
        if number >= len(MEASURES):
            axes.set_visible(False)
            continue
        _ridge_panel(axes, findings, number)
        first = number % COLUMNS == 0
        axes.set_yticks(
            [-n for n in range(len(there))],
            [judged.row.title for judged in there] if first else [""] * len(there),
            va="bottom",
        )
    return png(figure)


def genres(findings: Findings) -> bytes:
    """Draw features genre by genre: the middle half of the bars as a box, 5 to 95 % as a line."""
    rows = (findings.reference, *findings.there)
    shown = findings.genres
    figure = blank((WIDTH, len(BOXED) * (0.9 + 0.25 * len(rows))))
    figure.subplots_adjust(left=0.155, right=0.985, wspace=0.1)
    room(figure, len(BOXED), 0.55, 0.9, 0.35)
    panels = figure.subplots(len(BOXED), max(len(shown), 1), squeeze=False)
    for line, key in zip(panels, BOXED, strict=True):
        for axes, genre in zip(line, shown, strict=False):
            bare(axes, grid="x")
            for place, judged in enumerate(rows):
                _box(axes, place, _values(judged, key, genre), judged)
            axes.set_ylim(len(rows) - 0.4, -0.6)
            names = [judged.row.title for judged in rows] if axes is line[0] else [""] * len(rows)
            axes.set_yticks(range(len(rows)), names)
            measure = MEASURES[KEYS.index(key)]
            headed(axes, genre, measure.title.lower())
        high = max(axes.get_xlim()[1] for axes in line)
        for axes in line:
            axes.set_xlim(0, high)
    return png(figure)


def genre_overlaps(findings: Findings) -> bytes:
    """Draw each row's mean overlap in each genre."""
    there, shown = findings.there, findings.genres
    figure = blank((WIDTH, 1.15 + 0.36 * len(there)))
    figure.subplots_adjust(
        left=0.17, right=0.98, top=1 - 0.7 / figure.get_figheight(), bottom=0.05, wspace=0.08
    )
    panels = np.atleast_1d(figure.subplots(1, 1 + len(GROUPS)))
    for axes, name in zip(panels, ("all", *GROUPS), strict=True):
        table = np.full((len(there), max(len(shown), 1)), np.nan)
        for line, judged in enumerate(there):
            for column, genre in enumerate(shown):
                found = (judged.genres or {}).get(genre)
                if found is not None:
                    table[line, column] = (found.overall if name == "all" else found.groups[name]).value
        heat_table(axes, table, shown)
        axes.tick_params(axis="x", rotation=24)
        names = [judged.row.title for judged in there] if axes is panels[0] else [""] * len(there)
        axes.set_yticks(range(len(there)), names, fontsize=USUAL)
        name_panel(axes, name, 34)
    return png(figure)


def name_panel(axes: Any, name: str, above: float) -> None:
    """Write a panel's name in bold, so many points above its left upper corner."""
    axes.annotate(
        name,
        (0, 1),
        (0, above),
        xycoords="axes fraction",
        textcoords="offset points",
        fontweight="bold",
        color=INK,
    )


def heat_table(axes: Any, table: np.ndarray, columns: Sequence[str]) -> None:
    """Draw a table of shares, 0..1, each in its colour."""
    bare(axes)
    axes.imshow(table, cmap="YlGnBu", vmin=0, vmax=1, aspect="auto")
    for (line, column), value in np.ndenumerate(table):
        if not np.isnan(value):
            ink = "white" if value > 0.6 else INK
            axes.text(
                column,
                line,
                f"{value:.2f}"[1:] if value < 1 else "1",
                ha="center",
                va="center",
                color=ink,
                fontsize=SMALL,
            )
    axes.xaxis.tick_top()
    axes.set_xticks(range(len(columns)), columns, fontsize=SMALL)


def _dot(axes: Any, place: int, sure: Sure, judged: Judged) -> None:
    colour, alpha = colour_of(judged), strength_of(judged)
    axes.plot([sure.low, sure.high], [place, place], color=colour, linewidth=3, alpha=0.45 * alpha)
    axes.plot([sure.value], [place], "o", color=colour, markersize=8, alpha=alpha)
    axes.annotate(
        f"{sure.value:.2f}"[1:] if sure.value < 1 else "1",
        (sure.value, place),
        (0, 6),
        textcoords="offset points",
        ha="center",
        fontsize=SMALL - 1,
        color=INK,
    )


def _ridge_panel(axes: Any, findings: Findings, number: int) -> None:
    measure = MEASURES[number]
    there, reference = findings.there, findings.reference.table
    if reference is None:
        return
    real, edges = histogram(reference, number)
    spread = [(judged, histogram(judged.table, number)[0]) for judged in there if judged.table is not None]
    shown = np.flatnonzero(np.nansum([real, *(shares for _, shares in spread)], 0) > 0.01)
    low, high = edges[shown.min(initial=len(real) - 1)], edges[shown.max(initial=0) + 1]
    bare(axes)
    for place, (judged, shares) in enumerate(spread):
        top = max(np.nanmax(real), np.nanmax(shares, initial=0.0))
        axes.stairs(RIDGE * real / top - place, edges, baseline=-place, fill=True, color=FAINT, zorder=1)
        colour, alpha = colour_of(judged), strength_of(judged)
        axes.stairs(
            RIDGE * np.nan_to_num(shares) / top - place,
            edges,
            baseline=-place,
            color=colour,
            alpha=alpha,
            linewidth=1.6,
        )
        overlap = judged.apart.by[number].overlap.value if judged.apart is not None else np.nan
        if not np.isnan(overlap):
            said = f"{overlap:.2f}"[1:] if overlap < 1 else "1"
            axes.text(
                0.995,
                0.45 - place,
                said,
                transform=axes.get_yaxis_transform(),
                ha="right",
                fontsize=SMALL,
                color=colour,
            )
    axes.set_xlim(low, high + 0.06 * (high - low))
    axes.set_ylim(-len(there) + 0.9, 1.0)
    headed(axes, measure.title, measure.unit)


def _values(judged: Judged, key: str, genre: str) -> np.ndarray:
    if judged.table is None:
        return np.zeros(0)
    of = dict.fromkeys(song.file for song in judged.row.songs)
    whose = {song.file: song.genre for song in judged.row.songs}
    files = np.array([whose[name] == genre for name in of])
    return np.asarray(judged.table.values[files[judged.table.song_of], KEYS.index(key)])


def _box(axes: Any, place: int, values: np.ndarray, judged: Judged) -> None:
    if not len(values):
        return
    low, first, middle, third, high = np.percentile(values, (5, 25, 50, 75, 95))
    colour, alpha = colour_of(judged), strength_of(judged)
    axes.plot([low, high], [place, place], color=colour, linewidth=1.2, alpha=alpha)
    axes.barh(place, third - first, left=first, height=0.62, color=colour, alpha=0.45 * alpha)
    axes.plot([middle], [place], "|", color=colour, markersize=9, markeredgewidth=2.4)
