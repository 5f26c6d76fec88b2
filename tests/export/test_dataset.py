from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from pocket_core.clock import MapClock
from pocket_core.engine import Engine
from pocket_core.features import (
    DIFF,
    DIFF_AGE,
    DIFF_FRESH,
    GROOVE,
    HABITS,
    HEARD,
    HEARD_AGE,
    OFFSET_SCALE,
    PORTRAIT,
    WIDTH,
)
from pocket_core.grid import TWELFTHS
from pocket_core.habits import Habits, Stroke
from pocket_core.predict import Prediction, State
from pocket_core.score_features import ScoreStep, score_rows
from pocket_core.settings import Settings
from pocket_core.tempo import Meter, MeterChange, MeterMap, TempoChange, TempoMap
from pocket_core.testing import FixedPredictor
from pocket_core.types import Beats, Port, Seconds
from pocket_core.wire import note_on
from pocket_export.dataset import lessons, prepare
from pocket_export.duets import CYMBALS, KICK, NOBODY, SKINS, SNARE, Duet, Grid, Limbs, make_duet
from pocket_export.lesson import Lesson
from pocket_export.recordings import Performance
from tests.export.performances import loose, played

FORECAST = 1e-5  # what the recording predictor answers, seconds: small, for it also decides what is sure
SINCE, TO_NEXT, KNOWN = 9, 10, 11
SNAP = Seconds(1e-9)  # these drums are exact, and complete as soon as they have come


@dataclass
class Asked:
    """The last question on each step."""

    x: NDArray[np.float32]  # (T, WIDTH)
    beats: NDArray[np.float64]  # (T,)


