from __future__ import annotations

import statistics

import pytest

from pocket_core.grid import nearest_grid
from pocket_core.types import Seconds
from pocketd.performance import perform


def test_the_same_seed_gives_the_same_performance() -> None:
    assert perform(seed=3).human.notes == perform(seed=3).human.notes


def test_another_seed_gives_another_player_to_the_same_drums() -> None:
    one, other = perform(seed=3), perform(seed=4)

    assert one.drums.notes == other.drums.notes
    assert one.human.notes != other.human.notes


def test_it_is_said_to_be_synthetic() -> None:
    duet = perform()

    assert duet.drums.synthetic
    assert duet.human.synthetic
    assert "synthetic" in duet.drums.name
    assert "synthetic" in duet.human.name


@pytest.mark.parametrize("seconds", [1.0, 10.0, 20.0, 60.0])
def test_it_lasts_about_as_long_as_asked(seconds: float) -> None:
    duet = perform(Seconds(seconds))

    assert abs(duet.drums.length_s - seconds) < 3.4  # a bar and a half


def test_the_drums_are_on_the_grid() -> None:
    drums = perform().drums

    assert all(abs(n.at_beat - nearest_grid(n.at_beat, drums.meters)) < 1e-9 for n in drums.notes)


def test_the_player_is_late_and_uneven() -> None:
    human = perform().human

    late_ms = [
        (n.at_s - human.tempo.seconds_at(nearest_grid(n.at_beat, human.meters))) * 1000 for n in human.notes
    ]

    assert 5 < statistics.mean(late_ms) < 45
    assert 8 < statistics.stdev(late_ms) < 30


def test_every_note_can_be_sent() -> None:
    duet = perform()

    for note in (*duet.drums.notes, *duet.human.notes):
        assert note.at_s >= 0
        assert note.length_s > 0
        assert 1 <= note.velocity <= 127
