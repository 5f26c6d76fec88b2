"""Draw how long a hit waits for the musician: docs/waiting.png.

    python benchmarks/waiting_plot.py [PICTURE.png]

Every line is asked of `pocket_core.waiting`. Only the first picture's gain is worked out here, from that
module's formula: that the moment chosen lies where gain and price meet is thus to be seen, not assumed.
"""

from __future__ import annotations

import argparse
import io
import math
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pocket_core.errors import PocketError
from pocket_core.types import Seconds
from pocket_core.waiting import LOGISTIC_SPREAD, LONGEST, Meeting, longest_wait, price_of
from pocketd.canvas import DRUMS, FAINT, GREY, HUMAN, INK, blank
from pocketd.wholefile import write_whole

PICTURE = Path(__file__).resolve().parents[1] / "docs" / "waiting.png"
SIZE, DPI = (15.0, 4.8), 96  # inches and dots an inch: 1,440 x 460
SPREADS_MS = {5.0: "#009e73", 10.0: DRUMS, 15.0: "#cc79a7"}  # Okabe and Ito's green and purple
TRANSPORT_MS = 3.0
LIKELY = 0.95  # the chance in the picture of the transports
ONE = Meeting(Seconds(0.002), Seconds(0.010), 0.7)  # the timestep of the first picture, its forecast at 0
MS = 1000.0  # in a second


def wait_ms(spread_ms: float, chance: float, transport_ms: float) -> float:
    """Return how long a hit waits that is forecast where the musician is expected."""
    meeting = Meeting(Seconds(0.0), Seconds(spread_ms / MS), chance)
    return MS * longest_wait(Seconds(0.0), meeting, Seconds(transport_ms / MS))


def gain(meeting: Meeting, leaves_ms: float, transport_ms: float) -> float:
    """Return by how much the expected error falls, ms an ms of waiting, at a moment of leaving."""

    def come_by(at_ms: float) -> float:
        scale = meeting.spread / LOGISTIC_SPREAD
        return 1.0 / (1.0 + math.exp(-(at_ms / MS - meeting.expected) / scale))

    return meeting.chance * (1.0 - 2.0 * come_by(leaves_ms) + come_by(leaves_ms - transport_ms))


def draw(path: Path) -> None:
    """Write the picture, a PNG of 1,440 x 460 dots.

    Raises:
        PocketError: Matplotlib is not installed, or the place cannot be written to.
    """
    figure = blank(SIZE)
    figure.subplots_adjust(left=0.05, right=0.985, top=0.84, bottom=0.13, wspace=0.2)
    one, chances, transports = figure.subplots(1, 3)
    for axes in (one, chances, transports):
        axes.grid(color=FAINT, linewidth=0.8)
        axes.set_axisbelow(True)
        axes.tick_params(length=0, pad=6, colors=INK, labelsize=10)
        for side in axes.spines.values():
            side.set_visible(False)
    _draw_one(one)
    _draw_chances(chances)
    _draw_transports(transports)
    buffer = io.BytesIO()
    figure.savefig(
        buffer, format="png", dpi=DPI, metadata={"Software": "pocketd"}, pil_kwargs={"optimize": True}
    )
    write_whole(path, buffer.getvalue())


def _draw_one(axes: Any) -> None:
    moments = [0.1 * n for n in range(301)]  # ms after the forecast
    gains = [gain(ONE, at, TRANSPORT_MS) for at in moments]
    price = (1.0 - ONE.chance) * price_of(Seconds(TRANSPORT_MS / MS))
    chosen = MS * longest_wait(Seconds(0.0), ONE, Seconds(TRANSPORT_MS / MS))
    worth = [at <= chosen for at in moments]
    axes.fill_between(moments, gains, price, where=worth, color=DRUMS, alpha=0.12, linewidth=0)
    axes.plot(moments, gains, color=DRUMS, linewidth=2.4)
    axes.axhline(price, color=HUMAN, linewidth=2.0)
    axes.plot([chosen], [gain(ONE, chosen, TRANSPORT_MS)], "o", color=INK, markersize=8, zorder=4)
    axes.annotate(
        f"leaves {chosen:.1f} ms\nafter its forecast,\nif no onset comes first",
        (chosen, price),
        xytext=(chosen - 1.5, price + 0.07),
        color=INK,
        arrowprops={"arrowstyle": "-", "color": GREY},
    )
    axes.text(5.5, gain(ONE, 5.0, TRANSPORT_MS), "gain: nearer to the musician", color=DRUMS)
    axes.text(30.0, price + 0.005, "price of dragging", color=HUMAN, ha="right")
    axes.set_xlim(0.0, 30.0)
    axes.set_ylim(0.0, None)
    axes.set_xlabel("moment of leaving, ms after the forecast", color=INK)
    axes.set_ylabel("ms of expected error per ms of waiting", color=INK)
    expected, spread = MS * ONE.expected, MS * ONE.spread
    meeting = f"expected {expected:g} ms later, spread {spread:g} ms, chance {ONE.chance:g}"
    _title(axes, "One timestep", f"{meeting}, T = {TRANSPORT_MS:g} ms")


def _draw_chances(axes: Any) -> None:
    chances = [n / 500 for n in range(501)]
    for spread, color in SPREADS_MS.items():
        waits = [wait_ms(spread, chance, TRANSPORT_MS) for chance in chances]
        axes.plot(chances, waits, color=color, linewidth=2.4, label=f"spread {spread:g} ms")
    axes.legend(loc="upper left", bbox_to_anchor=(0.0, 0.92), frameon=False, fontsize=10)
    axes.set_xlim(0.0, 1.0)
    axes.set_xlabel("chance that the musician plays here", color=INK)
    _waits(axes)
    _title(
        axes,
        "The likelier the musician, the longer it waits",
        f"forecast as expected, T = {TRANSPORT_MS:g} ms",
    )


def _draw_transports(axes: Any) -> None:
    transports = [n / 10 for n in range(201)]  # ms
    for spread, color in SPREADS_MS.items():
        axes.plot(transports, [wait_ms(spread, LIKELY, t) for t in transports], color=color, linewidth=2.4)
    axes.set_xlim(0.0, 20.0)
    axes.set_xlabel("transport T: from onset to the drum it causes, ms", color=INK)
    _waits(axes)
    _title(
        axes,
        "The later a claim, the less it is waited for",
        f"forecast as expected, chance {LIKELY:g}, spreads as beside",
    )


def _waits(axes: Any) -> None:
    axes.axhline(MS * LONGEST, color=GREY, linewidth=1.2, linestyle=(0, (4, 3)))
    axes.set_ylim(0.0, 1.08 * MS * LONGEST)
    axes.set_ylabel("wait, ms", color=INK)


def _title(axes: Any, title: str, detail: str) -> None:
    axes.text(0.0, 1.10, title, transform=axes.transAxes, color=INK, fontsize=13, fontweight="bold")
    axes.text(0.0, 1.035, detail, transform=axes.transAxes, color=INK, fontsize=10)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("picture", type=Path, nargs="?", default=PICTURE, help="written: a PNG")
    path = parser.parse_args().picture
    try:
        draw(path)
    except PocketError as error:
        print(f"waiting_plot: {error}", file=sys.stderr)
        return error.exit_code
    print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
