"""rolypoly_take.csv was made by hand: a bar of 4/4 at 60 BPM, one of 3/4 at 120, every trap of the format."""

from __future__ import annotations

import os
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pocket_core.errors import DataError
from pocket_core.tempo import Meter
from pocketd.desk_records import Now, Timestep, TransportStart, TransportStop
from pocketd.rolypoly_csv import COLUMNS, Row, read_rolypoly, records

TAKE = Path(__file__).with_name("rolypoly_take.csv")
LINES = TAKE.read_text().splitlines()


def changed(folder: Path, line: int, column: str, value: str) -> Path:
    """Return a table of which one cell is another."""
    lines = list(LINES)
    cells = lines[line - 1].split(",")
    cells[COLUMNS.index(column)] = value
    lines[line - 1] = ",".join(cells)
    path = folder / "take.csv"
    path.write_text("\n".join(lines))
    return path


def steps() -> list[Timestep]:
    return [record for record in records(read_rolypoly(TAKE), None) if isinstance(record, Timestep)]


def test_values_are_milliseconds_by_tempo_and_meter_and_no_fractions_of_a_bar() -> None:
    rows = read_rolypoly(TAKE)

    # at 60 BPM in 4/4 a thousandth is a millisecond; at 120 in 3/4 it is 1000 / 60 * 120 * 0.75 / 1000 = 1.5
    assert [row.forecast_ms for row in rows] == pytest.approx([-4, 6, 2, 15, 0, 0])
    assert [row.known_ms for row in rows] == pytest.approx([1, 1, 31, -15, -15, 30])
    assert [row.meter for row in rows] == [Meter(4, 4)] * 3 + [Meter(3, 4)] * 3


def test_times_follow_from_the_durations_and_bars_from_the_columns() -> None:
    told = [step.timestep for step in steps()]

    assert [step.nominal_s for step in told] == pytest.approx([0, 0.5, 1, 4, 4.25, 4.5])
    assert [step.bar for step in told] == [1, 1, 1, 2, 2, 2]
    assert [step.beat for step in told] == pytest.approx([1, 1.5, 2, 1, 1.5, 2], abs=1e-5)
    assert told[3].voices == ("kick", "crash")


def test_the_diff_of_a_hit_stands_in_the_next_row_and_is_none_where_it_was_held() -> None:
    told = [step.timestep for step in steps()]

    # 1 ms held from the start; 31 for the second hit, -15 for the third; held; 30; nobody knows the last
    assert [step.diff_ms for step in told] == [
        None,
        pytest.approx(31),
        pytest.approx(-15),
        None,
        pytest.approx(30),
        None,
    ]
    assert told[1].human_s == pytest.approx(0.5 + 0.006 + 0.031)


def row(known_ms: float, forecast_ms: float = 0.0, duration_ms: float = 300.0) -> Row:
    return Row(0, ("kick",), duration_ms, 120.0, Meter(4, 4), 0.0, known_ms, forecast_ms)


def met(*rows: Row) -> list[bool]:
    """Say of each hit whether the musician met it."""
    told = [record.timestep for record in records(rows, None) if isinstance(record, Timestep)]
    return [step.human_s is not None for step in told]


def test_a_diff_that_stays_at_its_clamp_moves_with_it_and_is_no_onset() -> None:
    # 80 ms that stay, clamped to 50 about the forecast of the row before, and to 100 where the row is longer
    assert met(row(0), row(50, 4), row(54, -3), row(47), row(80, duration_ms=600), row(50)) == [
        True,
        False,
        False,
        False,
        False,
        False,
    ]


def test_a_diff_that_no_held_one_explains_is_an_onset() -> None:
    # from above the clamp to below it; to inside it; and a held 80 cannot become 90
    assert met(row(50), row(-50), row(10), row(50), row(80, duration_ms=600), row(90, duration_ms=600)) == [
        True,
        True,
        True,
        False,
        True,
        False,
    ]


def test_what_was_played_is_the_forecast() -> None:
    for step in (record.timestep for record in steps()):
        assert step.refined_ms == step.played_ms == step.forecast_ms
        assert step.committed_s == pytest.approx(step.nominal_s + step.forecast_ms / 1000)


