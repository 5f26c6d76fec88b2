from __future__ import annotations

import json
from dataclasses import replace

from pocket_core.predict import ZeroPredictor
from pocket_core.settings import Settings
from pocket_core.testing import EagerPredictor
from pocket_core.types import Seconds
from pocketd.midiscore import nobody
from pocketd.performance import perform
from pocketd.quantise import Quantised, quantise
from pocketd.render import render
from pocketd.summary import remarks, report_bytes

DUET = perform(Seconds(9.0))


def test_the_report_has_the_fields_that_programs_read() -> None:
    rendered = render(DUET.human, DUET.drums, Settings(), EagerPredictor(by_template=True))

    report = json.loads(report_bytes(rendered, Settings(), Seconds(0.0015), ZeroPredictor()))

    assert (report["model"], report["sha256"]) == ("none", None)
    assert (report["lookahead_ms"], report["transport_ms"]) == (120.0, 1.5)
    assert report["synthetic"] is True
    assert set(report["summary"]) == {"quantised", "pocketd", "events_in", "events_out", "late", "lost"}
    assert set(report["summary"]["pocketd"]) == {"mae_ms", "sd_ms"}
    step = report["timesteps"][1]
    assert set(step) == {
        *("index", "nominal_s", "bar", "beat", "voices", "forecast_ms", "refined_ms", "played_ms"),
        *("committed_s", "human_s", "diff_ms"),
    }
    assert step["index"] == 1
    for step in report["timesteps"]:
        assert step["committed_s"] == step["nominal_s"] + step["played_ms"] / 1000
        assert (step["human_s"] is None) == (step["diff_ms"] is None)


def test_a_report_without_a_musician_has_no_figures() -> None:
    rendered = render(nobody(DUET.drums), DUET.drums, Settings(), ZeroPredictor())

    report = json.loads(report_bytes(rendered, Settings(), Seconds(0.0), ZeroPredictor()))

    assert report["summary"]["quantised"] == {"mae_ms": None, "sd_ms": None}
    assert report["timesteps"][0]["human_s"] is None


def test_remarks_tell_what_was_made_up_and_who_is_missing() -> None:
    drums = quantise(DUET.drums, Seconds(0.003))

    lines = list(remarks(drums, replace(DUET.human, notes=())))

    assert len(lines) == 2
    assert "synthetic" in lines[0]
    assert "no notes" in lines[1]


def test_remarks_tell_where_no_musician_is_given() -> None:
    drums = quantise(replace(DUET.drums, synthetic=False), Seconds(0.003))

    lines = list(remarks(drums, nobody(DUET.drums)))

    assert lines == ["no musician is given: the drums play alone."]


def test_remarks_tell_what_was_done_to_the_drums() -> None:
    kit = replace(
        DUET.drums,
        name="kit.mid",
        synthetic=False,
        notes=tuple(replace(n, channel=0) for n in DUET.drums.notes),
    )
    human = replace(DUET.human, synthetic=False)

    lines = list(remarks(Quantised(kit, changed=True, moved=30, merged=2), human))

    assert lines == [
        "kit.mid has no notes on channel 10: all its notes are taken as drums.",
        "kit.mid was not quantised: 30 hits were moved to the grid first, 2 of them onto another.",
    ]
