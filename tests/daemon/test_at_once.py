from __future__ import annotations

import pytest

from pocketd.at_once import AtOnce


def test_work_is_done_before_submit_returns() -> None:
    done: list[int] = []

    outcome = AtOnce().submit(done.append, 3)

    assert (done, outcome.done()) == ([3], True)


def test_an_exception_is_the_outcome_as_in_any_executor() -> None:
    outcome = AtOnce().submit(int, "three")

    with pytest.raises(ValueError, match="three"):
        outcome.result()