@dataclass
class Questioned(FixedPredictor):
    """Keeps the last question on each step; the state counts the steps."""

    forecast: float
    hears: bool
    asked: dict[int, tuple[NDArray[np.float32], float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__init__(self.forecast)

    def step(self, x: NDArray[np.float32], state: State, beat: Beats) -> tuple[Prediction, State]:
        self.asked[int(state[0][0])] = (x, float(beat))
        return super().step(x, state, beat)


def through_engine(duet: Duet, *, hears: bool, forecast: float = FORECAST) -> Asked:
    """Play a duet through the engine, and return what it last asked of each step."""
    meters = MeterMap([MeterChange(Beats(0.0), duet.source.meter)])
    set_up = Settings(meters=meters, late_commit=False, snap=SNAP)
    predictor = Questioned(forecast, hears)
    tempo = TempoMap([TempoChange(Beats(0.0), duet.source.bpm)])
    engine = Engine(set_up, MapClock(tempo, Seconds(0.0)), predictor)
    drums = [
        (float(duet.nominal[s]) - set_up.drums_lead, Port.DRUMS, int(n), 100)
        for s, n in zip(duet.hit_steps, duet.hit_notes, strict=True)
    ]
    human = [
        (float(at), Port.HUMAN, 60, round(127 * float(v)))
        for at, v in zip(duet.onsets, duet.onset_velocities, strict=True)
    ]
    for at, port, note, velocity in sorted(drums + human, key=lambda event: event[0]):
        engine.take_due(Seconds(at))
        engine.receive(note_on(9, note, velocity), port, Seconds(at))
    engine.take_due(Seconds(1e6))
    steps = [predictor.asked[n] for n in range(len(predictor.asked))]
    return Asked(np.array([x for x, _ in steps]).reshape(-1, WIDTH), np.array([beat for _, beat in steps]))


def with_diff(lesson: Lesson, forecast: float) -> NDArray[np.float32]:
    """Fill `diff` as the constant forecast makes it."""
    x, known = lesson.x.copy(), lesson.link >= 0
    met = np.flatnonzero(lesson.drums)[lesson.link[known]]
    x[known, DIFF] = OFFSET_SCALE * (lesson.human[met] - forecast)
    return x


def assert_equal(lesson: Lesson, live: Asked, *, forecast: float = FORECAST) -> None:
    """Hold a lesson against the engine, except where the builder differs on purpose."""
    wanted, found = with_diff(lesson, forecast), live.x.copy()
    assert found.shape == wanted.shape
    # An early onset of its own freezes a timestep's forecast, perhaps before the next hit has come.
    frozen = (lesson.human < forecast) & (wanted[:, KNOWN] == 1)
    found[frozen, TO_NEXT : KNOWN + 1] = wanted[frozen, TO_NEXT : KNOWN + 1]
    # No network that hears sees `diff`.
    found[~lesson.drums, DIFF : DIFF_FRESH + 1] = wanted[~lesson.drums, DIFF : DIFF_FRESH + 1]
    np.testing.assert_allclose(found, wanted, atol=1e-5)
    np.testing.assert_allclose(lesson.beats, live.beats, atol=1e-9)


limbs_of = pytest.mark.parametrize(
    "limbs", [CYMBALS, SKINS, KICK, SNARE, NOBODY], ids=["cymbals", "skins", "kick", "snare", "-"]
)
songs = pytest.mark.parametrize(
    ("bpm", "meter"), [(66.0, Meter()), (131.0, Meter(3, 4)), (171.0, Meter(6, 8)), (95.0, Meter(5, 4))]
)
grids = pytest.mark.parametrize("grid", Grid)


@grids
@songs
@limbs_of
def test_a_model_that_hears_sees_what_the_builder_builds(
    bpm: float, meter: Meter, limbs: Limbs, grid: Grid
) -> None:
    duet = make_duet(loose(7, bpm=bpm, meter=meter), limbs, grid)

    live = through_engine(duet, hears=True)

    assert_equal(prepare(duet), live)


@grids
@songs
@limbs_of
def test_a_model_that_does_not_hear_sees_the_timesteps_alone(
    bpm: float, meter: Meter, limbs: Limbs, grid: Grid
) -> None:
    duet = make_duet(loose(8, bpm=bpm, meter=meter), limbs, grid)

    live = through_engine(duet, hears=False)

    assert_equal(prepare(duet).deaf(), live)


performances = st.builds(
    loose,
    st.integers(0, 10_000),
    bpm=st.floats(45.0, 280.0),
    meter=st.sampled_from([Meter(), Meter(3, 4), Meter(5, 4), Meter(6, 8), Meter(5, 8)]),
    spread=st.floats(0.001, 0.04),  # of 0, onsets half way between two drums would be anybody's
    bars=st.just(3),
    density=st.floats(0.02, 0.4),
)


@settings(max_examples=40, deadline=None)
@given(performances, st.frozensets(st.integers(0, 8), max_size=8), st.sampled_from(Grid))
def test_whoever_plays_whatever_the_builder_is_the_engine(
    notes: Performance, limbs: Limbs, grid: Grid
) -> None:
    duet = make_duet(notes, limbs, grid)

    live = through_engine(duet, hears=True, forecast=0.0)

    assert_equal(prepare(duet), live, forecast=0.0)


@pytest.mark.parametrize("also", [(), (0.5,), (1 / 3,)], ids=["swung", "with straight ones", "triplets"])
def test_whoever_swings_over_straight_drums_is_heard_as_by_the_engine(also: tuple[float, ...]) -> None:
    chance = np.random.default_rng(3)
    notes = [(n / 2, 0) for n in range(32)]
    for beat in range(16):
        places = (0.0, 2 / 3, *(also if beat < 8 else ()))
        notes += [(beat + at + chance.normal(0.0, 0.01), 2) for at in places]
    duet = make_duet(played(*notes), CYMBALS, Grid.SIXTEENTHS)

    assert_equal(prepare(duet), through_engine(duet, hears=True))


def test_diff_links_to_the_newest_timestep_that_the_musician_met() -> None:
    # kick on 1, 2, 3, 4 of the bar; hat 12 ms late on 1 and 10 ms early on 3
    lesson = prepare(make_duet(played((0, 0), (1, 0), (2, 0), (3, 0), (0.024, 2), (1.98, 2)), CYMBALS))

    assert lesson.link.tolist() == [-1, 0, 0, 2]
    assert lesson.human[[0, 2]].tolist() == pytest.approx([0.012, -0.010])
    assert np.isnan(lesson.human[[1, 3]]).all()
    assert lesson.x[:, DIFF_FRESH].tolist() == [0, 1, 0, 1]
    assert lesson.x[:, DIFF_AGE].tolist() == [1.0, 0.25, 0.5, 0.25]
    assert not lesson.x[:, DIFF].any()


def test_an_early_onset_of_a_timestep_is_not_known_to_its_forecast() -> None:
    lesson = prepare(make_duet(played((0, 0), (1, 0), (0.98, 2)), CYMBALS))

    assert not lesson.x[:, [GROOVE, HEARD]].any()
    assert lesson.human[1] == pytest.approx(-0.010)


#: Kick on 1 and 2; hat on the and of 1, 15 ms late, twice: a flam.
BETWEEN = played((0, 0), (0.53, 2), (0.55, 3), (1, 0))


def test_an_onset_without_a_drum_teaches_the_groove_once_per_grid_position() -> None:
    lesson = prepare(make_duet(BETWEEN, CYMBALS)).deaf()

    assert lesson.x[1, HEARD] == pytest.approx(OFFSET_SCALE * 0.015)
    assert lesson.x[1, HEARD_AGE] == pytest.approx(0.125)
    assert lesson.x[1, GROOVE] == pytest.approx(OFFSET_SCALE * 0.2 * 0.015)  # the mean's first step
    assert lesson.link[1] == -1


def test_an_onset_without_a_drum_has_a_row_of_its_own_as_known_before_it() -> None:
    lesson = prepare(make_duet(BETWEEN, CYMBALS))

    assert lesson.drums.tolist() == [True, False, True]
    assert lesson.beats.tolist() == [0.0, 0.5, 1.0]
    assert lesson.meets.tolist() == pytest.approx([np.nan, 0.015, np.nan], nan_ok=True)
    assert not lesson.x[1, :9].any()
    assert not lesson.x[1, [GROOVE, HEARD]].any()
    assert np.isnan([*lesson.strokes[1], lesson.own[1], lesson.human[1]]).all()
    assert not lesson.velocities[1].any()


def test_without_its_onsets_a_lesson_has_the_drums_in_order() -> None:
    lesson = prepare(make_duet(loose(3), CYMBALS))

    deaf = lesson.deaf()

    assert deaf.drums.all()
    assert len(deaf) == lesson.drums.sum()
    assert (np.diff(deaf.beats) > 0).all()
    assert deaf.deaf() is deaf


def test_onsets_behind_the_last_drum_are_nobodys_to_learn_from() -> None:
    lesson = prepare(make_duet(played((0, 0), (0.5, 2), (1, 0), (1.5, 2), (2, 2)), CYMBALS))

    assert lesson.beats.tolist() == [0.0, 0.5, 1.0]


def test_strokes_and_velocities_are_those_of_each_voice() -> None:
    drummer = played((0.02, 0), (0.03, 1), (1.0, 1), velocities=(127, 64, 32))

    lesson = prepare(make_duet(drummer, NOBODY))

    assert lesson.strokes[0, :3].tolist() == pytest.approx([0.010, 0.015, np.nan], nan_ok=True)
    assert lesson.velocities[:, :2].ravel().tolist() == pytest.approx([1.0, 64 / 127, 0.0, 32 / 127])
    assert lesson.own.tolist() == pytest.approx([0.010, 0.0])


def test_over_straight_drums_a_swung_onset_belongs_to_the_drum_at_the_half() -> None:
    swung = played((0.0, 0), (0.5, 0), (2 / 3, 2), bpm=160)

    straight = prepare(make_duet(swung, CYMBALS, Grid.SIXTEENTHS))

    assert straight.meets[straight.drums].tolist() == pytest.approx([np.nan, 0.0625], nan_ok=True)


@songs
def test_the_score_of_a_lesson_is_what_a_model_reads_beforehand(bpm: float, meter: Meter) -> None:
    duet = make_duet(loose(9, bpm=bpm, meter=meter), CYMBALS)
    steps = [
        ScoreStep(Beats(place / TWELFTHS), tuple(np.flatnonzero(struck).tolist()))
        for place, struck in zip(duet.twelfths.tolist(), duet.voices, strict=True)
    ]
    tempo = TempoMap([TempoChange(Beats(0.0), bpm)])
    read = score_rows(steps, tempo, MeterMap([MeterChange(Beats(0.0), meter)]))

    lesson = prepare(duet)

    np.testing.assert_allclose(lesson.deaf().score, read, atol=1e-5)
    np.testing.assert_array_equal(lesson.score[lesson.drums], lesson.deaf().score)
    assert not lesson.score[~lesson.drums].any()


def test_the_next_hit_is_known_only_within_the_look_ahead() -> None:
    # sixteenths at 150 BPM are 100 ms apart, eighths 200
    lesson = prepare(make_duet(played((0, 0), (0.25, 0), (0.75, 0), bpm=150), NOBODY))

    assert lesson.x[:, KNOWN].tolist() == [1, 0, 0]
    assert lesson.x[:, TO_NEXT].tolist() == pytest.approx([0.1, 0, 0])
    assert lesson.x[:, SINCE].tolist() == pytest.approx([2.0, 0.1, 0.2])


def test_nobody_leaves_the_musicians_columns_empty() -> None:
    lesson = prepare(make_duet(loose(3), NOBODY))

    first = lesson.x[0, PORTRAIT:HABITS]
    assert not lesson.x[:, [DIFF, DIFF_FRESH, GROOVE, HEARD]].any()
    assert (lesson.x[:, [DIFF_AGE, HEARD_AGE]] == 1.0).all()
    assert (lesson.x[:, PORTRAIT:HABITS] == first).all()
    assert (lesson.link == -1).all()


def test_of_a_drummer_whom_nobody_knows_there_are_no_habits() -> None:
    lesson = prepare(make_duet(loose(3), NOBODY))

    assert not lesson.x[:, HABITS:].any()


def test_a_drummers_habits_are_those_of_the_bars_that_are_over() -> None:
    duet = make_duet(loose(3, meter=Meter(3, 4)), CYMBALS)
    bar = 3 * TWELFTHS

    lesson = prepare(duet, knows_drummer=True).deaf()

    wanted = []
    for place, struck in zip(duet.twelfths.tolist(), duet.voices, strict=True):
        habits = Habits(bar)
        for over in range(place // bar):
            strokes = [
                Stroke(at % bar, v, float(duet.strokes[t, v]), float(duet.velocities[t, v]))
                for t, at in enumerate(duet.twelfths.tolist())
                for v in np.flatnonzero(duet.voices[t]).tolist()
                if at // bar == over
            ]
            if strokes:
                habits.learn(strokes)
        wanted.append(habits.look(place % bar, np.flatnonzero(struck).tolist()))
    np.testing.assert_allclose(lesson.x[:, HABITS:], wanted, atol=1e-6)
    assert lesson.x[-1, HABITS:].any()


def test_a_performance_without_one_of_the_parts_makes_no_lesson() -> None:
    made = lessons([played((0, 0), (1, 0)), played((0, 0), (0, 2)), played((0, 2))], CYMBALS)

    assert len(made) == 1


def test_solo_drums_need_nobody_to_play_to_them() -> None:
    made = lessons([played((0, 0), (1, 0)), played((0, 2))], NOBODY)

    assert [len(lesson) for lesson in made] == [2, 1]