def test_the_song_goes_on_at_each_row_s_tempo() -> None:
    told = list(records(read_rolypoly(TAKE), "Baron"))

    nows = [record for record in told if isinstance(record, Now)]
    assert [now.position for now in nows] == pytest.approx([0, 0.5, 1, 4, 4.5, 5])
    assert [(now.numerator, now.denominator) for now in nows] == [(4, 4)] * 3 + [(3, 4)] * 3
    (start,) = [record for record in told if isinstance(record, TransportStart)]
    (stop,) = [record for record in told if isinstance(record, TransportStop)]
    assert start.from_top
    assert [stop.position, stop.at] == pytest.approx([5.5, 4.75])
    assert (stop.tally.events_in, stop.tally.lost) == (10, 0)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("duration", "abc"),
        ("duration", "0"),
        ("tempo", "nan"),
        ("tempo", "1e9"),
        ("kick", "2"),
        ("pos_in_bar", "1.5"),
        ("y_hat", "inf"),
        ("d_g_diff", ""),
        ("seq no.", "-1"),
    ],
)
def test_a_cell_that_cannot_be_is_named_by_line_and_column(tmp_path: Path, column: str, value: str) -> None:
    path = changed(tmp_path, 4, column, value)

    with pytest.raises(DataError, match=rf"take\.csv, line 4, column {column} is '{value}'; it has to be"):
        read_rolypoly(path)


def test_a_bar_of_no_meter_is_named_by_line_and_column(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"line 4, column timesig is 0\.7123, which is no meter"):
        read_rolypoly(changed(tmp_path, 4, "timesig", "0.7123"))


def test_another_layout_is_named_by_line_and_column(tmp_path: Path) -> None:
    with pytest.raises(
        DataError, match=r"line 1, column 11 is 'length', not 'duration': no take of rolypoly~"
    ):
        read_rolypoly(changed(tmp_path, 1, "duration", "length"))


def test_a_table_that_lacks_a_column_is_refused_with_all_that_it_should_have(tmp_path: Path) -> None:
    path = tmp_path / "take.csv"
    path.write_text(LINES[0].replace(", y_hat", "") + "\n")

    with pytest.raises(DataError, match=r"line 1 has 17 columns, .* has 18: seq no\., kick, "):
        read_rolypoly(path)


def test_a_row_that_was_cut_off_is_named(tmp_path: Path) -> None:
    path = tmp_path / "take.csv"
    path.write_text("\n".join(LINES)[:-12])

    with pytest.raises(DataError, match="line 7 has 15 columns, not 18; it is cut off or damaged"):
        read_rolypoly(path)


@pytest.mark.parametrize("text", ["", "\n", LINES[0]])
def test_a_table_without_rows_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "take.csv"
    path.write_text(text)

    with pytest.raises(DataError, match=r"take\.csv"):
        read_rolypoly(path)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"cannot read .*none\.csv: No such file"):
        read_rolypoly(tmp_path / "none.csv")


@settings(deadline=None)  # each writes a file
@given(data=st.binary(max_size=300))
def test_any_bytes_are_a_take_or_an_error_of_one_line(
    data: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_bytes(LINES[0].encode() + b"\n" + data)

    problem = ""
    try:
        list(records(read_rolypoly(path), None))
    except DataError as error:
        problem = str(error)

    assert "\n" not in problem


# --- the real ones ---------------------------------------------------------------------------------------


def real(name: str) -> list[Row]:
    """Read one of the logged takes, or skip where they are not."""
    folder = Path(os.environ.get("POCKETD_DATA", "../shared/data")) / "rolypoly_takes" / "takes"
    if not folder.exists():
        pytest.skip(f"no {folder}; point POCKETD_DATA at the recordings")
    return read_rolypoly(folder / name)


@pytest.mark.data
@pytest.mark.parametrize("name", ["s2s-swing-A3-noB/4.csv", "s2s-swing-A3-B4/1.csv", "tree/AABB.csv"])
def test_the_logged_targets_are_of_a_row_s_forecast_and_the_next_row_s_diff(name: str) -> None:
    rows = real(name)
    folder = Path(os.environ.get("POCKETD_DATA", "../shared/data")) / "rolypoly_takes" / "takes"
    logged = np.loadtxt(folder / name, delimiter=",")
    forecast, target, following = logged[:-1, 17], logged[:-1, 16], logged[1:, 15]
    columns = np.stack((forecast, following, np.ones_like(forecast)), axis=1)

    weights, *_ = np.linalg.lstsq(columns, target, rcond=None)

    assert np.abs(columns @ weights - target).max() < 1e-5
    assert len(rows) == len(logged)


@pytest.mark.data
@pytest.mark.parametrize("name", ["lstm-trip/trip0.csv", "lstm-slow-diff/20200817212503.csv"])
def test_a_logged_diff_is_within_a_sixth_of_its_row_s_duration_about_the_forecast_before(name: str) -> None:
    rows = real(name)

    for before, row in pairwise(rows):
        assert abs(row.known_ms - before.forecast_ms) <= row.duration_ms / 6 + 0.01
