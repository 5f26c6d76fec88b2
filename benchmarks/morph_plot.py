"""Draw takes as the paper's Figure 1: the score dotted, the drums as stems, what they lack grey."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pocket_core.records import TimestepRecord
from pocketd.canvas import DRUMS, FAINT, GREY, INK
from pocketd.wholefile import write_whole

BARS = 2  # of each take that are drawn, the last
WIDTH, HEIGHT, DPI = 3.0, 1.7, 96  # inches of one take, dots an inch

Records = Sequence[TimestepRecord]


def draw(path: Path, name: str, learners: Mapping[str, Sequence[Records]]) -> None:
    """Draw a column a learner, a row a take, the first at the bottom; write the picture whole."""
    takes = max(len(found) for found in learners.values())
    with mpl.rc_context({"axes.spines.top": False, "axes.spines.right": False, "font.size": 9}):
        figure = Figure((WIDTH * len(learners), HEIGHT * takes + 0.6), DPI, layout="constrained")
        grid = figure.subplots(takes, len(learners), sharex=True, sharey=True, squeeze=False)
        for column, (learner, found) in enumerate(learners.items()):
            for n, take in enumerate(found):
                _take(grid[takes - 1 - n][column], take)
                grid[takes - 1 - n][0].set_ylabel(f"take {n + 1}\nms")
            grid[0][column].set_title(learner, color=INK)
            grid[-1][column].set_xlabel("beat")
        figure.suptitle(f"{name}: played by the drums (stems), left to the partner (grey)", color=INK)
        content = io.BytesIO()
        figure.savefig(content, format="png")
    write_whole(path, content.getvalue())


def _take(axes: Axes, take: Records) -> None:
    bars = max(record.bar for record in take)
    last = [record for record in take if record.bar > bars - BARS]
    beats = np.array([(r.bar - last[0].bar) * 4 + r.beat - 1 for r in last])
    said = np.array([r.played_ms for r in last])
    human = np.array([np.nan if r.human_s is None else (r.human_s - r.nominal_s) * 1000 for r in last])
    for beat in beats:
        axes.axvline(beat, color=FAINT, lw=0.8, ls=":")
    axes.bar(beats, human - said, 0.16, said, color=GREY, alpha=0.6)
    axes.vlines(beats, 0.0, said, color=DRUMS, lw=1.4)
    axes.plot(beats, said, "o", ms=3.5, color=DRUMS)
    axes.axhline(0.0, color=INK, lw=0.6)
