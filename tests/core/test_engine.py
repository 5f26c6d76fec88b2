"""The machine as a whole: latency, order, late commit, transport and faults."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from pocket_core.clock import MapClock, PulseClock
from pocket_core.engine import Engine
from pocket_core.features import DIFF, GROOVE, HEARD_AGE
from pocket_core.predict import Prediction, Predictor, State, ZeroPredictor
from pocket_core.report import Report, encode_report
from pocket_core.report_clock import ReportClock
from pocket_core.settings import ControlMap, HumanFilter, Settings
from pocket_core.tempo import Meter, MeterChange, MeterMap, TempoChange, TempoMap
from pocket_core.testing import (
    HAT,
    KICK,
    SNARE,
    BrokenPredictor,
    EagerPredictor,
    FixedPredictor,
    RecordingPredictor,
    hit,
    strikes,
)
from pocket_core.transport import Started, Stopped
from pocket_core.types import Beats, Due, Port, Seconds
from pocket_core.wire import control_change, note_off, note_on

L = 0.120
PLAIN = Settings(restore=0.0)


def at_120(predictor: Predictor | None = None, settings: Settings = PLAIN) -> Engine:
    """An engine whose beat n is at n / 2 seconds."""
    clock = MapClock(TempoMap([TempoChange(Beats(0), 120.0)]), origin=Seconds(0.0))
    return Engine(settings, clock, predictor or ZeroPredictor())


def drain(engine: Engine) -> list[Due]:
    return engine.take_due(Seconds(math.inf))


def test_a_hit_on_the_grid_leaves_at_its_nominal_time() -> None:
    engine = at_120()

    hit(engine, 1.0 - L)

    assert strikes(drain(engine)) == [(1.0, KICK)]


def test_a_hit_near_the_grid_belongs_to_it() -> None:
    engine = at_120()

    hit(engine, 1.0 - L + 0.002)

    assert strikes(drain(engine)) == [(1.0, KICK)]


def test_a_flam_stays_where_it_was_played() -> None:
    engine = at_120()

    hit(engine, 1.0 - L - 0.030, SNARE)
    hit(engine, 1.0 - L, SNARE)

    assert strikes(drain(engine)) == [(0.97, SNARE), (1.0, SNARE)]


def test_notes_of_one_timestep_keep_their_distances() -> None:
    engine = at_120(FixedPredictor(0.010))

    hit(engine, 1.0 - L, KICK)
    hit(engine, 1.0 - L + 0.001, HAT)

    assert strikes(drain(engine)) == [(1.010, KICK), (1.011, HAT)]


def test_a_rig_that_cannot_send_early_gets_everything_later_by_the_look_ahead() -> None:
    engine = at_120(FixedPredictor(-0.020), replace(PLAIN, drums_lead=Seconds(0.0)))

    hit(engine, 1.0)

    assert strikes(drain(engine)) == [(1.0 + L - 0.020, KICK)]


def test_a_release_has_its_hits_shift() -> None:
    engine = at_120(FixedPredictor(0.025))

    hit(engine, 1.0 - L, length=0.080)

    on, off = drain(engine)
    assert (on.data[0] >> 4, off.data[0] >> 4) == (9, 8)
    assert off.at - on.at == pytest.approx(0.080)


@pytest.mark.parametrize(("wish", "played"), [(-0.5, -0.108), (0.5, 0.100), (0.05, 0.05)])
def test_offsets_stay_within_the_limits(wish: float, played: float) -> None:
    engine = at_120(FixedPredictor(wish))

    hit(engine, 1.0 - L)

    assert strikes(drain(engine)) == [(round(1.0 + played, 6), KICK)]


def test_timesteps_never_overtake_each_other() -> None:
    class Alternating(FixedPredictor):
        def step(self, x: NDArray[np.float32], state: State, beat: Beats) -> tuple[Prediction, State]:
            _, after = super().step(x, state, beat)
            return Prediction(Seconds(0.09 if after[0][0] % 2 else -0.09)), after

    engine = at_120(Alternating())

    hit(engine, 1.0 - L, KICK)
    hit(engine, 1.0625 + 0.0625 - L, SNARE)

    assert strikes(drain(engine)) == [(1.09, KICK), (1.09, SNARE)]


def test_amount_scales_what_sounds() -> None:
    engine = at_120(FixedPredictor(0.040), replace(PLAIN, amount=0.5))

    hit(engine, 1.0 - L)

    assert strikes(drain(engine)) == [(1.020, KICK)]


def test_laid_back_is_added() -> None:
    engine = at_120(settings=replace(PLAIN, laid_back=Seconds(0.015)))

    hit(engine, 1.0 - L)

    assert strikes(drain(engine)) == [(1.015, KICK)]


def test_bypass_has_the_same_latency() -> None:
    engine = at_120(FixedPredictor(0.040), replace(PLAIN, bypass=True, laid_back=Seconds(0.02)))

    hit(engine, 1.0 - L)

    assert strikes(drain(engine)) == [(1.0, KICK)]


def test_a_model_that_answers_nonsense_is_heard_as_the_grid() -> None:
    engine = at_120(BrokenPredictor())

    hit(engine, 1.0 - L)
    hit(engine, 1.5 - L)

    assert strikes(drain(engine)) == [(1.0, KICK), (1.5, KICK)]


def test_a_note_outside_the_map_passes_at_constant_latency() -> None:
    engine = at_120(FixedPredictor(0.040))

    hit(engine, 1.003 - L, 60)

    assert strikes(drain(engine)) == [(1.003, 60)]


def test_other_messages_pass_at_constant_latency() -> None:
    engine = at_120()

    engine.receive(bytes.fromhex("A9 31 40"), Port.DRUMS, Seconds(1.0))  # pressure: a choked crash

    assert drain(engine) == [Due(Seconds(1.0 + L), Port.OUT, bytes.fromhex("A9 31 40"))]


def test_all_notes_off_becomes_a_note_off_for_each_note() -> None:
    engine = at_120()
    engine.receive(note_on(9, KICK, 100), Port.DRUMS, Seconds(1.0 - L))

    engine.receive(control_change(9, 123, 0), Port.DRUMS, Seconds(1.0))

    assert [d.data for d in drain(engine)] == [note_on(9, KICK, 100), note_off(9, KICK, 64)]


def test_a_repeated_note_ends_the_one_before() -> None:
    engine = at_120()
    engine.receive(note_on(9, KICK, 100), Port.DRUMS, Seconds(1.0 - L))
    engine.receive(note_on(9, KICK, 90), Port.DRUMS, Seconds(1.5 - L))

    engine.receive(note_off(9, KICK, 0), Port.DRUMS, Seconds(1.6 - L))

    assert [(round(d.at, 6), d.data[0] >> 4) for d in drain(engine)] == [
        (1.0, 9),
        (1.5, 8),
        (1.5, 9),
        (1.6, 8),
    ]


def test_a_release_of_nothing_is_not_passed_on() -> None:
    engine = at_120()

    engine.receive(note_off(9, KICK, 0), Port.DRUMS, Seconds(1.0))

    assert drain(engine) == []
    assert engine.counts.orphans == 1


def test_a_straggler_leaves_with_its_timesteps_shift() -> None:
    engine = at_120(FixedPredictor(-0.108))
    hit(engine, 1.0 - L, KICK)
    left = engine.take_due(Seconds(1.0 - 0.105))

    engine.receive(note_on(9, HAT, 100), Port.DRUMS, Seconds(1.0 - L + 0.001))

    assert strikes(left) == [(0.892, KICK)]
    assert strikes(drain(engine)) == [(0.895, HAT)]
    engine.flush(Seconds(2.0))
    assert [r.voices for r in engine.take_records()] == [("kick", "closed hat")]


# --- late commit -----------------------------------------------------------------------------------------


def test_an_onset_pulls_its_own_timestep_at_once() -> None:
    engine = at_120(FixedPredictor(0.020))
    hit(engine, 1.0 - L)
    before = engine.take_due(Seconds(0.9915))

    hit(engine, 0.990, 60, port=Port.HUMAN)

    assert before == []
    assert strikes(engine.take_due(Seconds(0.9916))) == [(0.9915, KICK)]


def test_late_commit_off_leaves_the_forecast_alone() -> None:
    engine = at_120(FixedPredictor(0.020), replace(PLAIN, late_commit=False))
    hit(engine, 1.0 - L)
    engine.take_due(Seconds(0.9915))

    hit(engine, 0.990, 60, port=Port.HUMAN)

    assert strikes(drain(engine)) == [(1.020, KICK)]


def test_at_amount_zero_nothing_moves() -> None:
    engine = at_120(FixedPredictor(0.020), replace(PLAIN, amount=0.0))
    hit(engine, 1.0 - L)

    hit(engine, 0.950, 60, port=Port.HUMAN)

    assert strikes(drain(engine)) == [(1.0, KICK)]


def test_late_commit_adds_no_mean() -> None:
    engine = at_120(FixedPredictor(0.010))
    for n in range(2, 400):
        beat = n / 2
        hit(engine, beat - L)
        if n % 2:  # every other hit is claimed by an onset 6 ms before the forecast
            engine.take_due(Seconds(beat + 0.004))
            hit(engine, beat + 0.004, 60, port=Port.HUMAN)
        engine.take_due(Seconds(beat + 0.2))
    engine.flush(Seconds(300.0))

    moved = [r.refined_ms - r.forecast_ms for r in engine.take_records()[200:]]
    assert abs(sum(moved) / len(moved)) < 0.5
    assert min(moved) < -4.0


def test_the_forecast_does_not_know_its_own_onset() -> None:
    predictor = RecordingPredictor()
    engine = at_120(predictor)
    hit(engine, 1.0 - L)
    engine.take_due(Seconds(0.9))
    asked = len(predictor.asked)

    hit(engine, 0.985, 60, port=Port.HUMAN)
    drain(engine)

    assert len(predictor.asked) == asked


def test_a_new_onset_is_known_to_the_timesteps_behind_its_own() -> None:
    predictor = RecordingPredictor()
    engine = at_120(predictor, replace(PLAIN, late_commit=False))
    hit(engine, 1.0 - L)
    engine.take_due(Seconds(1.001))
    hit(engine, 1.1 - L, SNARE)

    hit(engine, 1.010, 60, port=Port.HUMAN)
    drain(engine)

    x, step = predictor.asked[-1]
    assert step == 1
    assert x[DIFF : HEARD_AGE + 1] == pytest.approx([0.1, 0.05, 1.0, 0.1 * 0.2 * 1.0, 0.1, 0.05], abs=2e-3)


def test_a_sixteenth_before_the_kick_does_not_pull_it() -> None:
    engine = at_120(FixedPredictor(0.020))
    hit(engine, 1.0 - L)

    hit(engine, 0.905, 60, port=Port.HUMAN)

    assert strikes(drain(engine)) == [(1.020, KICK)]


# --- the musician ----------------------------------------------------------------------------------------


def record_of_one(onsets: list[float], settings: Settings = PLAIN, forecast: float = 0.0):  # type: ignore[no-untyped-def]
    engine = at_120(FixedPredictor(forecast), replace(settings, late_commit=False))
    hit(engine, 1.0 - L)
    for at in onsets:
        hit(engine, at, 60, port=Port.HUMAN)
    drain(engine)
    engine.flush(Seconds(3.0))
    return engine.take_records()[0]


def test_the_report_says_what_happened() -> None:
    record = record_of_one([1.012], forecast=0.005)

    assert (record.index, record.bar, record.beat, record.voices) == (0, 1, 3.0, ("kick",))
    assert (record.nominal_s, record.committed_s, record.human_s) == (1.0, 1.005, 1.012)
    assert (record.forecast_ms, record.refined_ms) == (pytest.approx(5.0), pytest.approx(5.0))
    assert (record.played_ms, record.diff_ms) == (pytest.approx(5.0), pytest.approx(7.0))


def test_a_chord_counts_once_by_its_first_onset() -> None:
    assert record_of_one([1.010, 1.013, 1.020]).human_s == 1.010


def test_an_onset_far_from_any_drum_meets_none() -> None:
    assert record_of_one([1.110]).human_s is None


def test_a_swung_eighth_still_meets_the_straight_one() -> None:
    assert record_of_one([1.0833]).human_s == 1.0833


def test_an_onset_meant_for_the_hit_replaces_one_that_was_only_near() -> None:
    assert record_of_one([0.905, 0.996]).human_s == 0.996


def test_once_swing_is_expected_a_swung_eighth_is_meant_for_the_straight_one() -> None:
    engine = at_120(FixedPredictor(0.080))
    hit(engine, 1.0 - L)

    hit(engine, 1.070, 60, port=Port.HUMAN)

    assert strikes(drain(engine)) == [(1.070, KICK)]


def test_latencies_are_taken_out_of_the_onset() -> None:
    settings = replace(PLAIN, input_latency=Seconds(0.008), output_latency=Seconds(0.004))

    assert record_of_one([1.030], settings).human_s == pytest.approx(1.018)


def test_the_filter_chooses_what_is_an_onset() -> None:
    settings = replace(PLAIN, human=HumanFilter(lowest=61))

    assert record_of_one([1.010], settings).human_s is None


# --- transport -------------------------------------------------------------------------------------------


def pulses(engine: Engine, start: float, count: int, bpm: float = 120.0, port: Port = Port.CONTROL) -> float:
    """Send pulses; return the time of the next one."""
    for n in range(count):
        engine.take_due(Seconds(start + n * 2.5 / bpm))
        engine.receive(b"\xf8", port, Seconds(start + n * 2.5 / bpm))
    return start + count * 2.5 / bpm


def on_clock(predictor: Predictor | None = None, settings: Settings = PLAIN) -> Engine:
    return Engine(settings, PulseClock(), predictor or ZeroPredictor())


def test_while_the_transport_stands_hits_pass_at_constant_latency() -> None:
    engine = on_clock(FixedPredictor(0.030))

    hit(engine, 1.003)

    assert strikes(drain(engine)) == [(1.123, KICK)]


def test_hits_follow_the_midi_clock() -> None:
    engine = on_clock(FixedPredictor(0.030))
    engine.receive(b"\xfa", Port.DRUMS, Seconds(9.99))
    pulses(engine, 10.0, 24 * 4 - 5, port=Port.DRUMS)

    hit(engine, 12.0 - L + 0.001)

    assert strikes(engine.take_due(Seconds(12.2))) == [(12.03, KICK)]


def test_clock_is_never_sent_on() -> None:
    engine = on_clock()
    engine.receive(b"\xfa", Port.DRUMS, Seconds(9.99))

    pulses(engine, 10.0, 96, port=Port.DRUMS)

    assert drain(engine) == []


def test_only_one_port_is_the_clock() -> None:
    engine = on_clock()
    engine.receive(b"\xfa", Port.CONTROL, Seconds(0.0))
    for n in range(96):
        at = n * 2.5 / 120
        engine.receive(b"\xf8", Port.CONTROL, Seconds(at))
        engine.receive(b"\xf8", Port.DRUMS, Seconds(at + 0.007))

    assert engine.status.bpm == pytest.approx(120.0, abs=0.1)


def test_stop_gives_every_note_its_note_off() -> None:
    engine = on_clock()
    engine.receive(b"\xfa", Port.CONTROL, Seconds(0.0))
    pulses(engine, 0.0, 48)
    engine.receive(note_on(9, KICK, 100), Port.DRUMS, Seconds(1.0 - L))
    engine.receive(note_on(9, SNARE, 100), Port.DRUMS, Seconds(1.25 - L))

    engine.receive(b"\xfc", Port.CONTROL, Seconds(1.2))
    due = [(d.data[0] >> 4, d.data[1]) for d in drain(engine)]

    assert sorted(due) == [(8, KICK), (8, SNARE), (9, KICK), (9, SNARE)]
    assert engine.idle


@pytest.mark.parametrize("then", [b"\xfc", b"\xfc\xfa\xf8", bytes.fromhex("F2 10 00 FB F8")])
def test_a_pulse_and_what_ends_its_run_may_come_in_one_moment(then: bytes) -> None:
    def played(*, ask: bool) -> list[tuple[float, int]]:
        engine = on_clock(FixedPredictor(0.030))
        engine.receive(b"\xfa", Port.CONTROL, Seconds(0.0))
        end = pulses(engine, 0.0, 48)
        hit(engine, end - 0.05)
        engine.receive(b"\xf8", Port.CONTROL, Seconds(end + 0.004))  # late: the clock moves
        due = engine.take_due(Seconds(end + 0.004)) if ask else []
        engine.receive(then, Port.CONTROL, Seconds(end + 0.004))
        return strikes(due + drain(engine))

    assert played(ask=True) == played(ask=False)


def test_silence_of_the_clock_stops_and_the_drums_go_on() -> None:
    engine = on_clock(FixedPredictor(0.030))
    engine.receive(b"\xfa", Port.CONTROL, Seconds(0.0))
    pulses(engine, 0.0, 48)
    engine.take_due(Seconds(2.0))

    hit(engine, 2.1)

    assert not engine.status.running
    assert strikes(drain(engine)) == [(2.22, KICK)]


def looped(predictor: Predictor) -> Engine:
    """Play bars 1 and 2, jump back to bar 2, play it again; the jump's own hits were sent before it."""
    engine = on_clock(predictor)
    engine.receive(b"\xfa", Port.CONTROL, Seconds(0.0))
    for beat in range(12):
        for n in range(24):
            at = beat * 0.5 + n / 48
            if (beat, n) == (8, 0):
                engine.receive(bytes.fromhex("F2 10 00 FB"), Port.CONTROL, Seconds(at - 0.001))  # bar 2
            engine.receive(b"\xf8", Port.CONTROL, Seconds(at))
            if n == 18:
                hit(engine, at + 0.125 - L)
    engine.take_due(Seconds(6.0))
    return engine


