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
SAYS = "how late the drums play each hit (blue), and what they still lack to the partner (grey)"
WIDTH, HEIGHT, DPI = 3.0, 1.7, 96  # inches of one take, dots an inch

Records = Sequence[TimestepRecord]


def draw(path: Path, name: str, learners: Mapping[str, Sequence[Records]]) -> None:
    """Draw `picture`, and write it whole."""
    content = io.BytesIO()
    picture(name, learners).savefig(content, format="png")
    write_whole(path, content.getvalue())


def picture(name: str, learners: Mapping[str, Sequence[Records]]) -> Figure:
    """Return a column a learner, a row a take, the first at the bottom.

    Args:
        name: Of what is learnt.
        learners: By what stands above each column, the timesteps of its takes.
    """
    takes = max(len(found) for found in learners.values())
    with mpl.rc_context({"axes.spines.top": False, "axes.spines.right": False, "font.size": 9}):
        figure = Figure((WIDTH * len(learners), HEIGHT * takes + 1.0), DPI, layout="constrained")
        grid = figure.subplots(takes, len(learners), sharex=True, sharey=True, squeeze=False)
        for column, (learner, found) in enumerate(learners.items()):
            for n, take in enumerate(found):
                _take(grid[takes - 1 - n][column], take)
                grid[takes - 1 - n][0].set_ylabel(f"take {n + 1}\nms late")
            grid[0][column].set_title(learner, color=INK)
            grid[-1][column].set_xlabel(f"beat of the take's last {BARS} bars")
        lowest, highest = _reach([take for found in learners.values() for take in found])
        grid[0][0].set_ylim(lowest, highest)  # of all: matplotlib leaves stems out that it has not drawn last
        figure.suptitle(f"{name}: {SAYS}", color=INK)
    return figure


def _reach(takes: Sequence[Records]) -> tuple[float, float]:
    """Return between which offsets all that is drawn lies, with a little room, ms."""
    drawn = [ms for take in takes for record in _last(take) for ms in (record.played_ms, _human(record))]
    found = [*(ms for ms in drawn if not np.isnan(ms)), 0.0]
    room = max(0.06 * (max(found) - min(found)), 1.0)
    return min(found) - room, max(found) + room


def _last(take: Records) -> list[TimestepRecord]:
    bars = max(record.bar for record in take)
    return [record for record in take if record.bar > bars - BARS]


def _human(record: TimestepRecord) -> float:
    """Return where the partner was, ms; NaN: nowhere."""
    return np.nan if record.human_s is None else (record.human_s - record.nominal_s) * 1000


def _take(axes: Axes, take: Records) -> None:
    last = _last(take)
    beats = np.array([(r.bar - last[0].bar) * 4 + r.beat for r in last])
    said = np.array([r.played_ms for r in last])
    human = np.array([_human(r) for r in last])
    for beat in beats:
        axes.axvline(beat, color=FAINT, lw=0.8, ls=":")
    axes.bar(beats, human - said, 0.16, said, color=GREY, alpha=0.6)
    axes.vlines(beats, 0.0, said, color=DRUMS, lw=1.4)
    axes.plot(beats, said, "o", ms=3.5, color=DRUMS)
    axes.axhline(0.0, color=INK, lw=0.6)
    axes.set_xticks(range(1, BARS * 4 + 1))  # as a musician counts them, through
