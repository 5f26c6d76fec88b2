"""Journals that cannot be true are refused by name, before anything is made of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pocket_core.errors import TakeError
from pocket_core.records import TimestepRecord
from pocket_export.night.store import Folder
from pocket_export.night.take_duets import TakeDuet
from pocket_export.night.task import Unread
from pocket_export.night.tasks import read
from pocketd.journal import JOURNAL
from pocketd.take_names import name_of
from tests.export.night.journals import damage, meter_from, read_kept, step, write_take


def sixteen() -> list[TimestepRecord]:
    return [step(n, 3.0 + n * 0.5, 1 + n // 4, 1.0 + n % 4) for n in range(16)]


@pytest.mark.parametrize(
    ("kind", "change", "said"),
    [
        ("timestep", {"voices": ["kick", "cowbell"]}, r"timestep 7: there is no voice 'cowbell'"),
        ("timestep", {"beat": 1e300}, r"timestep 7: there is no bar 2, beat 1e\+300"),
        ("timestep", {"beat": -2.0}, r"timestep 7: there is no bar 2, beat -2"),
        ("timestep", {"bar": 10**18}, r"timestep 7: there is no bar 1000000000000000000, beat 4"),
        ("timestep", {"nominal_s": 1e9}, r"timestep 7: it is 1e\+09 s from the take's start"),
        ("timestep", {"nominal_s": 1e300}, r"timestep 7: it is 1e\+300 s from the take's start"),
        ("timestep", {"nominal_s": -40.0}, r"timestep 7: it is -43 s from the take's start"),
        ("timestep", {"nominal_s": 3.5}, r"timestep 7: it is 2\.5 s before the one in front of it"),
        ("timestep", {"forecast_ms": 1e300}, r"timestep 7: a forecast of 1e\+300 ms"),
        ("start", {"numerator": 0}, r"line 2: there is no meter 0/4"),
        ("start", {"denominator": 0}, r"line 2: there is no meter 4/0"),
        ("start", {"denominator": -4}, r"line 2: there is no meter 4/-4"),
        ("start", {"numerator": 7, "denominator": 32}, r"line 2: the bars of 7/32 end between"),
        ("start", {"bpm": 0.0}, r"line 2: a tempo of 0 BPM"),
        ("start", {"at": 1e300}, r"line 2: it starts at 1e\+300 s"),
        ("now", {"denominator": 0}, r"from bar 1 on: there is no meter 4/0"),
    ],
)
def test_what_cannot_be_is_named_with_its_place_and_the_way_out(
    tmp_path: Path, kind: str, change: dict[str, Any], said: str
) -> None:
    folder = write_take(tmp_path, sixteen(), notes=[meter_from(3.1, 1, 4)])
    number = 7 if kind == "timestep" else 0
    damage(folder, kind, number, lambda record: record.get("timestep", record).update(change))

    with pytest.raises(TakeError, match=f"journal.jsonl, {said}.*`pocketd takes purge 2026-11-20/120000`"):
        read_kept(folder)


def test_timesteps_at_one_time_are_refused(tmp_path: Path) -> None:
    folder = write_take(tmp_path, [step(n, 3.0, 1 + n // 4, 1.0 + n % 4) for n in range(16)])

    with pytest.raises(TakeError, match=r"all its 16 timesteps are at one time"):
        read_kept(folder)


def test_drums_that_rest_for_minutes_are_no_damage(tmp_path: Path) -> None:
    behind = [step(16 + n, 603.0 + n * 0.5, 301 + n // 4, 1.0 + n % 4) for n in range(16)]

    (part,) = read_kept(write_take(tmp_path, [*sixteen(), *behind]))

    assert len(part.duet.twelfths) == 32
    assert part.duet.twelfths[16] == 300 * 48


def test_lines_that_are_missing_let_timesteps_be_anywhere(tmp_path: Path) -> None:
    folder = write_take(tmp_path, sixteen())
    lines = (folder / JOURNAL).read_text().splitlines()
    end = [n for n, line in enumerate(lines) if json.loads(line)["kind"] == "stop"]
    lines[end[0]] = json.dumps({"kind": "dropped", "records": 40})
    (folder / JOURNAL).write_text("\n".join(lines) + "\n")

    (part,) = read_kept(folder)

    assert len(part.duet.twelfths) == 16


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(
    key=st.sampled_from(
        ["nominal_s", "bar", "beat", "voices", "forecast_ms", "committed_s", "human_s", "index"]
    ),
    value=st.one_of(
        st.integers(-(10**20), 10**20),
        st.floats(),
        st.none(),
        st.text(max_size=5),
        st.lists(st.text(max_size=5)),
    ),
    number=st.integers(0, 15),
)
def test_whatever_one_value_says_a_take_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, key: str, value: object, number: int
) -> None:
    folder = write_take(tmp_path_factory.mktemp("takes"), sixteen(), onsets=[3.01, 3.53])
    damage(folder, "timestep", number, lambda record: record["timestep"].update({key: value}))

    found = read(Folder(folder.parents[1]), name_of(folder))

    if isinstance(found, Unread):
        assert JOURNAL in found.why  # said on purpose
    else:
        assert all(isinstance(duet, TakeDuet) and duet.seconds < 60 for duet in found)