def test_a_loop_enters_its_bar_with_the_state_it_had_there() -> None:
    predictor = RecordingPredictor()

    looped(predictor)

    states = [state for _, state in predictor.asked]
    first_of_each = [s for i, s in enumerate(states) if i == 0 or s != states[i - 1]]
    # three hits in bar 1 (its downbeat was not sent), four in bar 2, bar 3 as it seemed, bar 2 again, bar 3
    assert first_of_each == [0, 1, 2, 3, 4, 5, 6, 7, 3, 4, 5, 6, 7]


def test_a_loop_loses_and_moves_no_hit() -> None:
    engine = looped(FixedPredictor(0.0))
    engine.flush(Seconds(6.0))
    engine.take_due(Seconds(math.inf))

    records = engine.take_records()
    assert [round(r.nominal_s, 2) for r in records] == [n / 2 for n in range(1, 13)]
    assert [r.bar for r in records] == [1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 3]


def test_the_template_outlives_a_relocation() -> None:
    predictor = RecordingPredictor()
    engine = on_clock(predictor)
    engine.receive(b"\xfa", Port.CONTROL, Seconds(0.0))
    pulses(engine, 0.0, 96)
    engine.receive(note_on(0, 60, 90), Port.HUMAN, Seconds(2.02 - 0.02083))
    engine.receive(bytes.fromhex("FC F2 00 00 FB"), Port.CONTROL, Seconds(2.0))
    pulses(engine, 3.0, 22)

    hit(engine, 3.5 - L)
    engine.take_due(Seconds(3.45))

    assert predictor.asked[-1][0][GROOVE] != 0.0


