"""Both song clocks as the engine uses them: transport, silence, and how near the position is."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import cast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from pocket_core.clock import MapClock, PulseClock
from pocket_core.tempo import TempoChange, TempoMap
from pocket_core.transport import ClockEvent, Relocated, SongClock, Started, Stopped, TransportChange
from pocket_core.types import Beats, Continue, Pulse, Seconds, SongPosition, Start, Stop

Times = NDArray[np.float64]
TICK = 1 / 48  # seconds at 120 BPM
ZERO = Seconds(10.0)  # of the first pulse
BAR = 96  # pulses


def ticks(count: int, bpm: float = 120.0, start: float = ZERO) -> Times:
    return start + np.arange(count, dtype=np.float64) * (2.5 / bpm)


def about(beat: float) -> Beats:
    """A position to compare with, give or take a thousandth of a beat."""
    return cast(Beats, pytest.approx(beat, abs=1e-3))


def along(bpms: Iterable[float], start: float = ZERO) -> Times:
    """Pulses each of which lasts as long as its tempo says."""
    return start + np.concatenate([[0.0], np.cumsum([2.5 / bpm for bpm in bpms])])


def jittered(times: Times, seconds: float, seed: int) -> Times:
    shifted: Times = np.sort(times + np.random.default_rng(seed).uniform(-seconds, seconds, len(times)))
    return shifted


def follow(clock: SongClock, times: Iterable[float]) -> list[TransportChange]:
    """Feed pulses as the engine does."""
    changes: list[TransportChange] = []
    for at in times:
        changes += clock.check(Seconds(at))
        changes += clock.feed(Pulse(Seconds(at)))
    return changes


def started(times: Iterable[float] = (), bpm: float = 120.0) -> PulseClock:
    """A clock that was started just before these pulses."""
    clock = PulseClock(bpm)
    clock.feed(Start(ZERO))
    follow(clock, times)
    return clock


def errors(clock: PulseClock, heard: Times, true: Times) -> Times:
    """Feed the pulses and return how late each finds the position, in seconds."""
    found = []
    for at in heard:
        follow(clock, [at])
        tick = float(np.interp(at, true, np.arange(len(true))))
        length = true[int(tick) + 1] - true[int(tick)] if tick < len(true) - 1 else true[-1] - true[-2]
        found.append((tick - clock.beat_at(Seconds(at)) * 24) * length)
    return np.array(found)


def rms(values: Times) -> float:
    return float(np.sqrt(np.mean(values**2)))


# Transport


def test_start_acts_on_the_first_pulse_after_it() -> None:
    clock = PulseClock()

    before = clock.feed(Start(Seconds(9.0)))
    at_pulse = clock.feed(Pulse(ZERO))

    assert before == ()
    assert at_pulse == [Started(ZERO, Beats(0.0), from_top=True)]
    assert clock.running
    assert clock.beat_at(ZERO) == 0.0


def test_start_and_pulse_of_one_time_stamp_begin_there() -> None:
    clock = PulseClock()
    clock.feed(Start(ZERO))

    changes = clock.feed(Pulse(ZERO))

    assert changes == [Started(ZERO, Beats(0.0), from_top=True)]


def test_start_right_after_a_pulse_waits_for_the_next() -> None:
    clock = PulseClock()
    follow(clock, ticks(10))
    clock.feed(Start(Seconds(ticks(10)[-1])))

    changes = follow(clock, ticks(11)[-1:])

    assert changes == [Started(Seconds(ticks(11)[-1]), Beats(0.0), from_top=True)]


def test_before_the_second_pulse_the_configured_tempo_holds() -> None:
    clock = started(ticks(1), bpm=90.0)

    assert clock.bpm == pytest.approx(90.0)
    assert clock.beat_at(Seconds(ZERO + 60 / 90)) == pytest.approx(1.0)


def test_before_the_second_pulse_the_last_tempo_holds() -> None:
    clock = started(ticks(BAR, 140.0))
    clock.feed(Stop(Seconds(20.0)))
    clock.feed(Start(Seconds(30.0)))

    follow(clock, [30.1])

    assert clock.bpm == pytest.approx(140.0, abs=0.1)


def test_position_moves_a_beat_every_24_pulses() -> None:
    clock = started(ticks(49))

    assert clock.beat_at(Seconds(ZERO + 1.0)) == pytest.approx(2.0, abs=1e-6)
    assert clock.time_of(Beats(6.0)) == pytest.approx(ZERO + 3.0, abs=1e-6)


def test_stop_tells_where() -> None:
    clock = started(ticks(25))

    changes = clock.feed(Stop(Seconds(ZERO + 0.51)))

    assert isinstance(changes[0], Stopped)
    assert changes[0].beat == pytest.approx(1.02, abs=1e-3)
    assert not clock.running


def test_continue_plays_the_tick_after_the_last() -> None:
    clock = started(ticks(24))
    clock.feed(Stop(Seconds(ZERO + 0.49)))
    clock.feed(Continue(Seconds(12.0)))

    changes = follow(clock, [12.1])

    assert changes == [Started(Seconds(12.1), about(1.0), from_top=False)]


def test_song_position_while_stopped_is_where_continue_plays() -> None:
    clock = PulseClock()
    clock.feed(SongPosition(Seconds(1.0), 34))  # 34 sixteenths: 8.5 beats
    clock.feed(Continue(Seconds(1.0)))

    changes = follow(clock, [ZERO])

    assert changes == [Started(ZERO, Beats(8.5), from_top=False)]


def test_song_position_does_not_move_a_start() -> None:
    clock = PulseClock()
    clock.feed(SongPosition(Seconds(1.0), 34))
    clock.feed(Start(Seconds(1.0)))

    changes = follow(clock, [ZERO])

    assert changes == [Started(ZERO, Beats(0.0), from_top=True)]


def test_song_position_alone_while_running_is_ignored() -> None:
    clock = started(ticks(24))
    clock.feed(SongPosition(Seconds(ZERO + 0.49), 64))

    changes = follow(clock, ticks(48)[24:])

    assert changes == []
    assert clock.beat_at(Seconds(ZERO + 1.0)) == pytest.approx(2.0, abs=1e-6)


def test_song_position_and_continue_while_running_relocate_at_the_next_pulse() -> None:
    clock = started(ticks(97))
    clock.feed(SongPosition(Seconds(ZERO + 2.01), 0))
    clock.feed(Continue(Seconds(ZERO + 2.01)))

    changes = follow(clock, ticks(98)[97:])

    at = Seconds(ticks(98)[97])
    assert changes == [Relocated(at, about(97 / 24), Beats(0.0))]
    assert clock.beat_at(at) == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize("seed", range(4))
def test_a_jump_is_as_long_as_its_ticks_say_though_the_pulses_jitter(seed: int) -> None:
    heard = jittered(ticks(193), 0.004, seed)
    clock = started(heard[:192])
    clock.feed(SongPosition(Seconds(ZERO + 3.99), 0))
    clock.feed(Continue(Seconds(ZERO + 3.99)))

    changes = follow(clock, heard[192:])

    assert changes == [Relocated(Seconds(heard[192]), about(8.0), Beats(0.0))]


def test_start_while_running_relocates_to_the_top() -> None:
    clock = started(ticks(48))
    clock.feed(Start(Seconds(ZERO + 0.99)))

    changes = follow(clock, ticks(49)[48:])

    assert changes == [Relocated(Seconds(ZERO + 1.0), about(2.0), Beats(0.0))]


def test_continue_while_running_without_a_position_changes_nothing() -> None:
    clock = started(ticks(48))
    clock.feed(Continue(Seconds(ZERO + 0.99)))

    changes = follow(clock, ticks(72)[48:])

    assert changes == []


def test_jump_to_where_it_is_anyway_is_none() -> None:
    clock = started(ticks(96))
    clock.feed(SongPosition(Seconds(ZERO + 1.99), 16))
    clock.feed(Continue(Seconds(ZERO + 1.99)))

    changes = follow(clock, ticks(97)[96:])

    assert changes == []
    assert clock.beat_at(Seconds(ZERO + 2.0)) == pytest.approx(4.0, abs=1e-6)


def test_storm_of_loops_ends_where_the_last_says() -> None:
    clock = started(ticks(24))
    for i in range(200):
        clock.feed(SongPosition(Seconds(ZERO + 0.49), i))
        clock.feed(Continue(Seconds(ZERO + 0.49)))

    changes = follow(clock, ticks(48)[24:])

    assert [type(change) for change in changes] == [Relocated]
    assert clock.beat_at(Seconds(ticks(48)[24])) == pytest.approx(199 / 4, abs=1e-6)


def test_stop_before_the_first_pulse_cancels_the_start() -> None:
    clock = PulseClock()
    clock.feed(Start(Seconds(9.0)))
    clock.feed(Stop(Seconds(9.5)))

    changes = follow(clock, ticks(100))

    assert changes == []


def test_stop_keeps_the_place_that_was_about_to_be_entered() -> None:
    clock = started(ticks(24))
    clock.feed(SongPosition(Seconds(ZERO + 0.49), 64))
    clock.feed(Continue(Seconds(ZERO + 0.49)))
    clock.feed(Stop(Seconds(ZERO + 0.495)))
    clock.feed(Continue(Seconds(ZERO + 0.5)))

    changes = follow(clock, [ZERO + 0.51])

    assert changes == [Started(Seconds(ZERO + 0.51), Beats(16.0), from_top=False)]


def test_clock_that_goes_on_after_stop_keeps_the_tempo_and_not_the_place() -> None:
    clock = started(ticks(48))
    clock.feed(Stop(Seconds(ZERO + 0.99)))

    follow(clock, along([120.0] * 48 + [100.0] * 48)[49:])

    assert clock.bpm == pytest.approx(100.0, abs=0.1)
    assert clock.beat_at(Seconds(ZERO + 1.0)) == pytest.approx(2.0, abs=1e-3)


def test_phase_that_shifts_at_the_start_is_taken_over_at_once() -> None:
    clock = PulseClock()
    follow(clock, ticks(200))
    clock.feed(Start(Seconds(ticks(200)[-1] + 0.001)))
    first = ticks(200)[-1] + 0.4 * TICK  # the sender's clock begins anew, 0.6 of a tick early

    changes = follow(clock, [first])

    assert changes == [Started(Seconds(first), Beats(0.0), from_top=True)]
    assert clock.beat_at(Seconds(first)) == about(0.0)
    assert clock.beat_at(Seconds(first + 0.5)) == about(1.0)
    assert clock.bpm == pytest.approx(120.0, abs=0.05)


# A clock that never says start


def test_pulses_out_of_silence_with_no_start_ever_run_from_the_first() -> None:
    clock = PulseClock()
    clock.check(Seconds(ZERO - 1.0))

    changes = follow(clock, ticks(25))

    assert changes == [Started(Seconds(ticks(25)[-1]), about(1.0), from_top=False)]


def test_pulses_that_ran_before_anyone_listened_start_nothing() -> None:
    clock = PulseClock()
    clock.check(Seconds(ZERO - 0.01))

    changes = follow(clock, ticks(200))

    assert changes == []
    assert clock.bpm == pytest.approx(120.0, abs=0.01)


def test_start_after_an_assumed_one_begins_a_run_of_its_own() -> None:
    clock = PulseClock()
    clock.check(Seconds(ZERO - 1.0))
    follow(clock, ticks(96))
    clock.feed(Start(Seconds(ticks(96)[-1] + 0.001)))

    changes = follow(clock, ticks(97)[96:])

    assert [type(change) for change in changes] == [Stopped, Started]
    assert changes[1] == Started(Seconds(ticks(97)[-1]), Beats(0.0), from_top=True)


def test_sender_that_once_said_stop_is_never_assumed_to_run() -> None:
    clock = PulseClock()
    clock.check(Seconds(0.0))
    clock.feed(Stop(Seconds(1.0)))

    changes = follow(clock, ticks(200))

    assert changes == []


# Silence


@pytest.mark.parametrize(("bpm", "limit"), [(300.0, 0.250), (120.0, 0.250), (20.0, 0.375)])
def test_silence_of_250_ms_or_three_ticks_is_a_stop(bpm: float, limit: float) -> None:
    clock = started(ticks(48, bpm))
    last = ticks(48, bpm)[-1]

    within = clock.check(Seconds(last + limit - 0.002))
    beyond = clock.check(Seconds(last + limit + 0.002))

    assert within == ()
    assert [type(change) for change in beyond] == [Stopped]


def test_pulses_that_come_back_without_a_stop_go_on_where_time_says() -> None:
    clock = started(ticks(200))
    clock.check(Seconds(ticks(200)[-1] + 0.3))

    changes = follow(clock, ticks(300)[240:])  # 40 pulses were lost

    assert changes == [Started(Seconds(ticks(241)[-1]), about(10.0), from_top=False)]


def test_silence_is_noticed_by_the_pulse_that_ends_it() -> None:
    clock = started(ticks(200))

    changes = clock.feed(Pulse(Seconds(ticks(300)[-1])))

    assert [type(change) for change in changes] == [Stopped, Started]


def test_pulses_that_come_back_after_a_stop_stay_stopped() -> None:
    clock = started(ticks(48))
    clock.feed(Stop(Seconds(ticks(49)[-1])))

    changes = follow(clock, ticks(200, start=20.0))

    assert changes == []


# How near the position is


@pytest.mark.parametrize("bpm", [20.0, 60.0, 120.0, 200.0, 300.0])
@pytest.mark.parametrize("seed", range(3))
def test_jitter_of_5_ms_leaves_less_than_1_ms_after_two_bars(bpm: float, seed: int) -> None:
    true = ticks(10 * BAR, bpm)

    late = errors(started(), jittered(true, 0.005, seed), true)

    assert rms(late[2 * BAR :]) < 0.8e-3


def test_jitter_is_measured() -> None:
    clock = started(jittered(ticks(10 * BAR), 0.005, 1))

    assert clock.jitter == pytest.approx(0.005 / math.sqrt(3), rel=0.2)


def test_jitter_is_0_before_any_pulse_and_nearly_0_of_an_even_clock() -> None:
    clock = PulseClock()

    before = clock.jitter
    follow(clock, ticks(BAR))

    assert before == 0.0
    assert clock.jitter < 1e-6


@pytest.mark.parametrize(("frames", "limit"), [(64, 0.5e-3), (256, 1.2e-3)])
@pytest.mark.parametrize("bpm", [20.0, 60.0, 97.3, 120.0, 174.0, 250.0, 300.0])
def test_pulses_on_jack_periods_are_smoothed(frames: int, limit: float, bpm: float) -> None:
    period = frames / 48_000
    true = ticks(10 * BAR, bpm, start=10.0013)
    heard = np.ceil(true / period) * period

    late = errors(started(), heard, true)[2 * BAR :]

    assert (
        float(np.std(late)) < limit
    )  # about their mean: half a period late is the transport's, not the loop's


@pytest.mark.parametrize("bpm", [60.0, 90.0, 104.3, 111.3, 115.9, 118.5, 123.0, 135.0, 150.0, 200.0, 300.0])
@pytest.mark.parametrize("frames", [512, 1024])
def test_pulses_on_long_jack_periods_are_followed_where_ticks_do_not_last_just_one(
    frames: int, bpm: float
) -> None:
    period = frames / 48_000
    true = ticks(10 * BAR, bpm, start=10.0013)
    heard = np.ceil(true / period) * period

    late = errors(started(), heard, true)[2 * BAR : -2]

    assert float(np.std(late)) < 1e-3
    assert float(np.mean(late)) == pytest.approx(period / 2, abs=1e-3)


@pytest.mark.parametrize(("jitter", "limit"), [(0.0, 0.5e-3), (0.001, 1.5e-3), (0.005, 7e-3)])
@pytest.mark.parametrize(("slow", "fast"), [(100.0, 140.0), (140.0, 100.0)])
def test_tempo_that_ramps_over_8_bars_is_followed(
    jitter: float, limit: float, slow: float, fast: float
) -> None:
    true = along([slow] * 2 * BAR + list(np.linspace(slow, fast, 8 * BAR)) + [fast] * BAR)

    late = errors(started(), jittered(true, jitter, 2), true)[2 * BAR :]

    assert float(np.abs(late).max()) < limit


@pytest.mark.parametrize(
    ("before", "after"),
    [(120, 90), (90, 120), (120, 60), (60, 120), (120, 140), (240, 200), (20, 300), (300, 20)],
)
@pytest.mark.parametrize("jitter", [0.0, 0.0003])
def test_tempo_that_jumps_is_snapped_to_after_three_ticks(before: float, after: float, jitter: float) -> None:
    true = along([before] * 2 * BAR + [after] * BAR)

    late = errors(started(), jittered(true, jitter, 3), true)

    assert float(np.abs(late[2 * BAR + 3 :]).max()) < 1e-3
    assert float(np.abs(late[2 * BAR + 3 :]).max()) < 0.1 * 2.5 / after


@pytest.mark.parametrize(("before", "after"), [(120, 123), (120, 126), (126, 120), (120, 130), (200, 220)])
def test_small_jump_under_heavy_jitter_is_followed_in_a_beat(before: float, after: float) -> None:
    true = along([before] * 2 * BAR + [after] * 4 * BAR)

    late = errors(started(), jittered(true, 0.005, 4), true)

    assert float(np.abs(late[2 * BAR + 36 :]).max()) < 5e-3


def test_first_tempo_need_not_be_the_configured_one() -> None:
    true = ticks(24, 47.0)

    late = errors(started(bpm=200.0), true, true)

    assert float(np.abs(late[4:]).max()) < 1e-3


# Missing and doubled pulses


@pytest.mark.parametrize("bpm", [20.0, 120.0, 300.0])
@pytest.mark.parametrize("jitter", [0.0, 0.001])
@pytest.mark.parametrize(
    "lost",
    [[100], [100, 101], [100, 102], [60, 100, 101, 140, 181], list(range(50, 380, 30))],
    ids=["one", "two in a row", "two apart", "several", "many"],
)
def test_missing_pulses_do_not_move_the_position(bpm: float, jitter: float, lost: Sequence[int]) -> None:
    true = ticks(400, bpm)

    late = errors(started(), np.delete(jittered(true, jitter, 5), lost), true)

    assert float(np.abs(late[24:]).max()) < 2e-3


@pytest.mark.parametrize("bpm", [20.0, 120.0, 300.0])
@pytest.mark.parametrize("after", [0.0, 0.2])
@pytest.mark.parametrize("doubled", [[100], [100, 101], [60, 100, 101, 140, 181]])
def test_doubled_pulses_do_not_move_the_position(bpm: float, after: float, doubled: Sequence[int]) -> None:
    true = ticks(400, bpm)
    heard = np.sort(np.append(true, true[list(doubled)] + after * 2.5 / bpm))

    late = errors(started(), heard, true)

    assert float(np.abs(late[24:]).max()) < 1e-3


def test_missing_and_doubled_pulses_are_told_apart_from_5_ms_of_jitter() -> None:
    true = ticks(400)
    heard = np.append(np.delete(jittered(true, 0.005, 6), [150, 250]), true[200] + 0.004)

    late = errors(started(), np.sort(heard), true)

    assert rms(late[300:]) < 1e-3


def test_stall_that_lets_pulses_arrive_in_a_burst_does_not_move_the_position() -> None:
    true = ticks(400)
    heard = true.copy()
    heard[200:204] = true[204]  # four pulses held up until the fifth

    late = errors(started(), heard, true)

    assert float(np.abs(late[250:]).max()) < 0.1e-3


# Whatever comes

makers: st.SearchStrategy[Callable[[Seconds], ClockEvent]] = st.one_of(
    st.sampled_from([Pulse, Pulse, Pulse, Pulse, Start, Continue, Stop]),
    st.integers(0, 16383).map(lambda n: partial(SongPosition, sixteenths=n)),
)
gaps = st.one_of(st.just(0.0), st.just(TICK), st.floats(0.0, 0.2), st.floats(0.0, 100.0))


@given(st.lists(st.tuples(makers, gaps), max_size=80), st.booleans())
def test_any_events_leave_a_clock_that_goes_forward_and_back(
    script: Sequence[tuple[Callable[[Seconds], ClockEvent], float]], known: bool
) -> None:
    clock: SongClock = MapClock(TempoMap([TempoChange(Beats(0.0), 97.0)])) if known else PulseClock()
    at = 5.0
    for make, gap in script:
        at += gap
        clock.check(Seconds(at))
        running = clock.running
        for change in clock.feed(make(Seconds(at))):
            assert isinstance(change, Started) != running  # started when it stood, else stopped or relocated
            running = not isinstance(change, Stopped)
        assert running == clock.running

        probes = [clock.beat_at(Seconds(at + d)) for d in (-1.0, 0.0, 0.001, 1.0)]

        assert all(math.isfinite(beat) for beat in probes)
        assert probes == sorted(set(probes))
        assert [clock.time_of(b) - at for b in probes] == pytest.approx([-1.0, 0.0, 0.001, 1.0], abs=1e-6)
        assert 10 - 1e-9 <= clock.bpm <= 600 + 1e-9
        assert 0 <= clock.jitter < 1


@given(st.integers(0, 2**32 - 1), st.sampled_from([60.0, 120.0, 180.0]))
def test_position_never_leaps_at_a_pulse(seed: int, bpm: float) -> None:
    heard = jittered(ticks(2 * BAR, bpm), 0.002, seed)
    clock = started(heard[:BAR])
    leaps = []
    for at in heard[BAR:]:
        before = clock.beat_at(Seconds(at))
        follow(clock, [at])
        leaps.append((clock.beat_at(Seconds(at)) - before) * 60 / bpm)

    assert max(abs(leap) for leap in leaps) < 1.5e-3


# The known tempo

SLOWING = TempoMap([TempoChange(Beats(0.0), 120.0), TempoChange(Beats(8.0), 60.0)])


def test_absolute_map_always_runs_and_heeds_nothing() -> None:
    clock = MapClock(SLOWING, origin=Seconds(100.0))

    changes = [*clock.feed(Start(Seconds(101.0))), *clock.feed(Stop(Seconds(102.0)))]

    assert changes == []
    assert clock.running
    assert clock.beat_at(Seconds(105.0)) == 9.0
    assert clock.time_of(Beats(-2.0)) == 99.0


def test_map_knows_the_tempo_of_the_time_it_was_told() -> None:
    clock = MapClock(SLOWING, origin=Seconds(100.0))

    first = clock.bpm
    clock.check(Seconds(104.5))

    assert first == 120.0
    assert clock.bpm == 60.0


def test_map_starts_at_start() -> None:
    clock = MapClock(SLOWING)

    changes = clock.feed(Start(Seconds(7.0)))

    assert changes == [Started(Seconds(7.0), Beats(0.0), from_top=True)]
    assert clock.beat_at(Seconds(8.0)) == 2.0


def test_map_stops_and_continues_where_it_stood() -> None:
    clock = MapClock(SLOWING)
    clock.feed(Start(Seconds(7.0)))

    stopped = clock.feed(Stop(Seconds(12.0)))
    again = clock.feed(Continue(Seconds(50.0)))

    assert stopped == [Stopped(Seconds(12.0), Beats(9.0))]
    assert again == [Started(Seconds(50.0), Beats(9.0), from_top=False)]
    assert clock.beat_at(Seconds(51.0)) == 10.0


def test_map_relocates_by_song_position_and_continue() -> None:
    clock = MapClock(SLOWING)
    clock.feed(Start(Seconds(7.0)))
    clock.feed(SongPosition(Seconds(8.0), 16))

    changes = clock.feed(Continue(Seconds(8.0)))

    assert changes == [Relocated(Seconds(8.0), Beats(2.0), Beats(4.0))]


def test_map_hears_neither_pulses_nor_silence() -> None:
    clock = MapClock(SLOWING)
    clock.feed(Start(Seconds(7.0)))

    changes = [*follow(clock, [8.0, 8.1, 30.0]), *clock.check(Seconds(60.0))]

    assert changes == []
    assert clock.running
