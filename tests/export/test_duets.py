from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pocket_core.grid import TWELFTHS, nearest_grid
from pocket_core.tempo import Meter, MeterChange, MeterMap
from pocket_core.types import Beats
from pocket_core.voices import ROLAND, VOICES
from pocket_export.duets import CYMBALS, KICK, NOBODY, SKINS, SNARE, Limbs, chance_limbs, make_duet, quantise
from pocket_export.groove import Performance


def performance(*notes: tuple[float, int], bpm: float = 120.0) -> Performance:
    """A drummer in 4/4, of (beat, voice)."""
    beats, voices = (np.array(column) for column in zip(*notes, strict=True))
    struck = np.array([ROLAND[VOICES[voice]][-1] for voice in voices])
    loud = np.full(len(beats), 100)
    return Performance(
        "p.mid", "drummer1", "rock", "beat", "train", bpm, Meter(), beats, voices, struck, loud
    )


#: Kick 10 ms late on one, hat 20 ms late with a flam of it, hat alone 5 ms early on the and, snare on two.
BAR = performance((0.02, 0), (0.04, 2), (0.06, 3), (0.49, 2), (1.0, 1))


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


def test_with_nobody_all_are_drums() -> None:
    duet = make_duet(BAR, NOBODY)

    assert len(duet.hit_steps) == 5
    assert duet.onsets.size == 0
    assert np.isnan(duet.meets).all()


notes = st.lists(st.tuples(st.floats(0.0, 32.0), st.integers(0, 8)), min_size=1, max_size=40)


@given(notes, st.sampled_from([CYMBALS, SKINS, KICK, SNARE, NOBODY]))
def test_the_two_parts_together_are_the_drummer(played: list[tuple[float, int]], limbs: Limbs) -> None:
    drummer = performance(*sorted(played))

    duet = make_duet(drummer, limbs)

    assert len(duet.onsets) + len(duet.hit_steps) == len(played)
    of_drums = [v for _, v in sorted(played) if v not in limbs]
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
    limbs = chance_limbs(performance((0.0, 0), (1.0, 0)), np.random.default_rng(1))

    assert limbs == NOBODY