def test_a_hit_of_a_new_run_does_not_join_one_of_the_run_before() -> None:
    clock = MapClock(TempoMap([TempoChange(Beats(0), 120.0)]))
    engine = Engine(replace(PLAIN, drums_lead=Seconds(0.0)), clock, FixedPredictor(0.050))
    engine.receive(b"\xfa", Port.CONTROL, Seconds(0.0))
    hit(engine, 0.5)
    engine.receive(bytes.fromhex("FC F2 04 00"), Port.CONTROL, Seconds(0.51))  # back to beat 1

    engine.receive(b"\xfb", Port.CONTROL, Seconds(0.6))
    hit(engine, 0.6, SNARE)

    assert strikes(drain(engine)) == [(0.67, KICK), (0.77, SNARE)]
    engine.flush(Seconds(1.0))
    assert [r.voices for r in engine.take_records()] == [("kick",), ("snare",)]


def test_controllers_move_amount_bypass_and_feel() -> None:
    engine = at_120(settings=replace(PLAIN, controls=ControlMap(amount=1, bypass=2, laid_back=3)))

    for number, value in ((1, 64), (2, 127), (3, 74)):
        engine.receive(control_change(0, number, value), Port.CONTROL, Seconds(0.1))

    assert engine.settings.amount == pytest.approx(64 / 127)
    assert engine.settings.bypass
    assert engine.settings.laid_back == pytest.approx(0.010)


