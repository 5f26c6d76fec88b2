from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pocket_core.errors import TakeError
from pocketd.journal import JOURNAL, LOCK, lock
from pocketd.take_keep import KEPT, is_kept, keep, let_go
from pocketd.take_names import name_of
from pocketd.take_room import GOING, MB, Limits, Stored, crowded, overdue, remove, stored, sweep
from pocketd.takes import take_folders
from tests.daemon.takes_driver import a_take

NOW = datetime(2026, 11, 20, 12)
DAY = timedelta(days=1)


def lying(days: float, size: int = MB, *, kept: bool = False, live: bool = False) -> Stored:
    """A take that began so many days ago."""
    at = NOW - timedelta(days=days)
    return Stored(Path(f"{at:%Y-%m-%d/%H%M%S}"), size, at, kept, live)


def gone(takes: list[Stored], limits: Limits) -> list[Stored]:
    return [item.take for item in overdue(takes, limits, NOW)]


def test_takes_that_are_older_than_allowed_go() -> None:
    old, young = lying(31), lying(29)

    assert gone([old, young], Limits(age=30 * DAY)) == [old]
    assert overdue([old, young], Limits(age=30 * DAY), NOW)[0].why == "older than 30 days"


def test_beyond_the_quota_the_oldest_go_until_the_rest_fits() -> None:
    takes = [lying(4), lying(3), lying(2), lying(1)]

    assert gone(takes, Limits(quota=2 * MB)) == takes[:2]
    assert gone(takes, Limits(quota=4 * MB)) == []


def test_what_age_has_removed_counts_for_the_quota() -> None:
    takes = [lying(40), lying(3), lying(2)]

    assert gone(takes, Limits(30 * DAY, 2 * MB)) == takes[:1]


def test_a_kept_or_live_take_never_goes() -> None:
    takes = [lying(40, kept=True), lying(39, live=True), lying(1)]

    assert gone(takes, Limits(DAY / 2, MB)) == takes[2:]


def test_the_quota_never_costs_the_newest_take() -> None:
    takes = [lying(2, kept=True), lying(1, 5 * MB)]

    assert gone(takes, Limits(quota=MB)) == []


def test_a_folder_of_another_name_is_not_ours_to_remove() -> None:
    named_by_hand = Stored(Path("2019/best"), MB, None, kept=False, live=False)

    assert gone([named_by_hand, lying(1)], Limits(DAY / 2, MB)) == [lying(1)]


def test_without_limits_everything_stays() -> None:
    assert gone([lying(4000), lying(1)], Limits()) == []


@given(
    st.lists(st.tuples(st.floats(0, 90), st.integers(0, 9 * MB), st.booleans(), st.booleans()), max_size=12),
    st.none() | st.integers(1, 60),
    st.none() | st.integers(1, 30 * MB),
)
def test_after_a_purge_the_rest_is_within_the_limits_or_may_not_go(
    made: list[tuple[float, int, bool, bool]], days: int | None, quota: int | None
) -> None:
    takes = sorted((lying(d, size, kept=k, live=live) for d, size, k, live in made), key=lambda t: t.folder)
    limits = Limits(None if days is None else timedelta(days=days), quota)

    left = [take for take in takes if take not in gone(takes, limits)]

    assert all(take in left for take in takes if take.kept or take.live)
    assert days is None or not any(t.may_go and t.began and NOW - t.began > days * DAY for t in left)
    within = quota is None or sum(take.size for take in left) <= quota
    assert within or not any(take.may_go for take in left[:-1])


def test_kept_takes_that_fill_the_quota_alone_are_told() -> None:
    takes = [lying(3, 4 * MB, kept=True), lying(2)]

    assert crowded(takes, Limits(quota=5 * MB)) == ""
    assert crowded(takes, Limits(quota=4 * MB)).startswith(
        "kept takes alone fill takes.quota_mb (4 of 4 MB); raise it"
    )


def test_a_take_is_weighed_with_all_its_files(tmp_path: Path) -> None:
    folder = a_take(tmp_path)

    (take,) = stored(tmp_path)

    assert take.size == sum(path.stat().st_size for path in folder.iterdir())
    assert (take.began, take.kept, take.live) == (datetime(2026, 11, 20, 12), False, False)


def test_a_removed_take_is_gone_and_its_day_with_it(tmp_path: Path) -> None:
    first, second = a_take(tmp_path, "2026-11-20/120000"), a_take(tmp_path, "2026-11-20/130000")

    removed = remove(tmp_path, first)

    assert removed
    assert take_folders(tmp_path) == [second]
    assert remove(tmp_path, second)
    assert list(tmp_path.iterdir()) == []


def test_a_live_take_is_not_removed(tmp_path: Path) -> None:
    folder = a_take(tmp_path)
    held = lock(folder)

    assert not remove(tmp_path, folder)
    assert (folder / JOURNAL).exists()
    assert held is not None
    held.close()


def test_a_take_that_is_kept_meanwhile_stays_as_it_was(tmp_path: Path) -> None:
    folder = a_take(tmp_path)
    keep(folder)

    assert not remove(tmp_path, folder)
    assert not (folder / LOCK).exists()


def test_a_take_that_has_gone_meanwhile_is_no_error(tmp_path: Path) -> None:
    assert not remove(tmp_path, tmp_path / "2026-11-20" / "120000")


def test_what_a_removal_that_was_cut_off_has_left_is_no_take_and_is_swept(tmp_path: Path) -> None:
    folder = a_take(tmp_path)
    folder.rename(tmp_path / f"{GOING}2026-11-20-120000")
    (tmp_path / "2026-11-20").rmdir()

    assert take_folders(tmp_path) == []
    sweep(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_where_nothing_can_be_removed_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = a_take(tmp_path)

    def refuse(*_: object) -> Path:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "rename", refuse)  # root may write everywhere, so no permission would do

    with pytest.raises(TakeError, match=r"cannot remove .*120000: Permission denied; see to the permissions"):
        remove(tmp_path, folder)
    assert name_of(take_folders(tmp_path)[0]) == "2026-11-20/120000"


def test_a_take_is_kept_until_that_is_undone(tmp_path: Path) -> None:
    keep(tmp_path)
    kept = is_kept(tmp_path)
    let_go(tmp_path)

    assert kept
    assert not is_kept(tmp_path)
    let_go(tmp_path)  # once more does no harm


def test_a_folder_that_cannot_be_written_to_keeps_nothing(tmp_path: Path) -> None:
    (tmp_path / KEPT).mkdir()

    with pytest.raises(TakeError, match=r"cannot write to .*; see to its permissions"):
        keep(tmp_path / "gone")
    with pytest.raises(TakeError, match=r"cannot write to .*; see to its permissions"):
        let_go(tmp_path)
