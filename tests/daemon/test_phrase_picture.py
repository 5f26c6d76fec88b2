from __future__ import annotations

import struct
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from pocket_core.errors import PocketError
from pocket_core.phrases.generator import Onset
from pocket_core.phrases.kit import Kit
from pocket_core.phrases.phrase import BAR, Phrase, Stroke, phrase_of
from pocket_core.types import Beats
from pocketd.phrase_picture import MOST_BARS, Shown, draw_phrase

pytest.importorskip("matplotlib")
KIT = Kit()
KICK, SNARE, HAT, TOM = 36, 38, 42, 50


def bars(
    count: int, notes: Sequence[int] = (KICK, SNARE, HAT), velocity: int = 90, late: float = 0.0
) -> Phrase:
    """A stroke a beat of each note."""
    struck = (Stroke(Beats(n), note, velocity, Beats(late)) for n in range(4 * count) for note in notes)
    return phrase_of(struck, Beats(count * BAR))


def shown(made: Phrase, **more: object) -> Shown:
    return replace(Shown("bars: near rock", "made up", made, KIT), **more)  # type: ignore[arg-type]


def size(path: Path) -> tuple[int, int]:
    width, height = struct.unpack(">II", path.read_bytes()[16:24])  # PNG's IHDR
    return width, height


def drawn(path: Path, what: Shown) -> bytes:
    draw_phrase(path, what)
    return path.read_bytes()


@pytest.mark.parametrize(
    ("count", "height", "words"),
    [
        (1, 347, "bar 1"),
        (8, 347, "bars 1 to 8"),
        (9, 529, "bars 1 to 9"),
        (MOST_BARS, 2349, f"bars 1 to {MOST_BARS}"),
        (MOST_BARS + 3, 2349, f"bars 1 to {MOST_BARS} of {MOST_BARS + 3}"),
    ],
)
def test_eight_bars_are_a_row_and_of_many_rows_the_first_are_drawn(
    tmp_path: Path, count: int, height: int, words: str
) -> None:
    said = draw_phrase(tmp_path / "a.png", shown(bars(count)))

    assert said == words
    assert size(tmp_path / "a.png") == (1600, height)


def test_each_voice_that_plays_has_a_line(tmp_path: Path) -> None:
    draw_phrase(tmp_path / "3.png", shown(bars(2)))
    draw_phrase(tmp_path / "4.png", shown(bars(2, (KICK, SNARE, HAT, TOM))))

    assert size(tmp_path / "4.png")[1] == size(tmp_path / "3.png")[1] + 44


def test_bars_are_counted_from_the_first_that_was_made_and_of_the_primer_the_last_are_drawn(
    tmp_path: Path,
) -> None:
    said = draw_phrase(tmp_path / "a.png", shown(bars(6), before=bars(20)))

    assert said == "bars 1 to 6"
    assert size(tmp_path / "a.png")[1] == 529  # 4 of 20 bars and 6


@pytest.mark.parametrize(
    "other",
    [
        shown(bars(2, velocity=60)),  # softer
        shown(bars(2, late=0.04)),  # 20 ms behind at 120 BPM
        shown(bars(2), shares=(0.0, 1.0)),
        shown(bars(2), heard=(Onset(Beats(1.0), 90),)),
        shown(bars(2), before=bars(1)),
    ],
)
def test_velocity_offset_way_musician_and_primer_are_to_be_seen(tmp_path: Path, other: Shown) -> None:
    assert drawn(tmp_path / "a.png", shown(bars(2))) != drawn(tmp_path / "b.png", other)


def test_silence_can_be_drawn(tmp_path: Path) -> None:
    said = draw_phrase(tmp_path / "a.png", shown(Phrase((), Beats(2 * BAR))))

    assert said == "bars 1 to 2"


def test_a_note_of_no_voice_has_no_line(tmp_path: Path) -> None:
    cowbell = bars(2, (KICK, SNARE, HAT, 56))

    assert drawn(tmp_path / "a.png", shown(bars(2))) == drawn(tmp_path / "b.png", shown(cowbell))


@pytest.mark.parametrize("name", ["$\\frac{$", "夜 🥁", "bad\udcff", "a\nb", "100 % <b>"])
def test_a_file_may_have_any_name(tmp_path: Path, name: str, recwarn: pytest.WarningsRecorder) -> None:
    draw_phrase(tmp_path / "a.png", shown(bars(1), title=name, about=name))

    assert size(tmp_path / "a.png")[0] == 1600
    assert not recwarn.list


def test_the_same_phrase_gives_the_same_picture(tmp_path: Path) -> None:
    assert drawn(tmp_path / "a.png", shown(bars(3))) == drawn(tmp_path / "b.png", shown(bars(3)))


def test_without_matplotlib_it_says_how_to_install_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)

    with pytest.raises(PocketError, match="pip install"):
        draw_phrase(tmp_path / "none.png", shown(bars(1)))
