"""What the picture of waiting shows."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from benchmarks.waiting_plot import MS, ONE, SPREADS_MS, TRANSPORT_MS, draw, gain, main, wait_ms

from pocket_core.errors import PocketError
from pocket_core.types import Seconds
from pocket_core.waiting import LONGEST, longest_wait, price_of

PNG = b"\x89PNG\r\n\x1a\n"


def test_the_moment_marked_is_where_gain_and_price_meet() -> None:
    chosen = MS * longest_wait(Seconds(0.0), ONE, Seconds(TRANSPORT_MS / MS))

    price = (1.0 - ONE.chance) * price_of(Seconds(TRANSPORT_MS / MS))
    assert gain(ONE, chosen, TRANSPORT_MS) == pytest.approx(price)
    assert gain(ONE, chosen - 1.0, TRANSPORT_MS) > price > gain(ONE, chosen + 1.0, TRANSPORT_MS)


@pytest.mark.parametrize("spread_ms", SPREADS_MS)
def test_the_lines_rise_with_the_chance_and_stay_within_the_picture(spread_ms: float) -> None:
    waits = [wait_ms(spread_ms, chance / 20, TRANSPORT_MS) for chance in range(21)]

    assert waits == sorted(waits)
    assert waits[0] == 0.0
    assert 0.0 < waits[-1] <= MS * LONGEST


def test_the_command_draws_the_picture_where_it_is_told_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("matplotlib")
    picture = tmp_path / "w.png"
    monkeypatch.setattr("sys.argv", ["waiting_plot", str(picture)])

    assert main() == 0

    assert picture.read_bytes().startswith(PNG)
    assert capsys.readouterr().out == f"{picture}\n"


def test_a_place_that_cannot_be_written_to_is_one_line_and_no_picture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("matplotlib")
    monkeypatch.setattr("sys.argv", ["waiting_plot", str(tmp_path / "nowhere" / "w.png")])

    assert main() == 1

    said = capsys.readouterr().err
    assert said.startswith("waiting_plot: cannot write")
    assert said.count("\n") == 1


def test_without_matplotlib_the_line_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)

    with pytest.raises(PocketError, match="plot"):
        draw(tmp_path / "w.png")
