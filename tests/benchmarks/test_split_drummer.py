"""One drummer becomes a musician and a drum part."""

from __future__ import annotations

from pathlib import Path

from benchmarks.split_drummer import split

from pocket_core.types import Seconds
from pocketd.midifile import read_score, write_score
from pocketd.performance import perform


def test_every_note_goes_to_one_part(tmp_path: Path) -> None:
    drummer = perform(Seconds(4.0)).drums
    source, hands, feet = (tmp_path / name for name in ("drummer.mid", "hands.mid", "feet.mid"))
    write_score(source, drummer, drummer.stream(), "drummer")

    counts = split(source, hands, feet)

    notes = [{n.note for n in read_score(path).notes} for path in (hands, feet)]
    assert sum(counts) == len(drummer.notes)
    assert notes[0] <= {42, 46, 49, 51}
    assert notes[1] <= {36, 38}
