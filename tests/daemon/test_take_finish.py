from __future__ import annotations

from pathlib import Path

import pytest

from pocket_core.errors import TakeError
from pocketd.take_finish import finish_apart
from pocketd.takes import MIDI, REPORT, TABLE, finalise
from tests.daemon.takes_driver import a_take, journal


def test_a_take_is_finished_apart_as_it_is_here(tmp_path: Path) -> None:
    here = a_take(tmp_path / "here", done=False)
    apart = a_take(tmp_path / "apart", done=False)

    mine, its = finalise(here), finish_apart(apart)

    for name in (MIDI, TABLE, REPORT):
        assert (apart / name).read_bytes() == (here / name).read_bytes()
    assert (its.folder, its.summary, its.tally, its.length) == (apart, mine.summary, mine.tally, mine.length)


def test_what_is_wrong_is_said_in_a_line_as_it_is_here(tmp_path: Path) -> None:
    folder = a_take(tmp_path, data=journal().replace(b'"timestep"', b'"timestop"', 1), done=False)

    with pytest.raises(TakeError, match=r"journal\.jsonl, line 8: "):
        finish_apart(folder)
