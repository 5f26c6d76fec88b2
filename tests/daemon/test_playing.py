from __future__ import annotations

from pathlib import Path

from pocketd.champion import Nights
from pocketd.desk_records import Bye, Record, TransportStart, TransportStop
from pocketd.playing import Playing
from tests.daemon.take_story import T, take


def story(kind: type[Record]) -> Record:
    """Return a record of that kind out of a take."""
    return next(record for record in take() if isinstance(record, kind))


def test_somebody_plays_from_a_start_to_its_stop(tmp_path: Path) -> None:
    nights = Nights(tmp_path / "nights")
    playing = Playing(nights)
    seen = [nights.somebody_plays()]

    for record in take():
        playing.read(record)
        seen.append(nights.somebody_plays())

    assert seen[0] is False
    assert set(seen[2:-1]) == {True}
    assert seen[-1] is False


def test_a_daemon_that_ends_while_it_plays_lets_go(tmp_path: Path) -> None:
    nights = Nights(tmp_path / "nights")
    playing = Playing(nights)
    playing.read(story(TransportStart))

    playing.read(Bye(at=T))

    assert not nights.somebody_plays()


def test_a_lock_that_was_not_free_is_taken_once_it_is(tmp_path: Path) -> None:
    nights = Nights(tmp_path / "nights")
    playing = Playing(nights)
    held = nights.hold_playing()  # as for the moment in which a night looks
    assert held is not None
    playing.read(story(TransportStart))
    held.close()
    before = nights.somebody_plays()

    playing.turn()

    assert (before, nights.somebody_plays()) == (False, True)
    playing.read(story(TransportStop))
    assert not nights.somebody_plays()


def test_a_folder_that_cannot_be_made_costs_nothing_but_the_sign(tmp_path: Path) -> None:
    (tmp_path / "nights").write_text("a file in the way")
    playing = Playing(Nights(tmp_path / "nights"))

    playing.read(story(TransportStart))
    playing.turn()

    assert not Nights(tmp_path / "nights").somebody_plays()
