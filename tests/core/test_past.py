"""What has left stays open for onsets for a while, then it is a record."""

from __future__ import annotations

from dataclasses import replace

from pocket_core.past import MOST_RECORDS, Past
from pocket_core.score import Timestep
from pocket_core.settings import Settings
from pocket_core.types import Beats, Seconds

PLAIN = Settings()


def timestep(nominal: float, *, on_grid: bool = True) -> Timestep:
    step = Timestep(Beats(nominal * 2), on_grid, Seconds(nominal - 0.12))
    step.nominal = step.committed = Seconds(nominal)
    return step


def left(past: Past, *nominals: float, on_grid: bool = True) -> None:
    for nominal in nominals:
        past.add(timestep(nominal, on_grid=on_grid))


def test_a_timestep_stays_open_until_no_onset_can_meet_it() -> None:
    past = Past()
    left(past, 1.0, 2.0)

    past.close(Seconds(1.149), PLAIN)
    before = past.take()
    past.close(Seconds(1.151), PLAIN)

    assert before == []
    assert [r.index for r in past.take()] == [0]
    assert len(past.open) == 1


def test_a_timestep_waits_for_onsets_that_come_through_a_slow_input() -> None:
    past = Past()
    left(past, 1.0)
    slow = replace(PLAIN, input_latency=Seconds(0.2), output_latency=Seconds(0.1))

    past.close(Seconds(1.44), slow)

    assert len(past.open) == 1


def test_records_that_nobody_takes_do_not_pile_up() -> None:
    past = Past()
    left(past, *(n / 4 for n in range(MOST_RECORDS + 5)))

    past.close(Seconds(1e6), PLAIN)

    assert past.take()[0].index == 5


def test_a_straggler_finds_the_timestep_of_its_grid_position() -> None:
    past = Past()
    left(past, 1.0)
    left(past, 1.1, on_grid=False)

    found = [past.twin(timestep(at), Seconds(0.003)) for at in (1.001, 1.1, 1.004)]

    assert found == [past.open[0], None, None]
    assert past.twin(timestep(1.0, on_grid=False), Seconds(0.003)) is None
