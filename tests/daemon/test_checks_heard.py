from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pocket_core.settings import AT_ONCE, Timing
from pocket_core.types import Port, Seconds
from pocketd.checks_heard import judge_heard
from pocketd.config import Config
from pocketd.ears import Heard
from pocketd.findings import Finding, Mark
from pocketd.listening import Listened, named
from tests.daemon.sources.test_sources import write_song
from tests.daemon.test_lead import ROCK, struck

PERIOD = Timing(Seconds(0.003), Seconds(256 / 48_000), Seconds(0.0032))
HEARD = Heard(
    at=Seconds(8.0),
    notes={Port.DRUMS: 48, Port.HUMAN: 20},
    onsets=20,
    pulses={Port.CONTROL: 384},
    strikes=tuple(struck(ROCK, 0.120)),
    running=True,
    jitter_ms=0.1,
)
LISTENED = Listened(
    Seconds(10.0),
    HEARD,
    named(("pocketd:drums", "pocketd:human", "pocketd:control", "pocketd:out")),
    {
        Port.DRUMS: ("DAW:drums",),
        Port.HUMAN: ("Keys:out",),
        Port.CONTROL: ("DAW:clock",),
        Port.OUT: ("DAW:in",),
    },
    "JACK",
    PERIOD,
)


def found(listened: Listened = LISTENED, **config: object) -> dict[str, Finding]:
    return {each.name: each for each in judge_heard(listened, Config.model_validate(config))}


def with_heard(**changes: object) -> Listened:
    return replace(LISTENED, heard=replace(HEARD, **changes))  # type: ignore[arg-type]


def test_a_rig_that_is_as_it_should_be_is_all_green() -> None:
    findings = found()

    assert {each.mark for each in findings.values()} == {Mark.OK}
    assert list(findings) == ["clock", "drums", "human", "out", "sent early", "look-ahead", "period"]
    assert findings["clock"].found == "on control, 120.0 BPM, jitter 0.10 ms"
    assert findings["out"].found == "connected to DAW:in"
    assert findings["period"].found == "5.3 ms; a hit leaves no sooner than 12.3 ms after it came"


def test_every_red_line_says_what_to_do() -> None:
    nothing = replace(
        LISTENED, heard=Heard(at=Seconds(8.0)), connected=dict.fromkeys(Port, ()), trouble="JACK has gone"
    )

    findings = found(nothing)

    red = {name for name, each in findings.items() if each.mark is Mark.WRONG}
    assert red == {"MIDI", "clock", "drums", "human", "out"}
    assert all(findings[name].todo for name in red)
    assert findings["drums"].found == "nothing in 10 s; connected to nobody"
    assert findings["drums"].todo == "route the drum track's MIDI output to pocketd:drums, and press play"


def test_a_port_that_is_connected_and_silent_is_no_fault_of_the_routing() -> None:
    findings = found(with_heard(notes={Port.DRUMS: 48}, onsets=0))

    assert findings["human"].mark is Mark.ADVICE
    assert findings["human"].found == "nothing in 10 s; connected to Keys:out"


def test_drums_that_are_silent_while_the_song_runs_are_wrong() -> None:
    findings = found(with_heard(notes={}, strikes=()))

    assert findings["drums"].mark is Mark.WRONG
    assert findings["sent early"].found == "cannot be told: no drums"


def test_where_a_system_cannot_say_who_is_connected_silence_is_wrong_and_out_is_advice() -> None:
    findings = found(
        replace(with_heard(notes={}), connected=None, backend="rtmidi over ALSA", timing=AT_ONCE)
    )

    assert findings["human"].mark is Mark.WRONG
    assert findings["out"].mark is Mark.ADVICE
    assert findings["period"].mark is Mark.OK


def test_notes_that_the_configuration_lets_not_count_are_told() -> None:
    findings = found(with_heard(onsets=0))

    assert findings["human"].mark is Mark.WRONG
    assert "none of them counts" in findings["human"].found


def test_drum_notes_of_no_voice_are_named() -> None:
    findings = found(with_heard(strays=(60, 61)))

    assert findings["drums"].mark is Mark.ADVICE
    assert "60, 61 in none of the `voices`" in findings["drums"].found


@pytest.mark.parametrize(
    ("changes", "config", "mark", "todo"),
    [
        ({"pulses": {}, "running": False}, {}, Mark.WRONG, "pocketd:control, and press play"),
        ({"pulses": {}}, {"clock": "internal"}, Mark.OK, ""),
        ({"pulses": {Port.DRUMS: 9}}, {"clock_port": "control"}, Mark.WRONG, "set `clock_port: auto`"),
        ({"pulses": {Port.DRUMS: 9, Port.CONTROL: 9}}, {}, Mark.ADVICE, "one is enough"),
        ({"jitter_ms": 6.0}, {}, Mark.ADVICE, "256 frames or fewer"),
        ({"running": False, "strikes": ()}, {}, Mark.ADVICE, "press play while doctor listens"),
    ],
)
def test_what_is_wrong_with_a_clock_is_told(
    changes: dict[str, object], config: dict[str, object], mark: Mark, todo: str
) -> None:
    finding = found(with_heard(**changes), **config)["clock"]

    assert finding.mark is mark
    assert todo in finding.todo


