"""What is known of a score before it is played."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from pocket_core import habits, portrait
from pocket_core.features import COLUMNS, Context, vector
from pocket_core.score_features import (
    OWN_COLUMNS,
    OWN_WIDTH,
    SCORE_COLUMNS,
    SCORE_WIDTH,
    TO_NEXT,
    Repeat,
    ScoreStep,
    score_rows,
    surroundings,
)
from pocket_core.tempo import Meter, MeterChange, MeterMap, TempoChange, TempoMap
from pocket_core.types import Beats, Seconds
from pocket_core.voices import VOICES

SHARED = [COLUMNS.index(name) for name in OWN_COLUMNS]
SINCE = SCORE_COLUMNS.index("since previous")
BEATS_SINCE = SCORE_COLUMNS.index("beats since previous")
KICK, SNARE, HAT = (VOICES.index(name) for name in ("kick", "snare", "closed hat"))

METERS = MeterMap([MeterChange(Beats(0.0), Meter(3, 4)), MeterChange(Beats(3.0), Meter(7, 8))])
TEMPO = TempoMap([TempoChange(Beats(0.0), 90.0), TempoChange(Beats(2.0), 150.0)])
FOUR = MeterMap()
STEADY = TempoMap([TempoChange(Beats(0.0), 120.0)])


def steps(*struck: tuple[float, int]) -> list[ScoreStep]:
    return [ScoreStep(Beats(beat), (voice,)) for beat, voice in struck]


def as_the_engine_sees_it(struck: list[ScoreStep], tempo: TempoMap, meters: MeterMap) -> NDArray[np.float32]:
    """The engine's own columns, timestep by timestep; the next one known."""
    rows = []
    for i, step in enumerate(struck):
        at = tempo.seconds_at(step.beat)
        before = struck[i - 1].beat if i else None
        after = struck[i + 1].beat if i + 1 < len(struck) else None
        context = Context(
            voices=step.voices,
            since_previous=None if before is None else Seconds(at - tempo.seconds_at(before)),
            to_next=None if after is None else Seconds(tempo.seconds_at(after) - at),
            bpm=tempo.bpm_at(step.beat),
            place=meters.position(step.beat),
            diff=None,
            diff_age=None,
            diff_fresh=False,
            groove=Seconds(0.0),
            heard=None,
            heard_age=None,
            beats_since_previous=None if before is None else Beats(step.beat - before),
            portrait=(0.0,) * portrait.WIDTH,
            habits=(0.0,) * habits.WIDTH,
        )
        rows.append(vector(context)[SHARED])
    return np.stack(rows)


def test_the_columns_are_the_engine_s_own() -> None:
    song = [
        ScoreStep(Beats(0.0), (KICK, HAT)),
        *steps((0.5, HAT), (2 / 3, SNARE), (2.25, SNARE), (3.0, KICK), (6.5, HAT), (40.0, KICK)),
    ]

    rows = score_rows(song, TEMPO, METERS)

    assert rows.shape == (7, SCORE_WIDTH)
    assert rows.dtype == np.float32
    wanted = as_the_engine_sees_it(song, TEMPO, METERS)
    wanted[-1, TO_NEXT] = 2.0  # nothing follows, and it is known that nothing does
    np.testing.assert_allclose(rows[:, :OWN_WIDTH], wanted, atol=1e-6)


def test_no_column_is_of_a_performance() -> None:
    performed = {"diff", "diff age", "diff fresh", "groove", "heard", "heard age", "to next known"}
    performed |= {*portrait.COLUMNS, *habits.COLUMNS}

    assert not performed & set(SCORE_COLUMNS)


def test_a_score_begins_and_ends_in_silence() -> None:
    (row,) = score_rows(steps((1.0, KICK)), STEADY, FOUR)

    assert (row[SINCE], row[TO_NEXT], row[BEATS_SINCE]) == (2.0, 2.0, 1.0)


def test_the_last_of_a_loop_is_followed_by_its_first() -> None:
    # beats 5, 6 and 7.5 of a loop from 4 to 8: a beat and a half from the last round to the first
    rows = score_rows(
        steps((5.0, KICK), (6.0, SNARE), (7.5, KICK)), STEADY, FOUR, Repeat(Beats(4.0), Beats(8.0))
    )

    assert rows[:, SINCE].tolist() == [0.75, 0.5, 0.75]
    assert rows[:, TO_NEXT].tolist() == [0.5, 0.75, 0.75]
    assert rows[:, BEATS_SINCE].tolist() == [0.375, 0.25, 0.375]


def test_a_loop_of_one_hit_is_a_hit_a_loop() -> None:
    (row,) = score_rows(steps((1.0, KICK)), STEADY, FOUR, Repeat(Beats(0.0), Beats(2.0)))

    assert (row[SINCE], row[TO_NEXT], row[BEATS_SINCE]) == (1.0, 1.0, 0.5)


def test_a_score_without_drums_has_no_rows() -> None:
    assert score_rows([], STEADY, FOUR).shape == (0, SCORE_WIDTH)


def around(rows: NDArray[np.float32]) -> list[set[str]]:
    """The columns of what is struck around each timestep."""
    return [{SCORE_COLUMNS[i] for i in np.flatnonzero(row) if i >= OWN_WIDTH} for row in rows]


def test_a_timestep_knows_what_is_struck_at_some_distances() -> None:
    # a sixteenth and a bar apart; 17 sixteenths are none of the distances
    song = [ScoreStep(Beats(0.0), (KICK, HAT)), *steps((0.25, SNARE), (1.25, HAT), (4.25, KICK))]

    rows = score_rows(song, STEADY, FOUR)

    assert around(rows) == [
        {"snare +1", "closed hat +5"},
        {"kick -1", "closed hat -1", "closed hat +4", "kick +16"},
        {"snare -4", "kick -5", "closed hat -5", "kick +12"},
        {"closed hat -12", "snare -16"},
    ]


def test_hits_off_the_grid_are_at_the_nearest_distance() -> None:
    rows = score_rows(steps((0.01, KICK), (0.02, SNARE), (0.99, HAT)), STEADY, FOUR)

    assert around(rows) == [{"closed hat +4"}, {"closed hat +4"}, {"kick -4", "snare -4"}]


def test_a_loop_goes_on_around_its_ends() -> None:
    # the kick is struck each two beats, for ever
    (row,) = score_rows(steps((5.0, KICK)), STEADY, FOUR, Repeat(Beats(4.0), Beats(6.0)))

    assert around(row[None]) == [{f"kick {sign}{distance}" for sign in "-+" for distance in (8, 16, 24, 32)}]


def test_where_nothing_is_near_nothing_is_struck() -> None:
    assert not surroundings(np.array([0.0, 100.0]), np.ones((2, 9), np.float32)).any()


def test_beats_that_do_not_rise_are_refused() -> None:
    with pytest.raises(ValueError, match="must be at rising beats"):
        score_rows(steps((1.0, KICK), (1.0, SNARE)), STEADY, FOUR)
