from __future__ import annotations

import pytest

from pocket_core.settings import AT_ONCE
from pocket_core.types import Port, Seconds
from pocketd.config import Config
from pocketd.ears import Heard
from pocketd.findings import Finding, Mark
from pocketd.lead_verdict import judge_sent_early
from pocketd.listening import Listened, named
from tests.daemon.test_lead import EIGHTHS, ROCK, Bar, struck


def judged(
    early: float, *, bar: Bar = ROCK, jitter_ms: float = 0.1, stray: float = 0.0, **config: object
) -> Finding:
    strikes = tuple(struck(bar, early, stray=stray))
    heard = Heard(
        at=Seconds(8.0), notes={Port.DRUMS: len(strikes)}, strikes=strikes, running=True, jitter_ms=jitter_ms
    )
    listened = Listened(Seconds(8.0), heard, named(()), None, "loopback", AT_ONCE)
    return judge_sent_early(listened, Config.model_validate(config))


@pytest.mark.parametrize("early", [0.120, 0.1185, 0.1225])
def test_drums_that_come_as_early_as_they_should_are_right(early: float) -> None:
    finding = judged(early)

    assert finding.mark is Mark.OK
    assert finding.found == f"{early * 1000:.1f} ms early, as they should"


def test_drums_that_are_late_by_as_much_have_the_wrong_sign() -> None:
    finding = judged(-0.120)

    assert finding.mark is Mark.WRONG
    assert finding.found == "120.0 ms late: the drum track's delay has the wrong sign"
    assert finding.todo == "flip the sign of the DAW's track delay: the drums have to be sent 120 ms early"


def test_drums_that_are_not_sent_early_are_told_what_it_takes() -> None:
    finding = judged(0.0)

    assert finding.mark is Mark.WRONG
    assert finding.found == "not early: they come on the clock's grid"
    assert "send the drum track 120 ms early" in finding.todo
    assert "or set `drums_lead_ms: 0`: all then sounds 120 ms late" in finding.todo


@pytest.mark.parametrize(("early", "todo"), [(0.1, ", or `drums_lead_ms: 100`"), (-0.05, "120 ms early")])
def test_drums_that_are_early_by_another_measure_may_be_taken_as_they_are(early: float, todo: str) -> None:
    finding = judged(early)

    assert finding.mark is Mark.WRONG
    assert finding.found.endswith(", and should be 120 ms early")
    assert finding.todo.endswith(todo)


def test_a_lead_that_the_look_ahead_does_not_allow_is_not_proposed() -> None:
    assert "drums_lead_ms" not in judged(0.15).todo


def test_a_rig_that_cannot_send_early_is_right_where_the_configuration_says_so() -> None:
    assert judged(0.0, drums_lead_ms=0.0).mark is Mark.OK
    assert judged(0.120, drums_lead_ms=0.0).mark is Mark.WRONG


def test_a_jittery_clock_is_given_more_room() -> None:
    assert judged(0.128, jitter_ms=3.0).mark is Mark.OK
    assert judged(0.128).mark is Mark.WRONG


def test_drums_that_would_look_the_same_late_are_right_but_told() -> None:
    finding = judged(0.125, bar=EIGHTHS, look_ahead_ms=125.0)

    assert finding.mark is Mark.ADVICE
    assert "125.0 ms early, as they should" in finding.found
    assert finding.found.endswith("if they were 125.0 ms late")


def test_drums_on_no_grid_tell_nothing() -> None:
    finding = judged(0.120, stray=0.06)

    assert finding.mark is Mark.ADVICE
    assert finding.found == "cannot be told: the drums are on no grid of the clock"


def test_without_a_clock_there_is_nothing_to_be_early_against() -> None:
    assert judged(0.0, clock="internal").mark is Mark.OK


def test_drums_that_pocketd_plays_itself_need_not_be_early() -> None:
    assert judged(0.0, source="loop").mark is Mark.OK
    assert judged(0.120, source="loop").mark is Mark.WRONG
    assert judged(0.120, source="groove").mark is Mark.OK  # a daemon that runs tells what it made as heard
    assert judged(0.0, source="file", score="song.mid").found == "pocketd plays the drums itself, in time"
