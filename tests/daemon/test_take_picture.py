from __future__ import annotations

import struct
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from pocket_core.errors import PocketError, TakeError
from pocket_core.records import TimestepRecord
from pocket_core.tempo import Meter
from pocket_core.types import Seconds
from pocketd.desk_records import FORMAT, TakeHeader
from pocketd.take_content import BarMeter, Knot, TakeContent
from pocketd.take_picture import MOST_BARS, Chosen, draw_take, parse_bars
from tests.daemon.take_story import T, hello, start

pytest.importorskip("matplotlib")


def content(bars: int, first: int = 1, song: str = "Blue") -> TakeContent:
    """A take of four beats a bar; the musician meets every other one."""
    header = TakeHeader(format=FORMAT, started="2026-11-20T12:00:00", origin=T, source=None, hello=hello())
    take = TakeContent(header, start(), [hello(song=song)], [Knot(T, start().position)])
    take.meters.append(BarMeter(1, Meter(4, 4)))
    for i in range(4 * bars):
        at = Seconds(T + i / 2)
        human = Seconds(at + 0.02) if i % 2 else None
        diff = None if human is None else 12.0
        take.timesteps.append(
            TimestepRecord(
                i,
                at,
                first + i // 4,
                1.0 + i % 4,
                ("kick",),
                5.0,
                8.0,
                8.0,
                Seconds(at + 0.008),
                human,
                diff,
            )
        )
    return take


def size(path: Path) -> tuple[int, int]:
    width, height = struct.unpack(">II", path.read_bytes()[16:24])  # PNG's IHDR
    return width, height


@pytest.mark.parametrize(
    ("bars", "height"), [(1, 655), (4, 655), (5, 835), (9, 945), (16, 1035), (40, 1245), (96, 2715)]
)
def test_a_long_take_has_several_rows(tmp_path: Path, bars: int, height: int) -> None:
    shown = draw_take(tmp_path / "a.png", "A take", content(bars))

    assert size(tmp_path / "a.png") == (1600, height)
    assert shown == ("bar 1" if bars == 1 else f"bars 1 to {bars}")


def test_of_a_take_that_is_too_long_the_first_bars_are_shown_and_it_says_so(tmp_path: Path) -> None:
    shown = draw_take(tmp_path / "a.png", "A take", content(MOST_BARS + 4))

    assert shown == f"bars 1 to {MOST_BARS} of bars 1 to {MOST_BARS + 4}"


def test_chosen_bars_are_those_of_the_song(tmp_path: Path) -> None:
    shown = draw_take(tmp_path / "a.png", "A take", content(8, first=5), Chosen(7, 8))

    assert shown == "bars 7 to 8"


def test_bars_that_the_take_has_not_are_refused_with_those_that_it_has(tmp_path: Path) -> None:
    with pytest.raises(TakeError, match="A take has no drums in those bars; its bars are bars 5 to 12"):
        draw_take(tmp_path / "a.png", "A take", content(8, first=5), Chosen(1, 2))


def test_a_take_without_a_drum_cannot_be_drawn(tmp_path: Path) -> None:
    with pytest.raises(TakeError, match="no drum was struck in it, so there is nothing to draw"):
        draw_take(tmp_path / "a.png", "A take", content(0))
    assert not list(tmp_path.iterdir())


def test_a_take_in_which_nobody_met_a_drum_can_be_drawn(tmp_path: Path) -> None:
    take = content(2)
    take.timesteps = [replace(step, human_s=None, diff_ms=None) for step in take.timesteps]

    draw_take(tmp_path / "a.png", "A take", take)

    assert size(tmp_path / "a.png")[0] == 1600


@pytest.mark.parametrize("name", ["$\\frac{$", "夜 🥁", "a\nb", "100 % <b>"])
def test_a_song_may_have_any_name(tmp_path: Path, name: str, recwarn: pytest.WarningsRecorder) -> None:
    draw_take(tmp_path / "a.png", name, content(1, song=name))

    assert size(tmp_path / "a.png")[0] == 1600
    assert not recwarn.list


def test_the_same_take_gives_the_same_picture(tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        draw_take(tmp_path / name, "A take", content(4))

    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_an_onset_far_away_does_not_squeeze_the_rest_together(tmp_path: Path) -> None:
    near, far = content(1), content(1)
    far.timesteps[1] = replace(far.timesteps[1], human_s=Seconds(T + 100.0))

    draw_take(tmp_path / "near.png", "A take", near)
    draw_take(tmp_path / "far.png", "A take", far)

    assert size(tmp_path / "far.png") == size(tmp_path / "near.png")


def test_bars_are_written_with_a_dash() -> None:
    assert parse_bars("9-16") == Chosen(9, 16)
    assert parse_bars("9") == Chosen(9, 9)


def test_without_matplotlib_it_says_how_to_install_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)

    with pytest.raises(PocketError, match="pip install"):
        draw_take(tmp_path / "none.png", "A take", content(1))
