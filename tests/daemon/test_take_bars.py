from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from pocket_core.records import TimestepRecord
from pocket_core.tempo import Meter
from pocket_core.types import Seconds
from pocketd.desk_records import FORMAT, TakeHeader
from pocketd.journal import JOURNAL
from pocketd.rolypoly_csv import read_rolypoly, records
from pocketd.take_bars import LONGEST_REST, played_bars
from pocketd.take_content import BarMeter, Knot, TakeContent, gather
from pocketd.take_import import import_take
from tests.daemon.take_story import NOON, T, hello, start
from tests.daemon.takes_driver import a_take, journal


def step(index: int, bar: int, beat: float) -> TimestepRecord:
    at = Seconds(T + index * 0.5)
    return TimestepRecord(index, at, bar, beat, ("kick",), 0.0, 0.0, 0.0, at, None, None)


def content(*places: tuple[int, float]) -> TakeContent:
    """A take of one timestep at each bar and beat."""
    header = TakeHeader(format=FORMAT, started="2026-11-20T12:00:00", origin=T, source=None, hello=hello())
    take = TakeContent(header, start(), [hello()], [Knot(T, start().position)])
    take.meters.append(BarMeter(1, Meter(4, 4)))
    take.timesteps = [step(i, bar, beat) for i, (bar, beat) in enumerate(places)]
    return take


def bars(take: TakeContent) -> list[tuple[int, int]]:
    """Return each bar and how many timesteps it has."""
    return [(bar.bar, len(bar.steps)) for bar in played_bars(take)]


def test_timesteps_are_in_their_bars(tmp_path: Path) -> None:
    folder = a_take(tmp_path, data=journal())

    assert bars(gather(folder / JOURNAL)) == [(1, 4)]


def test_bars_in_which_the_drums_rest_are_there_too() -> None:
    assert bars(content((3, 1.0), (6, 1.0))) == [(3, 1), (4, 0), (5, 0), (6, 1)]


def test_a_loop_is_played_again_and_again() -> None:
    assert bars(content((1, 1.0), (2, 1.0), (1, 1.0), (2, 1.0))) == [(1, 1), (2, 1), (1, 1), (2, 1)]


def test_a_loop_of_one_bar_is_played_again_too() -> None:
    assert bars(content((1, 1.0), (1, 3.0), (1, 1.0), (1, 3.0))) == [(1, 2), (1, 2)]


def test_a_flam_written_late_does_not_begin_a_bar() -> None:
    assert bars(content((1, 2.0), (1, 1.98))) == [(1, 2)]


def test_a_rest_without_end_is_left_out() -> None:
    assert bars(content((1, 1.0), (10**9, 1.0))) == [(1, 1), (10**9, 1)]


def test_a_take_without_timesteps_has_no_bars() -> None:
    assert bars(content()) == []


def test_a_place_in_the_bar_is_by_the_meter_of_that_bar(tmp_path: Path) -> None:
    rows = read_rolypoly(Path(__file__).with_name("rolypoly_take.csv"))
    folder = import_take(tmp_path, "a table", records(rows, None), lambda: NOON).folder

    first, second = played_bars(gather(folder / JOURNAL))

    assert [first.place(s) for s in first.steps] == [0.0, 0.125, 0.25]
    assert [round(second.place(s), 5) for s in second.steps] == [0.0, 0.16667, 0.33333]


@given(st.lists(st.tuples(st.integers(1, 12), st.floats(1, 4.9)), max_size=30))
def test_every_timestep_is_in_one_bar_and_in_order(places: list[tuple[int, float]]) -> None:
    take = content(*places)

    found = played_bars(take)

    assert [s for bar in found for s in bar.steps] == take.timesteps
    assert all(s.bar == bar.bar for bar in found for s in bar.steps)
    assert len(found) <= len(places) * (LONGEST_REST + 1)
