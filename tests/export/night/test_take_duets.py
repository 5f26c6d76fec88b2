"""Takes as duets: where each timestep and each onset stands."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pocket_core.errors import TakeError
from pocket_core.records import TimestepRecord
from pocket_core.tempo import Meter
from pocket_core.testing import FixedPredictor
from pocket_core.types import Seconds
from pocket_export.dataset import prepare
from pocket_export.duets import Grid
from pocket_export.night.take_duets import About, Musician, make_duets, read_take
from pocketd.config import Config
from pocketd.journal import JOURNAL
from tests.export.night.partners import song, take

FOUR = Meter(4, 4)
NOBODY = Musician(np.zeros(0), np.zeros(0))


def step(index: int, at: float, bar: int, beat: float, *, human: float | None = None) -> TimestepRecord:
    return TimestepRecord(
        index=index,
        nominal_s=Seconds(at),
        bar=bar,
        beat=beat,
        voices=("kick",),
        forecast_ms=float(index),
        refined_ms=0.0,
        played_ms=0.0,
        committed_s=Seconds(at),
        human_s=None if human is None else Seconds(human),
        diff_ms=None,
    )


def quarters(count: int, *, bpm: float = 120.0, start: float = 3.0, bar: int = 1) -> list[TimestepRecord]:
    pace = 60 / bpm
    return [step(n, start + n * pace, bar + n // 4, 1.0 + n % 4) for n in range(count)]


def test_a_take_comes_back_as_the_drums_and_the_musician_that_were_played(tmp_path: Path) -> None:
    of = song(4, bpm=96.0)
    folder = take(tmp_path, of=of, late=0.030, noise=0.0)

    (part,) = read_take(folder)

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

    (part,) = read_take(folder)

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
    elsewhere = [step(8, 7.0, 9, 3.0), step(9, 7.5, 9, 4.0), step(10, 8.0, 10, 1.0)]

    first, second = make_duets(About("t"), [*quarters(8), *elsewhere], NOBODY, FOUR)

    assert len(first.duet.twelfths) == 8
    assert second.duet.twelfths.tolist() == [(8 * 4 + 2) * 12, (8 * 4 + 3) * 12, 9 * 4 * 12]
    assert second.forecast == pytest.approx([0.008, 0.009, 0.010])


def test_what_stands_on_no_grid_is_left_out() -> None:
    loose = step(20, 3.27, 1, 1.54)

    (part,) = make_duets(About("t"), sorted([*quarters(4), loose], key=lambda s: s.nominal_s), NOBODY, FOUR)

    assert part.duet.twelfths.tolist() == [0, 12, 24, 36]


def test_a_tempo_that_gives_way_keeps_every_distance() -> None:
    slowing = [
        replace(s, nominal_s=Seconds(3.0 + 0.5 * n + 0.004 * n * n)) for n, s in enumerate(quarters(16))
    ]
    played = Musician(np.array([s.nominal_s + 0.011 for s in slowing]), np.full(16, 0.5))

    (part,) = make_duets(About("t"), slowing, played, FOUR)

    assert part.duet.meets == pytest.approx(np.full(16, 0.011), abs=1.5e-3)


def test_a_take_without_the_musicians_messages_has_what_its_timesteps_tell(tmp_path: Path) -> None:
    folder = take(tmp_path, of=song(4), late=0.030, noise=0.0)
    lines = (folder / JOURNAL).read_bytes().splitlines(keepends=True)
    deaf = [line for line in lines if json.loads(line).get("port") != "human"]
    (folder / JOURNAL).write_bytes(b"".join(deaf))

    (part,) = read_take(folder)

    assert part.duet.meets == pytest.approx([0.0, 0.030] * 16, abs=1.5e-3)


def test_a_lesson_of_a_take_knows_no_drummer(tmp_path: Path) -> None:
    (part,) = read_take(take(tmp_path, of=song(4)))

    lesson = prepare(part.duet)

    assert np.isnan(lesson.own).all()
    assert np.isnan(lesson.strokes).all()
    assert (~np.isnan(lesson.meets[lesson.drums])).sum() == 32


def test_a_take_of_another_pocketd_is_refused_by_name(tmp_path: Path) -> None:
    folder = take(tmp_path, of=song(2))
    text = (folder / JOURNAL).read_text().replace('"snap_ms"', '"snap_mm"')
    (folder / JOURNAL).write_text(text)

    with pytest.raises(TakeError, match=r"journal\.jsonl .*another pocketd \(snap_mm\)"):
        read_take(folder)