def test_a_short_look_ahead_is_told_what_it_takes() -> None:
    finding = found(look_ahead_ms=60.0, drums_lead_ms=60.0)["look-ahead"]

    assert finding.mark is Mark.ADVICE
    assert (
        finding.found
        == "60 ms: a hit may be 47.7 ms early and 100 ms late; from straight to triplets it takes 83.3 ms"
    )
    assert finding.todo == "set `look_ahead_ms: 100`, and send the drums as early"


def test_what_is_heard_behind_the_grid_is_told_and_wrong_by_choice_alone() -> None:
    unsaid = found(output_latency_ms=17.7)["look-ahead"]
    chosen = found(drums_lead_ms=0.0)["look-ahead"]
    made_up_for = found(output_latency_ms=17.7, look_ahead_ms=102.3, drums_lead_ms=120.0)["look-ahead"]

    assert unsaid.mark is Mark.ADVICE
    assert "so all is heard 17.7 ms behind the grid" in unsaid.found
    assert chosen.mark is Mark.OK
    assert chosen.found.endswith("; all is heard 120 ms behind the grid")
    assert made_up_for.found.endswith(" ms late")


@pytest.mark.parametrize(("frames", "mark"), [(256, Mark.OK), (1024, Mark.ADVICE), (6000, Mark.WRONG)])
def test_a_long_period_is_told(frames: int, mark: Mark) -> None:
    timing = Timing(Seconds(0.003), Seconds(frames / 48_000), Seconds(0.01))

    assert found(replace(LISTENED, timing=timing))["period"].mark is mark


def test_rtmidi_over_jack_waits_for_periods_that_it_does_not_know() -> None:
    finding = found(replace(LISTENED, backend="rtmidi over JACK", timing=AT_ONCE, connected=None))["period"]

    assert finding.mark is Mark.ADVICE
    assert "pocketd[jack]" in finding.todo


def test_drums_of_a_file_are_not_waited_for(tmp_path: Path) -> None:
    song = tmp_path / "song.mid"
    write_song(song)

    finding = found(with_heard(notes={}, strikes=()), source="file", score=str(song))["drums"]

    assert (finding.mark, finding.found) == (Mark.OK, f"pocketd plays {song}")


def test_drums_that_a_source_makes_are_not_waited_for() -> None:
    findings = found(with_heard(notes={}, strikes=()), source="groove")

    assert (findings["drums"].mark, findings["sent early"].mark) == (Mark.OK, Mark.OK)
    assert findings["drums"].found == "groove makes them; pocketd:drums may stay empty"


def test_who_plays_by_a_clock_is_not_sent_to_a_clock_that_it_cannot_have() -> None:
    silent = with_heard(pulses={}, running=False)

    assert found(silent)["clock"].todo.endswith("where it has none set `clock: internal`")
    assert "`clock: internal` will not do" in found(silent, source="groove")["clock"].todo


def test_whom_the_configuration_names_and_nobody_is_connected_to_is_told() -> None:
    wished = {"human": ["keys", "Launchkey"], "out": ["Hydrogen"], "drums": ["daw:drums"]}

    some = found(connect=wished)["connect"]
    unable = found(replace(LISTENED, connected=None, backend="rtmidi over ALSA"), connect=wished)["connect"]

    assert some.mark is Mark.ADVICE
    assert some.found == ("not connected, though `connect` names it: 'Launchkey' (human), 'Hydrogen' (out)")
    assert unable.found == "rtmidi over ALSA connects nothing by itself"
    assert "connect" not in found(connect={"human": ["keys"]})


@pytest.mark.parametrize(
    ("clock", "said"),
    [("auto", "JACK's transport"), ("jack", "JACK's transport"), ("link", "the Link session")],
)
def test_a_transport_that_rolls_is_a_clock(clock: str, said: str) -> None:
    findings = found(with_heard(pulses={}), clock=clock)

    assert findings["clock"].mark is Mark.OK
    assert findings["clock"].found == f"{said}, 120.0 BPM"


@pytest.mark.parametrize(("clock", "todo"), [("jack", "JACK's transport"), ("link", "start/stop sync")])
def test_a_transport_that_stands_is_told_as_what_it_is(clock: str, todo: str) -> None:
    findings = found(with_heard(running=False, strikes=()), clock=clock)

    assert findings["clock"].mark is Mark.WRONG
    assert findings["clock"].found.endswith(" stands")
    assert todo in findings["clock"].todo


def test_a_score_that_cannot_be_read_is_red(tmp_path: Path) -> None:
    findings = found(source="file", score=str(tmp_path / "none.mid"))

    assert findings["drums"].mark is Mark.WRONG
    assert "none.mid" in findings["drums"].found
