"""What the project's pictures have in common: a blank sheet, its colours, and the sheet as a PNG."""

from __future__ import annotations

import io
import warnings
from typing import Any

from pocket_core.errors import PocketError
from pocketd.standard import printable

DPI = 100  # dots an inch
INK, GREY, FAINT = "#1f2328", "#8a9099", "#d0d4da"
DRUMS, HUMAN = "#0072b2", "#d55e00"  # Okabe and Ito's blue and vermilion: apart for every eye


def see_that_it_can_draw() -> None:
    """See whether pictures can be drawn, before anything is done for one.

    Raises:
        PocketError: Matplotlib is not installed.
    """
    blank((1.0, 1.0))


def blank(size: tuple[float, float]) -> Any:
    """Return an empty figure of so many inches, that belongs to no window.

    Raises:
        PocketError: Matplotlib is not installed.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise PocketError("a picture needs matplotlib; run: pip install 'pocketd[plot]'") from error
    figure = Figure(figsize=size, facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def png(figure: Any) -> bytes:
    """Return a figure as a PNG; the same figure gives the same bytes."""
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # a letter that the font lacks, in a file's name
        figure.savefig(buffer, format="png", dpi=DPI, metadata={"Software": "pocketd"})
    return buffer.getvalue()


def even_steps() -> Any:
    """Return what puts a few round numbers on an axis."""
    from matplotlib.ticker import MaxNLocator

    return MaxNLocator(6, steps=[1, 2, 5, 10])


def shortened(text: str, length: int) -> str:
    """Return a text in one line of at most so many letters."""
    text = printable(text)
    return text if len(text) <= length else f"{text[: length - 1]}…"
