"""Draw what the groove template and a model expected of one musician, beside what they did: docs/offsets.png.

    python benchmarks/offsets_plot.py [--data DIR] [--model follower] [--file NAME] [PICTURE.png]

Both forecasts come from the engine itself, without late commit. Without --file it is the validation file
whose template error is the median of those long enough to see something in: nobody's pick.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from numpy.typing import NDArray

from benchmarks.duets import Duet, load
from benchmarks.players import TEMPLATE, predictor
from benchmarks.through_engine import ORIGIN, Run, play
from pocket_core.errors import DataError, PocketError
from pocket_core.predict import Predictor
from pocketd.canvas import DRUMS, FAINT, GREY, HUMAN, INK
from pocketd.wholefile import write_whole

PICTURE = Path(__file__).resolve().parents[1] / "docs" / "offsets.png"
SIZE, DPI = (15.0, 7.2), 96  # inches and dots an inch: 1,440 x 690
SEEN = 200  # meetings that a file must have
BARS = 16  # that the upper pictures show
FIRST_BAR = 5  # a template has something to say by then
BEATS_A_BAR = 4

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Forecasts:
    """One follower in one file, a row a meeting of musician and drums."""

    beats: Floats  # of the meeting, from the start of the file
    real: Floats  # ms
    said: Floats  # ms

    @property
    def mae(self) -> float:
        """Return the mean error, ms."""
        return float(np.abs(self.real - self.said).mean())


def forecasts(duet: Duet, model: Predictor) -> Forecasts:
    """Let the engine play a duet and return what it expected where musician and drums met."""
    records = {round((r.nominal_s - ORIGIN) * duet.bpm / 5): r for r in play(duet, model, Run())}  # twelfths
    met = [s for s in duet.steps if s.human_ms is not None and s.drums_ms is not None]
    return Forecasts(
        np.array([s.twelfth / 12 for s in met]),
        np.array([s.human_ms for s in met], np.float64),
        np.array([records[s.twelfth].forecast_ms for s in met]),
    )


def choose(duets: Sequence[Duet], name: str | None) -> Duet:
    """Return the duet of that name, or the median one; see the module.

    Raises:
        DataError: There is none.
    """
    if name is not None:
        found = [duet for duet in duets if duet.name.endswith(name)]
        if not found:
            raise DataError(f"no file of this split is called {name}; give the name that info.csv has")
        return found[0]
    template = predictor(TEMPLATE)
    long = [(f.mae, duet.name, duet) for duet in duets if len((f := forecasts(duet, template)).real) >= SEEN]
    if not long:
        raise DataError(f"no file has {SEEN} meetings of musician and drums; name one with --file")
    return sorted(long, key=lambda entry: entry[:2])[len(long) // 2][2]


def draw(path: Path, duet: Duet, template: Forecasts, model: Forecasts, name: str) -> None:
    """Write the picture, a PNG of 1,440 x 690 dots.

    Raises:
        PocketError: Matplotlib is not installed, or the place cannot be written to.
    """
    figure = _figure()
    grid = figure.add_gridspec(2, 2, width_ratios=(3.2, 1.0))
    figure.subplots_adjust(left=0.05, right=0.985, top=0.88, bottom=0.08, wspace=0.12, hspace=0.3)
    figure.suptitle(
        f"{duet.name} (validation split): the cymbals are the musician, the rest is the drum track",
        x=0.05,
        ha="left",
        color=INK,
    )
    rows = ((template, "groove template", GREY), (model, name, DRUMS))
    first = BEATS_A_BAR * (FIRST_BAR - 1)
    shown = (template.beats >= first) & (template.beats < first + BARS * BEATS_A_BAR)
    limit = 1.15 * float(np.abs(template.real[shown]).max(initial=10.0))
    widest = 1.05 * float(max(np.abs(f.real).max(initial=10.0) for f, _, _ in rows))
    for row, (found, title, colour) in enumerate(rows):
        axes = figure.add_subplot(grid[row, 0])
        bars = found.beats[shown] / BEATS_A_BAR + 1
        axes.vlines(bars, found.said[shown], found.real[shown], color=FAINT, lw=1.0)
        axes.plot(bars, found.real[shown], "o", ms=4, color=HUMAN, label="musician")
        axes.plot(bars, found.said[shown], "s", ms=3.5, color=colour, label=f"{title} expected")
        axes.axhline(0.0, color=INK, lw=0.6)
        axes.set(ylim=(-limit, limit), ylabel="offset from the grid, ms")
        axes.set_title(f"{title}: mean error {found.mae:.1f} ms over the file", loc="left", fontsize=10)
        axes.legend(loc="upper right", fontsize=8, frameon=False, ncols=2)
        axes.set_xlabel("bar" if row else "")
        beside = figure.add_subplot(grid[row, 1])
        beside.plot([-widest, widest], [-widest, widest], color=FAINT, lw=1.0)
        beside.plot(found.said, found.real, ".", ms=4, color=colour, alpha=0.5)
        beside.set(xlim=(-widest, widest), ylim=(-widest, widest), aspect="equal")
        beside.set_title("expected (across), real (up)", fontsize=9)
        for side in (axes, beside):
            side.tick_params(labelsize=8, colors=INK)
            side.spines[["top", "right"]].set_visible(False)
    content = io.BytesIO()
    figure.savefig(content, format="png", dpi=DPI, metadata={"Software": None})
    write_whole(path, content.getvalue())


def _figure() -> Any:
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise PocketError(f"a picture needs matplotlib ({error}): pip install '.[plot]'") from error
    return Figure(figsize=SIZE, dpi=DPI)


def main(arguments: Sequence[str] | None = None) -> int:
    """Draw it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    default = Path(os.environ.get("POCKETD_DATA", "../shared/data"))
    parser.add_argument("picture", type=Path, nargs="?", default=PICTURE)
    parser.add_argument("--data", type=Path, default=default, help="folder that holds the Groove archive")
    parser.add_argument("--model", default="follower", help="a shipped model")
    parser.add_argument("--file", help="end of a file's name; else the median one")
    options = parser.parse_args(arguments)
    duet = choose(load(options.data, "validation"), options.file)
    template, model = (forecasts(duet, predictor(name)) for name in (TEMPLATE, options.model))
    draw(options.picture, duet, template, model, options.model)
    print(f"{duet.name}: template {template.mae:.2f} ms, {options.model} {model.mae:.2f} ms")
    print(f"wrote {options.picture}")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except PocketError as error:
        print(f"offsets_plot: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