def test_without_a_clock_the_first_hit_is_beat_one() -> None:
    clock = MapClock(TempoMap([TempoChange(Beats(0), 120.0)]))
    engine = Engine(replace(PLAIN, start_on_hit=True), clock, FixedPredictor(0.010))

    hit(engine, 5.0)
    hit(engine, 5.502)

    assert strikes(engine.take_due(Seconds(6.0))) == [(5.13, KICK), (5.63, KICK)]


def test_a_transport_started_by_a_hit_stops_after_silence() -> None:
    clock = MapClock(TempoMap([TempoChange(Beats(0), 120.0)]))
    engine = Engine(replace(PLAIN, start_on_hit=True), clock, FixedPredictor(0.010))
    hit(engine, 5.0)

    engine.take_due(Seconds(10.0))

    assert not engine.status.running


# --- two listeners ---------------------------------------------------------------------------------------


def test_an_eager_follower_with_an_unknown_latency_does_not_run_away() -> None:
    engine = at_120(EagerPredictor(), replace(Settings(), late_commit=False))
    drums = partner = 0.0
    drift = []
    for n in range(2, 600):
        beat = n / 2
        hit(engine, beat - L)
        drums = next(t for t, _ in strikes(engine.take_due(Seconds(beat + 0.11)))) - beat
        partner = partner - 0.9 * (partner - drums) - 0.05 * partner
        engine.receive(note_on(0, 60, 90), Port.HUMAN, Seconds(beat + partner + 0.010))
        drift.append(drums)

    assert abs(sum(drift[-200:]) / 200) < 0.015


