from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pocket_core.phrases.feel import MEANS, MEMORY_STEPS, WIDTH, Feel, feel_of, feel_rows
from pocket_core.phrases.hvo import COUNT, Cells, no_cells

KICK, SNARE = 0, 1


def _feel(**weights: float) -> Feel:
    """Return a feel that looks at some means alone."""
    names = ("bar", "bar_all", "beat", "beat_all", "whole", "lately")
    told = np.zeros(WIDTH)
    for name, weight in weights.items():
        told[names.index(name)] = weight
    return Feel(told, 1e-4, 1e-4, 8.0)


def _late(steps: int, voice: int, offset: float, every: int = 4) -> Cells:
    """Return a voice that is struck once a beat, so late."""
    cells = no_cells(steps)
    cells.hits[::every, voice], cells.velocities[::every, voice] = 1.0, 0.5
    cells.offsets[::every, voice] = offset
    return cells


def _struck(steps: int, voice: int) -> np.ndarray:
    return _late(steps, voice, 0.0).hits


def test_a_stroke_lies_as_those_of_its_voice_at_its_place_did() -> None:
    past = _late(64, KICK, 0.2)

    said = _feel(beat=17 / 16).play(past, _struck(4, KICK), 0, np.random.default_rng(1), 0.0)

    assert said[0, KICK] == pytest.approx(
        0.2, abs=1e-3
    )  # of sixteen beats; one more is reckoned as on the grid
    assert not said[1:].any()


def test_what_a_voice_has_not_played_is_told_from_the_others() -> None:
    past = _late(64, KICK, 0.2)

    own, others = (
        _feel(**{name: 1.0}).play(past, _struck(4, SNARE), 0, np.random.default_rng(1), 0.0)[0, SNARE]
        for name in ("bar", "bar_all")
    )

    assert own == pytest.approx(0.0, abs=1e-3)
    assert others == pytest.approx(0.2 * 4 / 5, abs=1e-3)


def test_what_was_sixteen_bars_ago_counts_and_before_it_nothing() -> None:
    past = no_cells(2 * MEMORY_STEPS)
    past.hits[: MEMORY_STEPS + 1, KICK], past.offsets[: MEMORY_STEPS + 1, KICK] = 1.0, 0.3

    rows = feel_rows(past.hits, past.offsets, 0, 2 * MEMORY_STEPS)

    assert rows[0, KICK, 0] == pytest.approx(0.3 / 2)
    assert rows[0, KICK, 4] == pytest.approx(0.3 / 2)


def test_strays_of_one_step_go_together() -> None:
    feel = Feel(np.zeros(WIDTH), 0.1, 0.001, 8.0)
    hits = np.zeros((256, COUNT), np.float32)
    hits[:, [KICK, SNARE]] = 1.0

    said = feel.play(no_cells(0), hits, 0, np.random.default_rng(1))

    assert np.std(said[:, KICK]) == pytest.approx(0.1, rel=0.2)
    assert np.abs(said[:, KICK] - said[:, SNARE]).max() < 0.02


def test_a_machine_that_was_on_the_grid_is_gone_on_from_more_tightly() -> None:
    feel = Feel(np.zeros(WIDTH), 0.05, 0.1, 8.0)

    loose, tight = (
        feel.play(past, _struck(256, KICK), 0, np.random.default_rng(1))[::4, KICK].std()
        for past in (no_cells(0), _late(256, KICK, 0.0, every=1))
    )

    assert tight < loose / 3


def test_nothing_strays_where_no_spread_is_wanted() -> None:
    feel = Feel(np.zeros(WIDTH), 0.1, 0.1, 8.0)

    said = feel.play(no_cells(0), _struck(16, KICK), 0, np.random.default_rng(1), spread=0.0)

    assert not said.any()


@settings(deadline=None)
@given(st.integers(0, 40), st.integers(0, 40), st.integers(0, 20))
def test_a_row_sees_only_what_was_before(length: int, first: int, position: int) -> None:
    chance = np.random.default_rng((length, position))
    hits = chance.integers(2, size=(length, COUNT)).astype(np.float32)
    offsets = chance.uniform(-0.5, 0.5, (length, COUNT)).astype(np.float32)
    first = min(first, length)

    rows = feel_rows(hits, offsets, position, first)

    for step in range(first, length + 1):
        assert rows[step - first] == pytest.approx(feel_rows(hits[:step], offsets[:step], position, step)[0])
    assert (rows[..., MEANS:].sum(-1) == 1.0).all()


def test_a_card_tells_all_of_it() -> None:
    feel = _feel(bar=0.25)

    assert feel_of(feel.told()).told() == feel.told()


@pytest.mark.parametrize(
    "broken", [{"weights": [1.0]}, {"trust": 0.0}, {"together": None}, {"together": 0.0, "alone": 0.0}]
)
def test_a_card_that_tells_no_feel_is_refused(broken: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="feel"):
        feel_of({**_feel().told(), **broken})
