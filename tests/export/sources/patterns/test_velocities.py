"""How hard patterns are struck, as drummers do."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pocket_core.phrases.pattern_velocities import CONTEXTS, PLACES, contexts_of, velocities_of
from pocket_core.phrases.patterns import BITS, STEPS
from pocket_core.tempo import Meter
from pocket_export.recordings import Performance
from pocket_export.sources.patterns.velocities import learn_velocities

KICK, SNARE, HAT, BONGO = 0, 1, 2, 10  # bits


def played(*hits: tuple[float, int, int]) -> Performance:
    """Return a recording of hits: beat, voice, velocity."""
    beats, voices, velocities = (np.array(column) for column in zip(*hits, strict=True))
    return Performance(
        "a.mid", "drummer1", "rock", "beat", "train", 120.0, Meter(4, 4),
        beats.astype(float), voices, voices + 36, velocities,
    )  # fmt: skip


BACKBEAT = played(*((beat, 1, 110) for beat in range(400) if beat % 2))
GHOSTS = played(*((beat + 0.75, 1, 30) for beat in range(400) if beat % 2))


def test_a_backbeat_is_loud_and_a_ghost_note_is_not() -> None:
    found = learn_velocities([BACKBEAT, GHOSTS])

    assert found.means[4, SNARE, 0] == pytest.approx(110, abs=5)
    assert found.means[7, SNARE, 0] == pytest.approx(30, abs=5)


def test_what_nobody_played_is_as_loud_as_drums_are() -> None:
    found = learn_velocities([BACKBEAT, GHOSTS])

    assert found.means[:, BONGO] == pytest.approx(70, abs=1)
    assert found.spreads.min() > 0


def test_a_hit_with_the_kick_is_learnt_apart_from_one_alone() -> None:
    alone = [(beat, 2, 40) for beat in range(0, 400, 4)]
    together = [(beat + 4 * 100, 2, 90) for beat in range(0, 400, 4)]
    kicks = [(beat, 0, 100) for beat, _, _ in together]

    found = learn_velocities([played(*sorted([*alone, *together, *kicks]))])

    assert found.means[0, HAT, 0] == pytest.approx(40, abs=5)
    assert found.means[0, HAT, 2] == pytest.approx(90, abs=5)


def test_of_two_strokes_in_a_cell_the_louder_counts() -> None:
    flam = [(beat + late, 1, loud) for beat in range(1, 400, 2) for late, loud in ((0.0, 20), (0.02, 110))]

    found = learn_velocities([played(*flam)])

    assert found.means[4, SNARE, 0] == pytest.approx(110, abs=5)


@pytest.mark.parametrize("changed", [{"beat_type": "fill"}, {"meter": Meter(6, 8)}])
def test_fills_and_other_meters_teach_nothing(changed: dict[str, object]) -> None:
    found = learn_velocities([replace(BACKBEAT, **changed)])  # type: ignore[arg-type]

    assert (found.means.min(), found.means.max()) == (80, 80)


def test_without_a_recording_all_is_played_alike() -> None:
    found = learn_velocities([])

    assert found.means.shape == (PLACES, BITS, CONTEXTS)
    assert (found.means == 80).all()
    assert (found.spreads == 0).all()


def test_the_first_step_stands_beside_the_last() -> None:
    struck = np.zeros((STEPS, BITS), bool)
    struck[[0, -1], SNARE] = True

    assert contexts_of(struck)[0, SNARE] == contexts_of(struck)[-1, SNARE] == 1


def test_velocities_stay_within_midi_whatever_chance_says() -> None:
    struck = np.ones((STEPS, BITS), bool)
    means = np.full((PLACES, BITS, CONTEXTS), 64, np.float32)
    noise = np.resize([-9.0, 9.0], (STEPS, BITS))

    found = velocities_of(struck, means, np.full(BITS, 30, np.float32), noise)

    assert (found.min(), found.max()) == (1, 127)
