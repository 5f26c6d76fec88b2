from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from pocket_core.clock import MapClock
from pocket_core.engine import Engine
from pocket_core.features import DIFF, DIFF_AGE, DIFF_FRESH, GROOVE, HEARD, HEARD_AGE, OFFSET_SCALE
from pocket_core.settings import Settings
from pocket_core.tempo import Meter, MeterChange, MeterMap, TempoChange, TempoMap
from pocket_core.testing import RecordingPredictor
from pocket_core.types import Beats, Port, Seconds
from pocket_core.voices import ROLAND, VOICES
from pocket_core.wire import note_on
from pocket_export.dataset import Lesson, lessons, prepare
from pocket_export.duets import CYMBALS, KICK, NOBODY, SKINS, SNARE, Duet, Limbs, make_duet
from pocket_export.groove import Performance

FORECAST = 1e-5  # what the recording predictor answers, seconds: small, for it also decides what is sure
SINCE, TO_NEXT, KNOWN = 9, 10, 11


def played(*notes: tuple[float, int], bpm: float = 120.0, meter: Meter = Meter()) -> Performance:  # noqa: B008
    """A drummer, of (beat, voice)."""
    beats, voices = (np.array(column) for column in zip(*sorted(notes), strict=True))
    struck = np.array([ROLAND[VOICES[voice]][-1] for voice in voices])
    loud = np.full(len(beats), 100)
    return Performance("p.mid", "drummer1", "rock", "beat", "train", bpm, meter, beats, voices, struck, loud)


def loose(seed: int, *, bpm: float, meter: Meter, spread: float = 0.012) -> Performance:
    """Eight bars of chance: sixteenths and triplets, some flams, offsets of some ms."""
    chance = np.random.default_rng(seed)
    notes = []
    for twelfth in range(12, round(8 * meter.bar_beats * 12)):
        if twelfth % 3 and twelfth % 2:
            continue
        for voice in range(9):
            if chance.random() < 0.12:
                at = twelfth / 12 + chance.normal(0.0, spread) * bpm / 60
                notes += [(at, voice)] + [(at + 0.02, voice)] * (chance.random() < 0.1)
    return played(*notes, bpm=bpm, meter=meter)


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


def test_an_onset_without_a_drum_teaches_the_groove_once_per_grid_position() -> None:
    # hat on the and of 1, 15 ms late, twice: a flam
    lesson = prepare(make_duet(played((0, 0), (0.53, 2), (0.55, 3), (1, 0)), CYMBALS))

    assert lesson.x[1, HEARD] == pytest.approx(OFFSET_SCALE * 0.015)
    assert lesson.x[1, HEARD_AGE] == pytest.approx(0.125)
    assert lesson.x[1, GROOVE] == pytest.approx(OFFSET_SCALE * 0.2 * 0.015)  # the mean's first step
    assert lesson.link[1] == -1


def test_the_next_hit_is_known_only_within_the_look_ahead() -> None:
    # sixteenths at 150 BPM are 100 ms apart, eighths 200
    lesson = prepare(make_duet(played((0, 0), (0.25, 0), (0.75, 0), bpm=150), NOBODY))

    assert lesson.x[:, KNOWN].tolist() == [1, 0, 0]
    assert lesson.x[:, TO_NEXT].tolist() == pytest.approx([0.1, 0, 0])
    assert lesson.x[:, SINCE].tolist() == pytest.approx([2.0, 0.1, 0.2])


def test_nobody_leaves_the_musicians_columns_empty() -> None:
    lesson = prepare(make_duet(loose(3, bpm=120, meter=Meter()), NOBODY))

    assert not lesson.x[:, [DIFF, DIFF_FRESH, GROOVE, HEARD]].any()
    assert (lesson.x[:, [DIFF_AGE, HEARD_AGE]] == 1.0).all()
    assert (lesson.link == -1).all()


def test_a_performance_without_one_of_the_parts_makes_no_lesson() -> None:
    made = lessons([played((0, 0), (1, 0)), played((0, 0), (0, 2)), played((0, 2))], CYMBALS)

    assert len(made) == 1


def through_engine(duet: Duet) -> dict[int, NDArray[np.float32]]:
    """Play a duet through the engine, and return the features that the last question on each timestep had."""
    meters = MeterMap([MeterChange(Beats(0.0), duet.source.meter)])
    settings = Settings(meters=meters, late_commit=False)
    asked = RecordingPredictor(FORECAST)
    tempo = TempoMap([TempoChange(Beats(0.0), duet.source.bpm)])
    engine = Engine(settings, MapClock(tempo, Seconds(0.0)), asked)
    drums = [
        (float(duet.nominal[s]) - settings.drums_lead, Port.DRUMS, int(n))
        for s, n in zip(duet.hit_steps, duet.hit_notes, strict=True)
    ]
    human = [(float(at), Port.HUMAN, 60) for at in duet.onsets]
    for at, port, note in sorted(drums + human):
        engine.take_due(Seconds(at))
        engine.receive(note_on(9, note, 100), port, Seconds(at))
    engine.take_due(Seconds(1e6))
    return {index: x for x, index in asked.asked}


def with_diff(lesson: Lesson) -> NDArray[np.float32]:
    """Fill `diff` as the constant forecast makes it."""
    x, known = lesson.x.copy(), lesson.link >= 0
    x[known, DIFF] = OFFSET_SCALE * (lesson.human[lesson.link[known]] - FORECAST)
    return x


@pytest.mark.parametrize(
    "limbs", [CYMBALS, SKINS, KICK, SNARE, NOBODY], ids=["cymbals", "skins", "kick", "snare", "-"]
)
@pytest.mark.parametrize(("bpm", "meter"), [(90.0, Meter()), (131.0, Meter(3, 4)), (171.0, Meter(6, 8))])
def test_the_features_are_those_of_the_engine(bpm: float, meter: Meter, limbs: Limbs) -> None:
    duet = make_duet(loose(7, bpm=bpm, meter=meter), limbs)

    live = through_engine(duet)

    lesson = prepare(duet)
    assert sorted(live) == list(range(len(lesson)))
    wanted = with_diff(lesson)
    # An early onset of its own freezes a timestep's forecast, perhaps before the next hit has come.
    frozen = (lesson.human < FORECAST) & (wanted[:, KNOWN] == 1)
    found = np.stack([live[t] for t in range(len(lesson))])
    found[frozen, TO_NEXT : KNOWN + 1] = wanted[frozen, TO_NEXT : KNOWN + 1]
    np.testing.assert_allclose(found, wanted, atol=1e-5)
