from __future__ import annotations

import threading

from pocket_core.errors import ConfigError, PocketError
from pocketd.errand import Errand


def test_what_it_brings_is_taken_once() -> None:
    errand = Errand[int]("sum")
    errand.start(lambda: 1 + 1)
    errand.wait()

    assert (errand.take(), errand.take()) == (2, None)


def test_nothing_is_taken_while_it_is_under_way() -> None:
    errand, go = Errand[str]("wait"), threading.Event()
    errand.start(lambda: "there" if go.wait(10) else "never")

    before = errand.take()
    go.set()
    errand.wait()

    assert (before, errand.take()) == (None, "there")


def test_another_errand_waits_for_nobody_and_is_not_begun() -> None:
    errand, go = Errand[str]("wait"), threading.Event()
    errand.start(lambda: "first" if go.wait(10) else "never")

    errand.start(lambda: "second")
    go.set()
    errand.wait()

    assert (errand.take(), errand.take()) == ("first", None)


def test_a_refusal_comes_back_as_it_is() -> None:
    refusal = ConfigError("no")

    def refuse() -> int:
        raise refusal

    errand = Errand[int]("ask")
    errand.start(refuse)
    errand.wait()

    assert errand.take() is refusal


def test_any_other_exception_comes_back_as_a_refusal() -> None:
    errand = Errand[float]("division")
    errand.start(lambda: 1 / 0)
    errand.wait()

    outcome = errand.take()

    assert isinstance(outcome, PocketError)
    assert str(outcome) == "division failed: ZeroDivisionError('division by zero')"
