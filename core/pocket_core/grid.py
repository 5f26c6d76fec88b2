"""The grid: sixteenths and eighth-note triplets' halves, counted from the bar line."""

from __future__ import annotations

from pocket_core.tempo import BarPosition, MeterMap
from pocket_core.types import Beats

TWELFTHS = 12  # every grid position is a multiple of 1/12 of a quarter note from its bar line


def nearest_twelfth(in_bar: Beats) -> int:
    """Return the grid position nearest to a distance from the bar line, in twelfths of a quarter note.

    The grid has 4 or 6 divisions of the quarter note, whichever is nearer; 6 only where strictly nearer;
    halves round to even (DESIGN, "grid").
    """
    fourth, sixth = round(in_bar * 4), round(in_bar * 6)
    if abs(in_bar - sixth / 6) < abs(in_bar - fourth / 4):
        return sixth * 2
    return fourth * 3


def nearest_grid(beat: Beats, meters: MeterMap) -> Beats:
    """Return the grid position nearest to a position in the song, both in quarter notes from its start.

    The next bar line is one too, wherever the bar ends.
    """
    place = meters.position(beat)
    grid = Beats(place.bar_line + nearest_twelfth(place.in_bar) / TWELFTHS)
    return place.next_line if abs(place.next_line - beat) < abs(grid - beat) else grid


def twelfth_of_bar(place: BarPosition) -> int:
    """Return the nearest twelfth of a quarter note within the bar, as the groove template counts.

    A place that rounds up to the next bar line is 0.
    """
    slot = round(place.in_bar * TWELFTHS)
    return slot if slot < place.meter.bar_beats * TWELFTHS - 1e-9 else 0
