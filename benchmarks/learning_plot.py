"""Draw how near the drums come to the musician, take by take."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pocketd.canvas import FAINT, GREY, INK, blank, png
from pocketd.wholefile import write_whole

SIZE = (8.0, 4.6)  # inches
COLOURS = ("#0072b2", "#d55e00", "#e69f00", "#009e73", "#56b4e9", "#cc79a7")  # Okabe and Ito's


def draw(path: Path, curves: Mapping[str, NDArray[np.float64]], *, grid_ms: float, floor_ms: float) -> None:
    """Draw a curve a learner; write the picture whole.

    Args:
        path: Of the picture.
        curves: By the learner's name, (partners, takes) ms: the asynchrony's deviation.
        grid_ms: The same of drums that stay on the grid.
        floor_ms: What nobody could know beforehand.
    """
    figure = blank(SIZE)
    axes = figure.add_axes((0.08, 0.11, 0.9, 0.79))
    for spine in ("top", "right"):
        axes.spines[spine].set_visible(False)
    takes = max(curve.shape[1] for curve in curves.values())
    for level, what, side in (
        (grid_ms, "on the grid", "bottom"),
        (floor_ms, "the partner's drift and noise", "top"),
    ):
        axes.axhline(level, color=GREY, lw=1.0, ls=":")
        below = 0.15 if side == "bottom" else -0.15
        axes.text(1.5, level + below, what, color=GREY, ha="left", va=side, fontsize=9)
    for (name, curve), colour in zip(curves.items(), COLOURS * 2, strict=False):
        at = np.arange(1, curve.shape[1] + 1)
        axes.plot(at, curve.mean(axis=0), "o-", ms=4, lw=1.6, color=colour, label=name)
    axes.set_xticks(np.arange(1, takes + 1))
    axes.set_ylim(0.8 * floor_ms, 1.06 * grid_ms)
    axes.set_xlabel("take, a night between two", color=INK)
    axes.set_ylabel("SD of partner - drums, ms", color=INK)
    axes.grid(axis="y", color=FAINT, lw=0.6)
    axes.legend(frameon=False, fontsize=9, loc="upper right", bbox_to_anchor=(1.0, 0.86), ncols=2)
    axes.set_title("Better tomorrow: how near the drums come", color=INK, loc="left", fontsize=11)
    write_whole(path, png(figure))
