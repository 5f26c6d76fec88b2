"""What the picture of morphing shows."""

from __future__ import annotations

from pathlib import Path

import pytest
from benchmarks.morph import DRAWN, LEARNERS
from benchmarks.morph_plot import draw, picture

from pocket_core.records import TimestepRecord
from pocket_core.types import Seconds


def take(on_beat_ms: float, off_beat_ms: float) -> list[TimestepRecord]:
    """Return two bars of eighths with a partner who swings."""
    records = []
    for n in range(16):
        at, played = n * 0.25, off_beat_ms if n % 2 else on_beat_ms
        human = Seconds(at + (0.083 if n % 2 else 0.0))
        sounded = Seconds(at + played / 1000)
        bar, beat = 1 + n // 8, 1.0 + n % 8 / 2
        records.append(
            TimestepRecord(n, Seconds(at), bar, beat, ("kick",), 0.0, 0.0, played, sounded, human, None)
        )
    return records


LEARNT = {"a model": [take(-25.0, 60.0), take(0.0, 80.0)], "another": [take(-2.0, 40.0), take(-1.0, 95.0)]}


def test_every_stem_of_every_take_lies_within_the_picture() -> None:
    drawn = picture("swing", LEARNT)

    for axes in drawn.axes:
        lowest, highest = axes.get_ylim()
        assert lowest < -25.0
        assert highest > 95.0


def test_beats_are_counted_from_one_and_each_column_has_its_title() -> None:
    drawn = picture("swing", LEARNT)

    assert [list(axes.get_xticks()) for axes in drawn.axes] == [list(range(1, 9))] * 4
    assert [axes.get_title() for axes in drawn.axes[:2]] == list(LEARNT)
    assert "beat of the take's last 2 bars" in drawn.axes[-1].get_xlabel()


@pytest.mark.parametrize("name", DRAWN)
def test_what_stands_above_a_column_says_what_a_and_b_are(name: str) -> None:
    assert name in {learner.name for learner in LEARNERS}
    assert "A3" not in DRAWN[name]
    assert "learns" in DRAWN[name]


def test_the_picture_is_a_png(tmp_path: Path) -> None:
    draw(tmp_path / "morph.png", "swing", LEARNT)

    assert (tmp_path / "morph.png").read_bytes().startswith(b"\x89PNG")