def test_before_anything_has_come_it_stands_at_the_top() -> None:
    status = on_clock().status

    assert (status.running, status.bar, status.beat) == (False, 1, 1.0)


# --- for as long as a band plays -------------------------------------------------------------------------


def test_an_onset_through_a_slow_input_still_meets_its_hit() -> None:
    settings = replace(PLAIN, input_latency=Seconds(0.3))
    engine = at_120(settings=settings)
    hit(engine, 1.0 - L)
    for n in range(140):
        engine.take_due(Seconds(n / 100))
        assert engine.take_records() == []

    hit(engine, 1.39, 60, port=Port.HUMAN)
    engine.take_due(Seconds(2.0))

    assert [r.human_s for r in engine.take_records()] == [pytest.approx(1.09)]


def test_what_nobody_asks_for_does_not_pile_up() -> None:
    engine = on_clock()
    for n in range(3000):
        engine.receive(b"\xfa\xf8" if n % 2 else b"\xf8\xfc", Port.CONTROL, Seconds(n / 4))
        hit(engine, n / 4 + 0.01)
        engine.take_due(Seconds(n / 4 + 0.02))

    assert len(engine.take_changes()) == 1000


@pytest.mark.parametrize("asked", [(), (2.2, 2.24, 2.26, 3.0)])
def test_a_lost_clock_ends_what_sounds_at_the_moment_of_silence(asked: tuple[float, ...]) -> None:
    engine = on_clock()
    engine.receive(b"\xfa", Port.CONTROL, Seconds(0.0))
    end = pulses(engine, 0.0, 97)
    hit(engine, 1.9)

    due = [d for at in (*asked, 5.0) for d in engine.take_due(Seconds(at))]

    silence = end - 2.5 / 120 + 0.250
    assert [(d.data[0] >> 4, round(d.at, 3)) for d in due] == [(9, 2.02), (8, round(silence + 0.12, 3))]
    assert [round(c.at, 3) for c in engine.take_changes()] == [0.0, round(silence, 3)]


