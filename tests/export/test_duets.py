from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pocket_core.grid import TWELFTHS, nearest_grid
from pocket_core.tempo import Meter, MeterChange, MeterMap
from pocket_core.types import Beats
from pocket_export.duets import (
    CYMBALS,
    KICK,
    NOBODY,
    SKINS,
    SNARE,
    Grid,
    Limbs,
    chance_limbs,
    make_duet,
    quantise,
)
from tests.export.performances import played

#: Kick 10 ms late on one, hat 20 ms late with a flam of it, hat alone 5 ms early on the and, snare on two.
BAR = played((0.02, 0), (0.04, 2), (0.06, 3), (0.49, 2), (1.0, 1))


def test_drums_are_quantised_and_the_musician_is_not() -> None:
    duet = make_duet(BAR, CYMBALS)

    assert duet.twelfths.tolist() == [0, 12]
    assert duet.own.tolist() == pytest.approx([0.010, 0.0])
    assert duet.onsets.tolist() == pytest.approx([0.020, 0.030, 0.245])


def test_the_musician_meets_a_timestep_by_the_first_onset_there() -> None:
    duet = make_duet(BAR, CYMBALS)

    assert duet.meets[0] == pytest.approx(0.020)
    assert np.isnan(duet.meets[1])


def test_the_voices_of_a_timestep_are_those_struck_there() -> None:
    duet = make_duet(BAR, SNARE)

    assert [np.flatnonzero(row).tolist() for row in duet.voices] == [[0, 2, 3], [2]]


def test_each_voice_has_the_offset_of_its_first_stroke_and_the_velocity_of_its_loudest() -> None:
    # a flam of the hat: soft 10 ms early, loud 5 ms late; the kick between them
    drummer = played((0.98, 2), (1.0, 0), (1.01, 2), velocities=(30, 127, 90))

    duet = make_duet(drummer, NOBODY)

    assert duet.strokes[0, [0, 2]].tolist() == pytest.approx([0.0, -0.010])
    assert duet.velocities[0, [0, 2]].tolist() == pytest.approx([1.0, 90 / 127])
    assert np.isnan(duet.strokes[0, [1, 3, 4, 5, 6, 7, 8]]).all()
    assert duet.velocities[0].sum() == pytest.approx(217 / 127)
    assert duet.own.tolist() == pytest.approx([-0.010])


def test_the_musicians_velocities_are_told_in_order() -> None:
    duet = make_duet(played((0, 0), (0.25, 2), (0.5, 2), velocities=(100, 127, 64)), CYMBALS)

    assert duet.onset_velocities.tolist() == pytest.approx([1.0, 64 / 127])


def test_straight_drums_stand_on_sixteenths_and_the_musician_on_the_nearest_grid() -> None:
    # kick and hat at two thirds of a beat, hat again at the half
    swung = played((2 / 3, 0), (1.5, 0), (1.5, 2), (2 / 3, 2))

    near, straight = (make_duet(swung, CYMBALS, grid) for grid in Grid)

    assert (near.twelfths.tolist(), straight.twelfths.tolist()) == ([8, 18], [9, 18])
    assert straight.own.tolist() == pytest.approx([-1 / 24, 0.0])
    assert near.meets.tolist() == pytest.approx([0.0, 0.0], abs=1e-9)
    assert straight.meets.tolist() == pytest.approx([np.nan, 0.0], nan_ok=True)


def test_with_nobody_all_are_drums() -> None:
    duet = make_duet(BAR, NOBODY)

    assert len(duet.hit_steps) == 5
    assert duet.onsets.size == 0
    assert np.isnan(duet.meets).all()


parts = st.lists(st.tuples(st.floats(0.0, 32.0), st.integers(0, 8)), min_size=1, max_size=40)


@given(parts, st.sampled_from([CYMBALS, SKINS, KICK, SNARE, NOBODY]))
def test_the_two_parts_together_are_the_drummer(notes: list[tuple[float, int]], limbs: Limbs) -> None:
    drummer = played(*sorted(notes))

    duet = make_duet(drummer, limbs)

    assert len(duet.onsets) + len(duet.hit_steps) == len(notes)
    of_drums = [v for _, v in sorted(notes) if v not in limbs]
    assert all(duet.voices[s, v] for s, v in zip(duet.hit_steps, of_drums, strict=True))
    assert (np.diff(duet.twelfths) > 0).all()


@given(st.floats(0.0, 64.0), st.sampled_from([Meter(4, 4), Meter(3, 4), Meter(6, 8), Meter(5, 8)]))
def test_many_are_quantised_as_one_is(beat: float, meter: Meter) -> None:
    found = quantise(np.array([beat]), meter)[0]

    wanted = nearest_grid(Beats(beat), MeterMap([MeterChange(Beats(0.0), meter)]))
    assert found / TWELFTHS == pytest.approx(wanted, abs=1e-9)


@given(st.integers(0, 1000))
def test_limbs_by_chance_leave_something_to_both(seed: int) -> None:
    limbs = chance_limbs(BAR, np.random.default_rng(seed))

    assert limbs
    assert limbs < {0, 1, 2, 3}


def test_a_drummer_with_one_voice_is_left_alone() -> None:
    limbs = chance_limbs(played((0.0, 0), (1.0, 0)), np.random.default_rng(1))

    assert limbs == NOBODY
