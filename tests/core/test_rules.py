"""Rules of the engine that are easily broken without a sound: each test was red for a line taken out."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from pocket_core.clock import MapClock
from pocket_core.engine import Engine
from pocket_core.features import DIFF, DIFF_AGE, GROOVE, HEARD, HEARD_AGE
from pocket_core.predict import Prediction, Predictor, State, ZeroPredictor
from pocket_core.settings import Settings
from pocket_core.tempo import TempoChange, TempoMap
from pocket_core.testing import HAT, KICK, SNARE, FixedPredictor, RecordingPredictor, hit, strikes
from pocket_core.types import Beats, Port, Seconds
from pocket_core.wire import note_off, note_on, song_position

L = 0.120
PLAIN = Settings(restore=0.0)
UNMAPPED = 60
SINCE_PREVIOUS = 9


def standing(predictor: Predictor, settings: Settings = PLAIN, bpm: float = 120.0) -> Engine:
    """An engine whose song has not begun yet."""
    return Engine(settings, MapClock(TempoMap([TempoChange(Beats(0), bpm)])), predictor)


def started(predictor: Predictor, settings: Settings = PLAIN, bpm: float = 120.0) -> Engine:
    """An engine whose song has begun at 0."""
    engine = standing(predictor, settings, bpm)
    engine.receive(b"\xfa", Port.CONTROL, Seconds(0.0))
    return engine


def onset(engine: Engine, at: float) -> None:
    hit(engine, at, UNMAPPED, port=Port.HUMAN)


def drain(engine: Engine) -> list[tuple[float, int]]:
    return strikes(engine.take_due(Seconds(math.inf)))


# --- time and order --------------------------------------------------------------------------------------


def test_a_timestep_waits_for_the_last_note_of_the_one_before() -> None:
    class OneLateOneEarly(FixedPredictor):
        def step(self, x: NDArray[np.float32], state: State, beat: Beats) -> tuple[Prediction, State]:
            _, after = super().step(x, state, beat)
            return Prediction(Seconds(0.05 if after[0][0] % 2 else -0.05)), after

    engine = started(OneLateOneEarly())
    hit(engine, 1.0 - L, KICK)
    hit(engine, 1.0 - L + 0.002, HAT)

    hit(engine, 1.0625 - L, SNARE)

    assert drain(engine) == [(1.05, KICK), (1.052, HAT), (1.052, SNARE)]


@pytest.mark.parametrize("told", [0.95, 1.0505])
def test_a_timestep_that_comes_later_waits_for_one_that_is_leaving(told: float) -> None:
    engine = started(FixedPredictor(0.050))
    hit(engine, 1.0 - L, KICK)
    hit(engine, 1.0 - L + 0.002, HAT)
    left = strikes(engine.take_due(Seconds(told)))

    engine.configure(replace(PLAIN, bypass=True))
    hit(engine, 1.0505 - L, SNARE)  # bypassed, and stamped before what has been told

    assert [note for _, note in left + drain(engine)] == [KICK, HAT, SNARE]


def test_notes_that_come_together_off_the_grid_are_one_timestep() -> None:
    engine = started(FixedPredictor(0.010))
    hit(engine, 1.0 - L - 0.030, KICK)
    hit(engine, 1.0 - L - 0.029, SNARE)

    assert drain(engine) == [(0.98, KICK), (0.981, SNARE)]
    engine.flush(Seconds(3.0))
    assert [r.voices for r in engine.take_records()] == [("kick", "snare")]


def test_the_model_is_asked_once_a_chord_is_complete() -> None:
    predictor = RecordingPredictor()
    engine = started(predictor)
    hit(engine, 1.0 - L, KICK)
    engine.take_due(Seconds(1.0 - L + 0.001))
    hit(engine, 1.0 - L + 0.001, HAT)

    engine.take_due(Seconds(2.0))

    assert [x[:3].tolist() for x, _ in predictor.asked] == [[1.0, 0.0, 1.0]]


def test_a_laid_back_feel_is_not_a_share_of_the_offset() -> None:
    engine = started(FixedPredictor(0.040), replace(PLAIN, amount=0.5, laid_back=Seconds(0.010)))

    hit(engine, 1.0 - L)

    assert drain(engine) == [(1.03, KICK)]


def test_a_note_that_is_stamped_late_keeps_its_length() -> None:
    engine = started(ZeroPredictor())
    engine.take_due(Seconds(2.0))

    engine.receive(note_on(9, UNMAPPED, 100), Port.DRUMS, Seconds(1.0))
    engine.receive(note_off(9, UNMAPPED), Port.DRUMS, Seconds(1.05))

    assert [round(d.at, 6) for d in engine.take_due(Seconds(9.0))] == [2.0, 2.05]


def test_each_hit_of_a_timestep_that_came_too_late_counts() -> None:
    engine = started(ZeroPredictor())
    engine.take_due(Seconds(1.5))

    hit(engine, 1.0 - L, KICK)
    hit(engine, 1.0 - L + 0.001, HAT)

    assert drain(engine) == [(1.5, KICK), (1.501, HAT)]
    assert engine.counts.late == 2


def test_a_straggler_that_comes_too_late_for_its_timesteps_shift_counts() -> None:
    engine = started(ZeroPredictor())
    hit(engine, 1.0 - L, KICK)
    engine.take_due(Seconds(1.05))

    hit(engine, 1.0 - L + 0.001, HAT)

    assert engine.counts.late == 1


def test_system_messages_are_not_passed_on() -> None:
    engine = started(ZeroPredictor())

    engine.receive(bytes.fromhex("F1 00 F3 01 F6 FE FF"), Port.DRUMS, Seconds(1.0))

    assert engine.take_due(Seconds(9.0)) == []


# --- the musician ----------------------------------------------------------------------------------------


def test_a_sixteenth_between_fast_eighths_meets_neither() -> None:
    engine = started(ZeroPredictor(), bpm=160.0)
    hit(engine, 0.75 - L)
    onset(engine, 0.75 + 0.09)
    drain(engine)
    engine.flush(Seconds(3.0))

    assert [r.human_s for r in engine.take_records()] == [None]


def test_a_musician_who_hears_the_drums_late_is_placed_by_what_is_heard() -> None:
    predictor = RecordingPredictor()
    engine = started(predictor, replace(PLAIN, drums_lead=Seconds(0.0)))
    onset(engine, 0.5 + L + 0.010)  # with beat 1 of drums that sound L behind the clock

    hit(engine, 1.0)
    engine.take_due(Seconds(1.1))

    x, _ = predictor.asked[-1]
    assert x[[HEARD, HEARD_AGE]].tolist() == pytest.approx([0.1, 0.25])


def test_a_chord_without_a_drum_counts_once_by_its_first_onset() -> None:
    predictor = RecordingPredictor()
    engine = started(predictor)
    for late in (0.010, 0.014, 0.019):
        onset(engine, 0.5 + late)

    hit(engine, 1.0 - L)
    engine.take_due(Seconds(0.9))

    x, _ = predictor.asked[-1]
    assert x[HEARD] == pytest.approx(0.1)


def test_nobody_is_heard_while_the_transport_stands() -> None:
    predictor = RecordingPredictor()
    engine = started(predictor)
    engine.receive(b"\xfc", Port.CONTROL, Seconds(0.1))
    onset(engine, 0.51)
    engine.receive(b"\xfa", Port.CONTROL, Seconds(2.0))

    hit(engine, 3.0 - L)
    engine.take_due(Seconds(3.0))

    assert engine.counts.human == 0
    assert predictor.asked[-1][0][GROOVE] == 0.0


def test_the_newest_diff_is_known_however_long_ago() -> None:
    predictor = RecordingPredictor()
    engine = started(predictor, replace(PLAIN, late_commit=False))
    for beat in range(2, 80):
        hit(engine, beat / 2 - L)
        engine.take_due(Seconds(beat / 2 + 0.01))
        if beat == 2:
            onset(engine, 1.01)

    engine.take_due(Seconds(50.0))

    assert predictor.asked[-1][0][[DIFF, DIFF_AGE]].tolist() == pytest.approx([0.1, 1.0])


# --- runs ------------------------------------------------------------------------------------------------


def test_a_new_run_knows_the_groove_and_nothing_else_of_the_one_before() -> None:
    predictor = RecordingPredictor()
    engine = started(predictor)
    hit(engine, 1.0 - L)
    engine.take_due(Seconds(1.001))
    onset(engine, 1.010)
    engine.receive(b"\xfc", Port.CONTROL, Seconds(1.2))

    engine.receive(b"\xfa", Port.CONTROL, Seconds(2.0))
    hit(engine, 3.0 - L)
    hit(engine, 3.5 - L)
    engine.take_due(Seconds(4.0))

    first, second = (x for x, _ in predictor.asked[-2:])
    assert first[SINCE_PREVIOUS] == 2.0
    assert second[SINCE_PREVIOUS] == pytest.approx(0.5)
    for x in (first, second):
        assert x[[DIFF, DIFF_AGE, HEARD, HEARD_AGE]].tolist() == [0.0, 1.0, 0.0, 1.0]
    assert first[GROOVE] > 0.0


def first_hits(engine: Engine, top: float) -> list[tuple[float, int]]:
    """Start from the top; the musician plays with the hit of bar 2, and so perhaps with that of bar 4."""
    engine.receive(b"\xfa", Port.CONTROL, Seconds(top))
    due = []
    for bar in (1, 2, 4):
        at = top - 1.0 + 2 * bar
        hit(engine, at - L)
        due += engine.take_due(Seconds(at + 0.04))
        if bar == 2:
            onset(engine, at + 0.04)
    return strikes(due) + drain(engine)


@pytest.mark.parametrize("with_onsets", [False, True])
def test_from_the_top_nothing_pulls_or_waits_any_more(with_onsets: bool) -> None:
    engine = started(FixedPredictor(0.060), Settings())
    for beat in range(2, 40):
        hit(engine, beat / 2 - L)
        engine.take_due(Seconds(beat / 2 + 0.010))
        if with_onsets:  # each claims its hit, so that the next waits; else all drift
            onset(engine, beat / 2 + 0.005)
        engine.take_due(Seconds(beat / 2 + 0.200))
    engine.receive(b"\xfc", Port.CONTROL, Seconds(21.0))

    again = first_hits(engine, 22.0)

    assert again == first_hits(standing(FixedPredictor(0.060), Settings()), 22.0)
    assert again[:2] == [(23.06, KICK), (25.04, KICK)]
    assert 29.06 < again[2][0] < 29.085  # how long it waits has been learnt anew


@pytest.mark.parametrize(("again", "state"), [(b"\xfa", 0), (b"\xfb", 3)])
def test_from_the_top_no_bar_has_been_played_yet(again: bytes, state: int) -> None:
    predictor = RecordingPredictor()
    engine = started(predictor)
    for beat in range(12):
        hit(engine, 0.5 + beat / 2 - L)
    engine.take_due(Seconds(6.9))
    engine.receive(b"\xfc" + song_position(4), Port.CONTROL, Seconds(7.0))

    engine.receive(again + song_position(16) + b"\xfb", Port.CONTROL, Seconds(8.0))  # to bar 2
    hit(engine, 8.5 - L)
    engine.take_due(Seconds(9.0))

    assert predictor.asked[-1][1] == state


@pytest.mark.parametrize("by", ["the clock first", "a hit first"])
def test_a_transport_that_the_clock_has_started_goes_on_without_hits(by: str) -> None:
    clock = MapClock(TempoMap([TempoChange(Beats(0), 120.0)]))
    engine = Engine(replace(PLAIN, start_on_hit=True), clock, ZeroPredictor())
    if by == "a hit first":
        hit(engine, 1.0)
    engine.receive(b"\xfa", Port.CONTROL, Seconds(2.0))
    if by == "the clock first":
        hit(engine, 3.0)

    engine.take_due(Seconds(30.0))

    assert engine.status.running


def test_a_transport_started_by_a_hit_runs_while_hits_come() -> None:
    clock = MapClock(TempoMap([TempoChange(Beats(0), 120.0)]))
    engine = Engine(replace(PLAIN, start_on_hit=True), clock, ZeroPredictor())

    for at in (1.0, 4.0, 7.0, 10.0):
        hit(engine, at)
    engine.take_due(Seconds(13.9))

    assert engine.status.running
    assert len(engine.take_changes()) == 1