@pytest.mark.parametrize("asked", [(), (8.9, 9.1)])
def test_a_transport_started_by_a_hit_stops_four_seconds_after_the_last(asked: tuple[float, ...]) -> None:
    clock = MapClock(TempoMap([TempoChange(Beats(0), 120.0)]))
    engine = Engine(replace(PLAIN, start_on_hit=True), clock, ZeroPredictor())
    hit(engine, 5.0)

    for at in (*asked, 20.0):
        engine.take_due(Seconds(at))

    assert [round(c.at, 6) for c in engine.take_changes()] == [5.12, 9.0]


NOTICE = 0.005
AHEAD = replace(PLAIN, notice=Seconds(NOTICE), late_commit=True)


def test_with_a_notice_a_hit_is_handed_over_so_much_before_its_time() -> None:
    engine = at_120(settings=AHEAD)
    hit(engine, 1.0 - L)

    early = engine.take_due(Seconds(1.0 - NOTICE - 0.001))
    due = engine.take_due(Seconds(1.0 - NOTICE + 0.001))

    assert early == []
    assert strikes(due) == [(1.0, KICK)]


def test_the_next_thing_to_do_is_the_notice_before_the_next_hit() -> None:
    engine = at_120(settings=AHEAD)
    hit(engine, 1.0 - L)
    engine.take_due(Seconds(0.9))

    assert engine.next_due() == pytest.approx(1.0 - NOTICE)


