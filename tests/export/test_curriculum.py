from __future__ import annotations

import numpy as np
import pytest

from pocket_core.features import DIFF, GROOVE, HABITS, HEARD, OFFSET_SCALE
from pocket_export.ahead import Chances
from pocket_export.augment import excerpt, loudest_in_cells
from pocket_export.curriculum import (
    KNOWN_BARS,
    WINDOW_BARS,
    duets,
    follower_chances,
    paper_chances,
    reader_chances,
    readings,
    solos,
    validation_duets,
)
from pocket_export.dataset import prepare
from pocket_export.duets import CYMBALS, NOBODY, Grid, make_duet
from pocket_export.lesson import Lesson
from pocket_export.recordings import Performance
from tests.export.performances import loose, played
from tests.export.test_augment import emptied

MANY = [loose(seed, bars=6) for seed in range(24)]


def chance(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


def same(one: Lesson, other: Lesson) -> bool:
    return np.array_equal(one.x, other.x) and np.array_equal(one.meets, other.meets, equal_nan=True)


@pytest.mark.parametrize("make", [follower_chances, paper_chances, reader_chances])
def test_the_same_chance_gives_the_same_lessons(make: Chances) -> None:
    first, second, other = (make(MANY, chance(seed)) for seed in (1, 1, 2))

    assert len(first) == len(second)
    assert all(map(same, first, second))
    assert len(first) != len(other) or not all(map(same, first, other))


def test_who_reads_learns_without_the_onsets_between_the_drums() -> None:
    made = reader_chances(MANY, chance())

    assert {lesson.musician for lesson in made} == {CYMBALS, NOBODY}
    assert all(lesson.drums.all() for lesson in made)


def test_readings_are_windows_and_bars_and_songs_of_known_drummers() -> None:
    made = list(readings(MANY * 4, chance()))

    lengths = {
        (bool(lesson.x[:, HABITS:].any()), int(np.ptp(lesson.beats // 4)) + 1): len(lesson) for lesson in made
    }
    assert {(False, WINDOW_BARS), (True, KNOWN_BARS), (True, 6)} <= set(lengths)
    assert all(bars <= WINDOW_BARS for known, bars in lengths if not known)
    assert all(not (lesson.beats * 4 % 1).any() for lesson in made)


def test_a_window_is_prepared_as_if_there_were_nothing_else() -> None:
    song = loudest_in_cells(loose(3, bars=6, spread=0.0))  # nobody crosses a bar line
    whole = prepare(make_duet(song, NOBODY, Grid.SIXTEENTHS), knows_drummer=True)

    part = whole.between(8.0, 16.0).alone()

    wanted = prepare(make_duet(excerpt(song, 2, 2), NOBODY, Grid.SIXTEENTHS))
    np.testing.assert_allclose(part.x, wanted.x, atol=1e-5)
    np.testing.assert_allclose(part.score, wanted.score, atol=1e-5)
    np.testing.assert_allclose(part.strokes, wanted.strokes, atol=1e-6)


def test_roles_are_any_voices_but_never_all() -> None:
    made = list(duets(MANY, chance()))

    roles = {lesson.musician for lesson in made}
    assert 6 < len(made) < 24
    assert len(roles) > len(made) / 2
    assert all(lesson.musician and lesson.drums.any() for lesson in made)
    assert all(not lesson.x[:, list(lesson.musician)].any() for lesson in made)


def test_duets_are_varied_and_some_are_over_straight_sixteenths() -> None:
    made = list(duets(MANY, chance()))

    straight = [lesson for lesson in made if not (lesson.beats[lesson.drums] * 4 % 1).any()]
    assert len({lesson.source.bpm for lesson in made}) == len(made)
    assert 0 < len(straight) < len(made) / 2


def test_solos_have_no_musician() -> None:
    made = list(solos(MANY, chance()))

    assert made
    assert {lesson.musician for lesson in made} == {NOBODY}
    assert all(lesson.drums.all() and (lesson.link == -1).all() for lesson in made)
    assert all(np.isnan(lesson.meets).all() for lesson in made)
    assert not any(lesson.x[:, [DIFF, GROOVE, HEARD]].any() for lesson in made)


def test_solos_are_of_known_drummers_or_two_bars_long() -> None:
    made = list(solos(MANY, chance()))

    known = [lesson for lesson in made if lesson.x[:, HABITS:].any()]
    windows = [lesson for lesson in made if not lesson.x[:, HABITS:].any()]
    assert known
    assert windows
    assert all(lesson.beats[-1] > 4 * WINDOW_BARS for lesson in known)
    # over straight sixteenths a note just ahead of the last bar line may be on it
    assert all(0 <= lesson.beats[0] <= lesson.beats[-1] <= 4 * WINDOW_BARS for lesson in windows)


def test_recordings_without_notes_are_no_lesson() -> None:
    assert follower_chances([emptied(p) for p in MANY], chance()) == []


def test_the_papers_network_learns_other_roles_as_they_were_played() -> None:
    made = paper_chances(MANY, chance())

    tempi = {p.bpm for p in MANY}
    assert made
    assert all(lesson.drums.all() and lesson.source.bpm in tempi for lesson in made)


def test_weights_are_chosen_by_the_cymbals_duets_of_follow() -> None:
    long, short = loose(1), played((0, 0), (0, 2))

    made = validation_duets([long, short])

    assert [lesson.source for lesson in made] == [long]
    assert made[0].musician == CYMBALS
    np.testing.assert_allclose(made[0].x[:, GROOVE][made[0].link >= 0] / OFFSET_SCALE, 0, atol=0.1)


def test_where_no_recording_is_long_enough_all_choose() -> None:
    short: Performance = played((0, 0), (0, 2))

    assert [lesson.source for lesson in validation_duets([short])] == [short]
