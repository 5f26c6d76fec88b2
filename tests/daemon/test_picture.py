from __future__ import annotations

import struct
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from pocket_core.errors import PocketError
from pocket_core.records import TimestepRecord
from pocket_core.tempo import Meter, MeterChange, MeterMap, TempoChange, TempoMap
from pocket_core.types import Beats, Seconds
from pocketd.picture import Shown, draw

pytest.importorskip("matplotlib")
HALF = Seconds(0.5)


def shown(human_bars: tuple[int, ...] = (2,), bars: int = 4, meters: MeterMap | None = None) -> Shown:
    """Eight eighths a bar at 120 BPM; the musician plays in some bars only."""
    records = [
        TimestepRecord(
            index=i,
            nominal_s=Seconds(i / 4),
            bar=i // 8 + 1,
            beat=1 + (i % 8) / 2,
            voices=("closed hat", "kick") if i % 4 == 0 else ("closed hat",),
            forecast_ms=8.0,
            refined_ms=9.0,
            played_ms=9.0,
            committed_s=Seconds(i / 4 + 0.009),
            human_s=Seconds(i / 4 + 0.012) if i // 8 + 1 in human_bars else None,
            diff_ms=3.0 if i // 8 + 1 in human_bars else None,
        )
        for i in range(8 * bars)
    ]
    onsets = [r.human_s for r in records if r.human_s is not None]
    tempo = TempoMap([TempoChange(Beats(0.0), 120.0)])
    return Shown("A title", "synthetic", records, onsets, tempo, meters or MeterMap())


def size(path: Path) -> tuple[int, int]:
    width, height = struct.unpack(">II", path.read_bytes()[16:24])  # PNG's IHDR
    return width, height


def test_it_is_a_png_as_wide_as_a_readme(tmp_path: Path) -> None:
    path = tmp_path / "duet.png"

    draw(path, shown())

    assert path.read_bytes().startswith(b"\x89PNG")
    assert size(path) == (1600, 900)


@pytest.mark.parametrize("name", ["$\\frac{$", "夜 🥁", "bad\udcff", "a\nb", "100 % <b>"])
def test_the_title_may_be_any_file_s_name(
    tmp_path: Path, name: str, recwarn: pytest.WarningsRecorder
) -> None:
    draw(tmp_path / "a.png", replace(shown(), title=name, source=name))

    assert size(tmp_path / "a.png") == (1600, 900)
    assert not recwarn.list


def test_the_same_performance_gives_the_same_picture(tmp_path: Path) -> None:
    draw(tmp_path / "a.png", shown())
    draw(tmp_path / "b.png", shown())

    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_it_shows_the_bars_where_the_musician_plays_with_the_drums(tmp_path: Path) -> None:
    playing = shown(human_bars=(5,), bars=8)

    draw(tmp_path / "chosen.png", playing, bars=1)
    draw(tmp_path / "asked.png", playing, first_bar=5, bars=1)

    assert (tmp_path / "chosen.png").read_bytes() == (tmp_path / "asked.png").read_bytes()


@pytest.mark.parametrize("bars", [1, 2, 3])
def test_a_take_of_one_bar_can_be_drawn(tmp_path: Path, bars: int) -> None:
    draw(tmp_path / "short.png", shown(human_bars=(), bars=1), bars=bars)

    assert size(tmp_path / "short.png") == (1600, 900)


def test_other_meters_can_be_drawn(tmp_path: Path) -> None:
    meters = MeterMap([MeterChange(Beats(0.0), Meter(7, 8)), MeterChange(Beats(7.0), Meter(3, 4))])

    draw(tmp_path / "seven.png", shown(meters=meters), first_bar=2)

    assert size(tmp_path / "seven.png") == (1600, 900)


def test_without_matplotlib_it_says_how_to_install_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)

    with pytest.raises(PocketError, match="pip install"):
        draw(tmp_path / "none.png", shown())