def test_an_onset_pulls_what_has_not_been_handed_over_and_it_leaves_at_once() -> None:
    engine = at_120(settings=AHEAD)
    hit(engine, 1.0 - L)
    hit(engine, 0.970, note=60, port=Port.HUMAN)

    due = engine.take_due(Seconds(0.971))

    assert strikes(due) == [(0.970, KICK)]


def test_an_onset_within_the_notice_comes_too_late_to_pull_and_still_meets_its_hit() -> None:
    engine = at_120(settings=AHEAD)
    hit(engine, 1.0 - L)
    due = engine.take_due(Seconds(0.997))
    hit(engine, 0.998, note=60, port=Port.HUMAN)
    due += drain(engine)
    engine.flush(Seconds(2.0))

    (record,) = engine.take_records()
    assert strikes(due) == [(1.0, KICK)]
    assert record.diff_ms == pytest.approx(-2.0)


def test_a_note_that_is_pulled_does_not_pass_the_note_off_that_its_drum_was_handed() -> None:
    engine = at_120(FixedPredictor(0.040), settings=AHEAD)
    hit(engine, 0.875 - L)
    engine.receive(note_off(9, KICK, 64), Port.DRUMS, Seconds(0.875 - L + 0.110))  # its off: 0.875+.04+.11
    hit(engine, 1.0 - L)
    due = engine.take_due(Seconds(1.0205))  # the note-off, for 1.025, has been handed over
    hit(engine, 1.021, note=60, port=Port.HUMAN)
    due += drain(engine)

    times = [(round(d.at, 4), d.data[0] >> 4) for d in sorted(due, key=lambda d: d.at)]
    assert times[:3] == [(0.915, 9), (1.025, 8), (1.025, 9)]


# --- a transport that reports ----------------------------------------------------------------------------


def reported(settings: Settings = PLAIN) -> Engine:
    return Engine(settings, ReportClock(), ZeroPredictor())


def report(
    engine: Engine, at: float, beat: float, meter: Meter | None = None, port: Port = Port.CONTROL
) -> None:
    engine.receive(encode_report(Report(Seconds(at), Beats(beat), 120.0, True, meter)), port, Seconds(at))


