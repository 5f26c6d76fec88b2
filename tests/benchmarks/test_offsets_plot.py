"""Whose expectations are drawn, of which file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from benchmarks.duets import Duet, Note, take_apart
from benchmarks.offsets_plot import SEEN, choose, draw, forecasts, main
from benchmarks.players import SIMPLE

from pocket_core.errors import DataError
from pocket_core.types import Beats

from .humanise_archive import archive, line

KICK, HAT = 36, 42
MS = 1 / 500  # quarter notes at 120 BPM
PNG = b"\x89PNG\r\n\x1a\n"


def duet(offsets_ms: list[float], name: str = "made up") -> Duet:
    """Kick and hat together on each beat, the hat off by so much; a kick alone between two beats."""
    notes = []
    for beat, offset in enumerate(offsets_ms, start=1):
        notes += [Note(Beats(beat), KICK, 90), Note(Beats(beat + offset * MS), HAT, 80)]
        notes.append(Note(Beats(beat + 0.5), KICK, 90))
    return take_apart(name, 1, 120.0, sorted(notes, key=lambda note: note.beat))


def test_what_was_expected_stands_beside_what_the_musician_did_where_they_met() -> None:
    found = forecasts(duet([10.0, -20.0, 30.0]), SIMPLE["none"]())

    assert found.beats == pytest.approx([1.0, 2.0, 3.0])
    assert found.real == pytest.approx([10.0, -20.0, 30.0])
    assert found.said == pytest.approx([0.0, 0.0, 0.0])
    assert found.mae == pytest.approx(20.0)


def test_the_file_that_is_chosen_has_the_median_error_of_those_long_enough() -> None:
    def uneven(ms: float, name: str, beats: int = SEEN) -> Duet:
        return duet([ms if beat % 2 else -ms for beat in range(beats)], name)

    files = [uneven(30.0, "rough"), uneven(2.0, "smooth"), uneven(9.0, "between"), uneven(20.0, "short", 20)]

    assert choose(files, None).name == "between"


def test_a_file_is_found_by_the_end_of_its_name() -> None:
    files = [duet([0.0], f"drummer{n}/session1/{n}_rock.mid") for n in (1, 7)]

    assert choose(files, "7_rock.mid").name == "drummer7/session1/7_rock.mid"


@pytest.mark.parametrize(("name", "said"), [("waltz.mid", "called waltz.mid"), (None, f"{SEEN} meetings")])
def test_where_there_is_no_such_file_the_line_says_what_to_do(name: str | None, said: str) -> None:
    with pytest.raises(DataError, match=said):
        choose([duet([0.0] * 10)], name)


def test_the_picture_is_drawn_also_of_a_file_that_ends_before_the_bars_it_shows(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    short = duet([5.0, 6.0])
    found = forecasts(short, SIMPLE["none"]())

    draw(tmp_path / "o.png", short, found, replace(found, said=found.real), "seer")

    assert (tmp_path / "o.png").read_bytes().startswith(PNG)


def test_the_command_draws_a_file_of_the_archive_and_says_how_far_off_both_were(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("matplotlib")
    archive(tmp_path, line("drummer1/a.mid", "validation"), bars={"a": 8})
    picture = tmp_path / "o.png"

    code = main([str(picture), "--data", str(tmp_path), "--model", "none", "--file", "a.mid"])

    assert code == 0
    assert picture.read_bytes().startswith(PNG)
    said = capsys.readouterr().out
    assert said.startswith("drummer1/a.mid: template ")
    assert f"wrote {picture}" in said
