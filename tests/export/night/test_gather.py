"""The newest takes, and no more of them than it takes; whatever is wrong with one, the others are read."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from pocket_export.night import gather as gathering
from pocket_export.night import tasks
from pocket_export.night.gather import Gathered, gather
from pocket_export.night.make_way import MakeWayError
from pocket_export.night.store import Folder, Store
from pocket_export.night.task import Unread
from pocket_export.night.tasks import Found, read
from tests.export.night.journals import damage, step, write_take
from tests.export.night.partners import song, take

FOUR_BARS = 7.75 / 3600  # hours from the first to the last of their timesteps


@pytest.fixture(scope="module")
def evening(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six takes of four bars."""
    root = tmp_path_factory.mktemp("evening")
    for n in range(6):
        take(root, of=song(4), minutes=n, seed=n)
    return root


def of(gathered: Gathered) -> list[str]:
    return [duet.about.take for duet in gathered.duets]


def all_of(root: Path, *words: Any, **more: Any) -> Gathered:
    store = Folder(root)
    return gather(store, store.takes(), *words, **more)


def names(*numbers: int) -> list[str]:
    return [f"2026-11-20/12{n:02}00" for n in numbers]


class BeginsError(Exception):
    """A take has begun."""


def idle(share: float) -> None:
    pass


@pytest.mark.parametrize("few", [0, 99], ids=["side by side", "one after the other"])
def test_takes_come_in_order_of_playing(evening: Path, monkeypatch: pytest.MonkeyPatch, few: int) -> None:
    monkeypatch.setattr(gathering, "FEW", few)

    found = all_of(evening, idle, processes=2)

    assert of(found) == names(*range(6))
    assert not found.unread


def test_no_more_takes_are_read_than_there_are_hours(evening: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gathering, "FEW", 99)
    known: dict[str, Found] = {}

    found = all_of(evening, idle, hours=2.5 * FOUR_BARS, known=known)

    assert of(found) == names(4, 5)
    assert sorted(known) == names(3, 4, 5)


def test_what_was_read_before_a_take_began_is_not_read_again(
    evening: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gathering, "FEW", 99)
    known: dict[str, Found] = {}
    asked: list[str] = []
    store = Folder(evening)

    def asking(store: Store, take: str) -> Found:
        asked.append(take)
        return read(store, take)

    def makes_way(share: float) -> None:
        if len(asked) == 3:
            raise BeginsError

    monkeypatch.setattr(tasks, "read", asking)
    with pytest.raises(BeginsError):
        gather(store, store.takes(), makes_way, known=known)

    found = gather(store, store.takes(), idle, known=known)

    assert of(found) == names(*range(6))
    assert asked == names(*range(6))[::-1]


def test_the_share_that_is_done_grows_to_all_of_it(evening: Path) -> None:
    told: list[float] = []

    all_of(evening, told.append, processes=1)

    assert told == sorted(told)
    assert told[-1] == 1.0


def test_whatever_is_wrong_with_one_take_the_others_are_read(evening: Path, tmp_path: Path) -> None:
    root = tmp_path / "takes"
    shutil.copytree(evening, root)
    store = Folder(root)
    folders = [root / take for take in store.takes()]
    damage(folders[0], "timestep", 3, lambda record: record["timestep"].update(voices=["gong"]))
    damage(folders[2], "start", 0, lambda record: record.update(denominator=0))
    damage(folders[3], "take", 0, lambda record: record["hello"].update(config={"x": 1}))

    found = gather(store, store.takes(), idle, processes=2)

    assert of(found) == names(1, 4, 5)
    assert [part.take for part in found.unread] == names(0, 2, 3)


def test_an_error_that_nobody_thought_of_is_told_with_its_kind(
    evening: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(journal: object, take: str) -> list[object]:
        raise OverflowError("int too large")

    monkeypatch.setattr(tasks, "read_take", breaks)

    assert read(Folder(evening), names(0)[0]) == Unread(names(0)[0], "OverflowError: int too large")


@pytest.mark.parametrize("whatever", [KeyboardInterrupt, MakeWayError])
def test_who_interrupts_or_begins_a_take_is_heard_and_it_is_no_fault_of_the_one_that_is_read(
    evening: Path, monkeypatch: pytest.MonkeyPatch, whatever: type[BaseException]
) -> None:
    def stopped(journal: object, take: str) -> list[object]:
        raise whatever

    monkeypatch.setattr(tasks, "read_take", stopped)

    with pytest.raises(whatever):
        read(Folder(evening), names(0)[0])


def test_a_take_without_a_timestep_is_named_too(tmp_path: Path) -> None:
    write_take(tmp_path / "nobody", [])
    write_take(tmp_path / "loose", [step(n, 3.27 + n * 0.5, 1, 1.54 + n) for n in range(3)])

    found = gather(Folder(tmp_path), [f"{whose}/2026-11-20/120000" for whose in ("nobody", "loose")], idle)

    assert [part.why for part in found.unread] == ["no timestep: no drum was played, or none on the grid"] * 2
