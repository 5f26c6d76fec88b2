"""What the report's pictures have in common: its colours, and axes that leave room for what is drawn."""

from __future__ import annotations

from typing import Any

from pocket_export.sources.report.gather import Judged
from pocket_export.sources.report.rows import FREE, Kind
from pocketd.canvas import FAINT, GREY, INK

#: Okabe and Ito's, apart for every eye.
COLOURS = {"bars": "#0072b2", "continue": "#d55e00", "pattern": "#009e73", "groove": "#cc79a7"}
REAL = "#56606b"
YARDSTICKS = {  # sand and clay: of no source
    "start repeated": "#8c7a3d",
    "training copied": "#b00020",
    "plain rock beat": "#c9a227",
    "chance": "#b9a99a",
}
WIDTH = 14.0  # inches of every picture
SMALL, USUAL, LARGE = 8, 9.5, 12  # points
LIGHTER = 0.55  # opacity of what is made from nothing


def colour_of(judged: Judged) -> str:
    """Return the colour of a row."""
    if judged.row.kind is Kind.REAL:
        return REAL
    return {**COLOURS, **YARDSTICKS}.get(judged.row.source or judged.row.title, REAL)


def strength_of(judged: Judged) -> float:
    """Return how opaque a row's marks are."""
    return LIGHTER if judged.row.title.endswith(FREE) else 1.0


def bare(axes: Any, *, grid: str = "") -> None:
    """Take everything off axes that is not needed."""
    for side in axes.spines.values():
        side.set_visible(False)
    axes.tick_params(length=0, colors=INK, labelsize=SMALL)
    axes.set_axisbelow(True)
    if grid:
        axes.grid(axis=grid, color=FAINT, linewidth=0.7)


def headed(axes: Any, title: str, detail: str = "") -> None:
    """Put a heading over axes, on the left."""
    axes.set_title(title, loc="left", fontsize=LARGE, fontweight="bold", color=INK, pad=20 if detail else 8)
    if detail:
        axes.annotate(
            detail,
            (0, 1),
            (0, 6),
            xycoords="axes fraction",
            textcoords="offset points",
            color=GREY,
            fontsize=SMALL,
        )


def room(figure: Any, lines: int, top: float, between: float, bottom: float) -> None:
    """Divide a figure in lines of panels.

    Args:
        figure: What is divided.
        lines: How many.
        top: Inches over the first.
        between: Inches between two.
        bottom: Inches under the last.
    """
    tall = figure.get_figheight()
    each = (tall - top - bottom - (lines - 1) * between) / lines
    figure.subplots_adjust(top=1 - top / tall, bottom=bottom / tall, hspace=between / each)


def beside(axes: Any, title: str) -> None:
    """Put a row's name on the left of its axes, in as many lines as it has parts."""
    axes.annotate(
        title.replace(", ", "\n"),
        (0, 0.5),
        (-120, 0),
        xycoords="axes fraction",
        textcoords="offset points",
        ha="center",
        va="center",
        fontsize=USUAL,
        color=INK,
    )