def test_a_report_on_control_says_where_the_song_is() -> None:
    engine = reported()

    report(engine, 1.0, 8.0, Meter(3, 4))
    hit(engine, 1.5 - L + 0.002)

    assert strikes(drain(engine)) == [(1.5, KICK)]
    engine.flush(Seconds(9.0))
    (record,) = engine.take_records()
    assert (record.bar, record.beat) == (4, 1.0)
    assert engine.settings.meters.position(Beats(9.0)).meter == Meter(3, 4)


def test_where_the_transport_tells_no_meter_the_settings_do() -> None:
    engine = reported(replace(PLAIN, meters=MeterMap((MeterChange(Beats(0.0), Meter(3, 4)),))))

    report(engine, 1.0, 9.0)
    said = engine.status.bar
    report(engine, 1.05, 9.1, Meter(4, 4))
    told = engine.status.bar
    report(engine, 1.1, 9.2)

    assert (said, told, engine.status.bar) == (4, 3, 4)


def test_a_meter_that_the_transport_tells_stands_above_new_settings() -> None:
    engine = reported()
    report(engine, 1.0, 9.0, Meter(3, 4))

    engine.configure(replace(PLAIN, meters=MeterMap((MeterChange(Beats(0.0), Meter(5, 4)),))))
    told = engine.status.bar
    report(engine, 1.05, 9.1)

    assert (told, engine.status.bar) == (4, 2)


def test_a_hit_that_waits_through_a_change_of_meter_is_counted_by_its_own() -> None:
    engine = reported(replace(PLAIN, drums_lead=Seconds(0.0)))
    report(engine, 1.0, 15.5, Meter(4, 4))
    hit(engine, 1.0)
    report(engine, 1.05, 15.6, Meter(4, 4))

    report(engine, 1.25, 12.0, Meter(3, 4))  # bar 5 begins, and they are of three beats from here on
    hit(engine, 1.25)

    drain(engine)
    engine.flush(Seconds(9.0))
    assert [(r.bar, r.beat) for r in engine.take_records()] == [(4, 4.5), (5, 1.0)]


def test_a_report_on_drums_is_anybodys_message_and_on_control_nobodys() -> None:
    engine = reported()
    foreign = bytes.fromhex("F0 7D 01 02 F7")

    engine.receive(foreign, Port.DRUMS, Seconds(1.0))
    engine.receive(foreign, Port.CONTROL, Seconds(1.0))
    report(engine, 1.0, 0.0)

    assert [(d.at, d.data) for d in drain(engine)] == [(1.0 + L, foreign)]


def test_reports_mean_nothing_to_other_clocks_nor_to_which_port_carries_those() -> None:
    engine = Engine(PLAIN, PulseClock(), ZeroPredictor())
    report(engine, 0.9, 8.0)
    engine.receive(b"\xfa\xf8", Port.DRUMS, Seconds(1.0))
    report(engine, 1.01, 8.0)

    engine.receive(b"\xfc", Port.DRUMS, Seconds(1.02))

    assert [type(change) for change in engine.take_changes()] == [Started, Stopped]


def test_another_engine_goes_on_in_the_meter_that_was_told() -> None:
    engine = reported()
    report(engine, 1.0, 9.0, Meter(3, 4))
    (memory,) = engine.take_memories()
    assert memory.clock is not None

    other = Engine(PLAIN, ReportClock.of(memory.clock), ZeroPredictor())
    other.resume(memory)

    assert other.settings.meters.position(Beats(9.0)) == engine.settings.meters.position(Beats(9.0))


def test_with_a_notice_what_is_undone_in_the_same_moment_does_not_depend_on_being_asked() -> None:
    def play(*, asked: bool) -> list[tuple[float, int]]:
        engine = at_120(FixedPredictor(-0.5), settings=replace(AHEAD, bypass=True))
        hit(engine, 1.0 - L)
        for value in (0, 127):  # bypass off, and on again
            if asked:
                engine.take_due(Seconds(0.9))
            engine.receive(control_change(0, 21, value), Port.CONTROL, Seconds(0.9))
        return strikes(drain(engine))

    assert play(asked=True) == play(asked=False) == [(1.0, KICK)]
