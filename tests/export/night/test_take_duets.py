"""Takes as duets: where each timestep and each onset stands."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pocket_core.errors import TakeError
from pocket_core.features import COLUMNS
from pocket_core.records import TimestepRecord
from pocket_core.settings import Settings
from pocket_core.tempo import Meter
from pocket_core.testing import FixedPredictor
from pocket_core.types import Seconds
from pocket_export.dataset import prepare
from pocket_export.duets import Grid
from pocket_export.night.take_duets import About, Musician, make_duets
from pocket_export.night.take_lessons import make_lessons
from pocket_export.night.targets import Rule
from pocketd.config import Config
from pocketd.journal import JOURNAL
from tests.export.night.journals import hello_at, meter_from, read_kept, step, write_take
from tests.export.night.partners import song, take, take_on_rig

FOUR = Meter(4, 4)
NOBODY = Musician(np.zeros(0), np.zeros(0))


def quarters(count: int, *, bpm: float = 120.0, start: float = 3.0, bar: int = 1) -> list[TimestepRecord]:
    pace = 60 / bpm
    return [step(n, start + n * pace, bar + n // 4, 1.0 + n % 4, forecast_ms=float(n)) for n in range(count)]


def test_a_take_comes_back_as_the_drums_and_the_musician_that_were_played(tmp_path: Path) -> None:
    of = song(4, bpm=96.0)
    folder = take(tmp_path, of=of, late=0.030, noise=0.0)

    (part,) = read_kept(folder)

    assert part.about == About(f"{folder.parent.name}/{folder.name}", "evening", "none", None)
    assert len(part.duet.twelfths) == 32
    assert np.diff(part.duet.twelfths).tolist() == [6] * 31
    assert part.duet.twelfths[0] % 48 == 0
    assert part.duet.grid is Grid.SIXTEENTHS
    assert part.duet.source.bpm == pytest.approx(96.0, abs=0.05)
    assert part.duet.meets == pytest.approx([0.0, 0.030] * 16, abs=1.5e-3)  # the clock's own jitter


def test_what_counts_is_the_forecast_whatever_sounded(tmp_path: Path) -> None:
    quiet = Config(amount=0.25, late_commit=True, laid_back_ms=10)
    folder = take(tmp_path, of=song(4), predictor=FixedPredictor(0.016), config=quiet)

    (part,) = read_kept(folder)

    assert part.forecast == pytest.approx(np.full(32, 0.016), abs=1e-6)


def test_latencies_are_taken_out_of_the_onsets() -> None:
    heard = Musician(np.array([3.010, 3.512]), np.array([0.5, 0.6]))

    (part,) = make_duets(About("t"), quarters(8), heard, FOUR)

    assert part.duet.meets[:2] == pytest.approx([0.010, 0.012])


def test_a_loop_of_whole_bars_goes_on_counting() -> None:
    twice = quarters(8) + [replace(s, nominal_s=Seconds(s.nominal_s + 4.0)) for s in quarters(8)]

    (part,) = make_duets(About("t"), twice, NOBODY, FOUR)

    assert part.duet.twelfths.tolist() == [n * 12 for n in range(16)]


def test_a_jump_into_a_bar_begins_another_part() -> None:
    elsewhere = [
        step(8, 7.0, 9, 3.0, forecast_ms=8.0),
        step(9, 7.5, 9, 4.0, forecast_ms=9.0),
        step(10, 8.0, 10, 1.0, forecast_ms=10.0),
    ]

    first, second = make_duets(About("t"), [*quarters(8), *elsewhere], NOBODY, FOUR)

    assert len(first.duet.twelfths) == 8
    assert second.duet.twelfths.tolist() == [(8 * 4 + 2) * 12, (8 * 4 + 3) * 12, 9 * 4 * 12]
    assert second.forecast == pytest.approx([0.008, 0.009, 0.010])


@pytest.mark.parametrize("beat", [1.54, 1.125, 1 + 1 / 12, 1 + 11 / 12])
def test_what_stands_on_no_grid_is_left_out(beat: float) -> None:
    loose = step(20, 3.0 + (beat - 1) * 0.5, 1, beat)

    (part,) = make_duets(About("t"), sorted([*quarters(4), loose], key=lambda s: s.nominal_s), NOBODY, FOUR)

    assert part.duet.twelfths.tolist() == [0, 12, 24, 36]


def late(steps: Sequence[TimestepRecord], by: float) -> Musician:
    """Return a musician who is late, by so many seconds, at each timestep."""
    return Musician(np.array([s.nominal_s + by for s in steps]), np.full(len(steps), 0.5))


def at_paces(*paces: float) -> list[TimestepRecord]:
    """Return quarters, so many seconds apart."""
    times = np.concatenate(([0.0], np.cumsum(paces)))
    return [replace(s, nominal_s=Seconds(3.0 + t)) for s, t in zip(quarters(len(times)), times, strict=True)]


def test_a_tempo_that_gives_way_keeps_every_distance() -> None:
    slowing = at_paces(*np.linspace(0.48, 0.53, 40))

    (part,) = make_duets(About("t"), slowing, late(slowing, 0.031), FOUR)

    assert part.duet.meets == pytest.approx(np.full(41, 0.031))


def test_another_tempo_is_another_duet_and_keeps_every_distance_too() -> None:
    faster = at_paces(*[60 / 90] * 32, *[60 / 150] * 32)

    slow, fast = make_duets(About("t"), faster, late(faster, 0.031), FOUR)

    assert [slow.duet.source.bpm, fast.duet.source.bpm] == pytest.approx([90, 150])
    assert (len(slow.duet.twelfths), len(fast.duet.twelfths)) == (32, 33)
    assert fast.duet.twelfths[0] == 32 * 12  # the song's own place
    for part in (slow, fast):
        assert part.duet.meets == pytest.approx(np.full(len(part.duet.twelfths), 0.031))


def test_a_tempo_that_climbs_for_good_is_a_few_duets() -> None:
    climbing = at_paces(*(60 / bpm for bpm in np.linspace(90, 130, 120)))

    parts = make_duets(About("t"), climbing, late(climbing, 0.031), FOUR)

    assert 2 <= len(parts) <= 3
    assert sum(len(part.duet.twelfths) for part in parts) == 121
    for part in parts:
        assert part.duet.meets == pytest.approx(np.full(len(part.duet.twelfths), 0.031))


def test_a_last_bar_that_slows_down_goes_on() -> None:
    ending = at_paces(*[0.5] * 32, 0.52, 0.56, 0.62, 0.72)

    (part,) = make_duets(About("t"), ending, late(ending, 0.031), FOUR)

    assert part.duet.source.bpm == pytest.approx(120)
    assert part.duet.meets == pytest.approx(np.full(37, 0.031))


def test_a_rest_is_no_jump_though_the_tempo_is_another() -> None:
    faster = at_paces(*[60 / 90] * 32, *[60 / 150] * 96)
    sparse = [s for s in faster if s.index < 32 or s.index % 8 == 0]

    slow, fast = make_duets(About("t"), sparse, NOBODY, FOUR)

    assert (len(slow.duet.twelfths), len(fast.duet.twelfths)) == (32, 13)


def test_a_long_rest_may_waver_as_a_tempo_may() -> None:
    steps = at_paces(*[0.5] * 32, *[0.51] * 80, *[0.5] * 32)
    resting = [s for s in steps if not 32 < s.index < 112]

    (part,) = make_duets(About("t"), resting, late(resting, 0.031), FOUR)

    assert part.duet.twelfths.tolist() == [s.index * 12 for s in resting]
    assert part.duet.meets == pytest.approx(np.full(len(resting), 0.031))


@given(
    paces=st.lists(st.floats(0.48, 0.52), min_size=2, max_size=30),
    offsets=st.lists(st.floats(-0.08, 0.08), min_size=31, max_size=31),
)
def test_no_tempo_changes_an_offset(paces: list[float], offsets: list[float]) -> None:
    steps = at_paces(*paces)
    wanted = np.array(offsets[: len(steps)])
    onsets = np.array([s.nominal_s for s in steps]) + wanted

    (part,) = make_duets(About("t"), steps, Musician(onsets, np.linspace(0, 1, len(steps))), FOUR)

    got = part.duet.onsets - part.duet.nominal
    assert got == pytest.approx(wanted)
    assert (np.diff(part.duet.onsets) > 0).all()
    assert part.duet.onset_velocities == pytest.approx(np.linspace(0, 1, len(steps)))


@given(st.lists(st.floats(2.9, 12.0), max_size=60), st.lists(st.floats(0.11, 0.14), min_size=8, max_size=60))
def test_whatever_is_played_stays_in_order_and_with_its_timestep(
    onsets: list[float], paces: list[float]
) -> None:
    times = 3.0 + np.concatenate(([0.0], np.cumsum(paces)))
    steps = [step(n, at, 1 + n // 16, 1 + n % 16 / 4) for n, at in enumerate(times.tolist())]
    played = Musician(np.array(sorted(onsets)), np.full(len(onsets), 0.5))

    parts = make_duets(About("t"), steps, played, FOUR)

    for part in parts:
        assert (np.diff(part.duet.onsets) >= 0).all()
    assert sum(len(part.duet.onsets) for part in parts) <= len(onsets)  # each in one part at the most


def test_an_onset_half_way_stays_with_the_timestep_that_has_it() -> None:
    sixteenths = [step(n, 3.0 + n * 0.13, 1 + n // 16, 1 + n % 16 / 4) for n in range(64)]
    close = [replace(s, nominal_s=Seconds(s.nominal_s + 0.005 * (s.index > 30))) for s in sixteenths]
    before, after = (float(close[n].nominal_s) for n in (30, 31))
    half = (before + after) / 2
    played = Musician(np.array([half - 0.001, half + 0.001]), np.array([0.4, 0.8]))

    (part,) = make_duets(About("t"), close, played, FOUR)

    lesson = prepare(part.duet, part.settings)
    assert np.flatnonzero(~np.isnan(lesson.human[lesson.drums])).tolist() == [30, 31]
    assert part.duet.onset_velocities.tolist() == [0.4, 0.8]


@pytest.mark.parametrize("pace", [0.5, 0.52])
def test_a_swung_onset_over_a_straight_eighth_says_how_far_it_is(pace: float) -> None:
    eighths = [
        step(n, 3.0 + n * 0.25 + (pace / 2 - 0.25) * max(n - 40, 0), 1 + n // 8, 1 + n % 8 / 2)
        for n in range(80)
    ]
    onset = eighths[51].nominal_s + pace / 6

    (part,) = make_duets(About("t"), eighths, Musician(np.array([onset]), np.array([0.5])), FOUR)

    assert part.duet.grid is Grid.SIXTEENTHS
    lesson = prepare(part.duet, part.settings)
    assert lesson.meets[lesson.drums][51] == pytest.approx(pace / 6, abs=1e-6)


def test_an_onset_without_a_drum_keeps_its_distance_from_its_place() -> None:
    slower = at_paces(*[0.48] * 20, *[0.52] * 20)
    onset = slower[30].nominal_s + 0.26 + 0.015  # an eighth, by its own tempo

    (part,) = make_duets(About("t"), slower, Musician(np.array([onset]), np.array([0.5])), FOUR)

    place = (30 * 12 + 6) / 12 * part.duet.pace
    assert part.duet.onsets == pytest.approx([place + 0.015])


def test_a_loop_of_four_bars_for_ten_minutes_is_one_duet() -> None:
    once = quarters(16)
    chance = np.random.default_rng(1).normal(0.0, 0.001, 16 * 75)
    loops = [
        replace(s, nominal_s=Seconds(s.nominal_s + 8.0 * n + chance[16 * n + i]))
        for n in range(75)
        for i, s in enumerate(once)
    ]

    (part,) = make_duets(About("t"), loops, late(loops, 0.031), FOUR)

    assert part.duet.twelfths.tolist() == [n * 12 for n in range(16 * 75)]
    assert part.seconds == pytest.approx(600, abs=1)
    assert part.duet.meets == pytest.approx(np.full(16 * 75, 0.031))


def test_an_onset_is_in_one_duet_where_two_meet() -> None:
    faster = at_paces(*[60 / 90] * 32, *[60 / 150] * 32)
    between = Musician(np.linspace(3.0, 35.0, 3000), np.full(3000, 0.5))

    parts = make_duets(About("t"), faster, between, FOUR)

    assert sum(len(part.duet.onsets) for part in parts) == 3000


def test_a_new_meter_begins_another_duet_with_it(tmp_path: Path) -> None:
    three = [step(16 + n, 11.0 + n * 0.5, 5 + n // 3, 1.0 + n % 3) for n in range(24)]
    steps = [*quarters(16), *three]
    folder = write_take(
        tmp_path,
        steps,
        onsets=[s.nominal_s + 0.031 for s in steps],
        notes=[meter_from(10.95, 4, 4), meter_from(11.05, 5, 3)],
    )

    first, second = read_kept(folder)

    assert (first.duet.source.meter, second.duet.source.meter) == (FOUR, Meter(3, 4))
    assert (len(first.duet.twelfths), len(second.duet.twelfths)) == (16, 24)
    assert second.duet.twelfths[0] % 36 == 0
    assert second.duet.meets == pytest.approx(np.full(24, 0.031))


def test_a_loop_over_the_bar_in_which_the_meter_changes_later_has_the_old_one(tmp_path: Path) -> None:
    loops = [
        replace(s, index=16 * n + s.index, nominal_s=Seconds(s.nominal_s + 8.0 * n))
        for n in range(3)
        for s in quarters(16)
    ]
    three = [step(48 + n, 27.0 + n * 0.5, 3 + n // 3, 1.0 + n % 3) for n in range(24)]
    folder = write_take(tmp_path, [*loops, *three], notes=[meter_from(26.95, 4, 4), meter_from(27.05, 3, 3)])

    first, second = read_kept(folder)

    assert (len(first.duet.twelfths), len(second.duet.twelfths)) == (48, 24)


def test_a_takes_own_settings_are_those_by_which_it_is_learnt(tmp_path: Path) -> None:
    config = Config(look_ahead_ms=60, window_ms=50).model_dump(mode="json")
    sparse = quarters(16)
    folder = write_take(tmp_path, sparse, onsets=[s.nominal_s + 0.070 for s in sparse], config=config)

    (part,) = read_kept(folder)

    assert part.settings.window == pytest.approx(0.050)
    assert np.isnan(prepare(part.duet, part.settings).human).all()
    assert not np.isnan(prepare(part.duet).human).all()


def test_from_a_reload_on_its_settings_count_and_no_sooner(tmp_path: Path) -> None:
    steps = quarters(16)
    before, after = steps[:8], steps[8:]
    heard = [s.nominal_s + 0.020 for s in before] + [s.nominal_s + 0.030 for s in after]
    reloaded = hello_at(6.9, Config(input_latency_ms=30, window_ms=50))
    folder = write_take(tmp_path, steps, onsets=heard, notes=[hello_at(5.0, Config()), reloaded])

    first, second = read_kept(folder)

    assert first.duet.meets == pytest.approx(np.full(8, 0.020))
    assert second.duet.meets == pytest.approx(np.zeros(8), abs=1e-9)
    assert [part.settings.window for part in (first, second)] == pytest.approx([0.1, 0.05])
    assert second.duet.twelfths[0] == 8 * 12  # the song's own place


def test_a_reload_that_changes_nothing_of_the_playing_makes_no_part(tmp_path: Path) -> None:
    reloaded = hello_at(6.9, Config(model="none", meter_display="off"))
    folder = write_take(tmp_path, quarters(16), notes=[hello_at(5.0, Config()), reloaded])

    assert len(read_kept(folder)) == 1


def test_a_lesson_is_made_by_the_settings_of_its_take() -> None:
    (part,) = make_duets(
        About("t"), quarters(32), late(quarters(32), 0.035), FOUR, Settings(window=Seconds(0.02))
    )

    (made,) = make_lessons([part], {}, Rule()).lessons

    assert np.isnan(made.lesson.human).all()


def test_a_rig_that_cannot_send_early_knows_the_next_hit_by_the_look_ahead(tmp_path: Path) -> None:
    config = Config(drums_lead_ms=0, look_ahead_ms=300).model_dump(mode="json")
    eighths = [step(n, 3.3 + n * 0.25, 1 + n // 8, 1 + n % 8 / 2) for n in range(32)]
    folder = write_take(tmp_path, eighths, config=config)

    (part,) = read_kept(folder)

    lesson = prepare(part.duet, part.settings)
    assert lesson.x[:-1, COLUMNS.index("to next known")].all()


@pytest.mark.parametrize(
    ("lead_ms", "into_ms", "out_ms"), [(None, 0, 0), (0, 0, 0), (0, 7, 11), (90, 7, 0), (131, 0, 11)]
)
def test_what_the_musician_hears_counts_whatever_the_rig(
    tmp_path: Path, lead_ms: float | None, into_ms: float, out_ms: float
) -> None:
    rig = Config(drums_lead_ms=lead_ms, input_latency_ms=into_ms, output_latency_ms=out_ms)
    folder = take_on_rig(tmp_path, of=song(8), late=0.030, rig=rig)

    (part,) = read_kept(folder)

    assert len(part.duet.twelfths) == 64
    assert part.duet.meets == pytest.approx([0.0, 0.030] * 32, abs=1.5e-3)


def test_a_take_without_the_musicians_messages_has_what_its_timesteps_tell(tmp_path: Path) -> None:
    folder = take(tmp_path, of=song(4), late=0.030, noise=0.0)
    lines = (folder / JOURNAL).read_bytes().splitlines(keepends=True)
    deaf = [line for line in lines if json.loads(line).get("port") != "human"]
    (folder / JOURNAL).write_bytes(b"".join(deaf))

    (part,) = read_kept(folder)

    assert part.duet.meets == pytest.approx([0.0, 0.030] * 16, abs=1.5e-3)


def test_a_lesson_of_a_take_knows_no_drummer(tmp_path: Path) -> None:
    (part,) = read_kept(take(tmp_path, of=song(4)))

    lesson = prepare(part.duet)

    assert np.isnan(lesson.own).all()
    assert np.isnan(lesson.strokes).all()
    assert (~np.isnan(lesson.meets[lesson.drums])).sum() == 32


def test_settings_that_clash_are_told(tmp_path: Path) -> None:
    config = Config().model_dump(mode="json") | {"look_ahead_ms": 20, "guard_ms": 30}
    folder = write_take(tmp_path, quarters(8), config=config)

    with pytest.raises(TakeError, match=r"another pocketd \(guard_ms: must be less than look_ahead_ms"):
        read_kept(folder)


def test_a_take_of_another_pocketd_is_refused_by_name(tmp_path: Path) -> None:
    folder = take(tmp_path, of=song(2))
    text = (folder / JOURNAL).read_text().replace('"snap_ms"', '"snap_mm"')
    (folder / JOURNAL).write_text(text)

    with pytest.raises(TakeError, match=r"journal\.jsonl .*another pocketd \(snap_mm\)"):
        read_kept(folder)
