"""What doctor says of where the drums come from."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import mido
import pytest

from pocket_core.types import Seconds
from pocketd import checks_sources
from pocketd.checks_sources import judge_sources, verify_sources
from pocketd.config import Config
from pocketd.config_sections import GENERATORS, Control, Generate
from pocketd.findings import Finding, Mark
from pocketd.generators.check import Bars, Verdict
from tests.daemon.generators.shipped import copied, damage

SOUND = {kind: Verdict((), Bars(Seconds(0.007), Seconds(0.009), 100)) for kind in GENERATORS}
DAMAGED = Verdict(("pattern.encoder.onnx: sha256 is 1, its card says 2; copy both again",))


def judged(verdicts: Mapping[str, Verdict] = SOUND, **keys: object) -> dict[str, Finding]:
    config = Config(**keys)  # type: ignore[arg-type]
    return {finding.name: finding for finding in judge_sources(config, verdicts)}


def beat(path: Path, numerator: int = 4) -> str:
    track = mido.MidiTrack([mido.MetaMessage("time_signature", numerator=numerator, denominator=4)])
    for n in range(8):
        track.append(mido.Message("note_on", channel=9, note=38, velocity=90, time=240 if n else 0))
        track.append(mido.Message("note_off", channel=9, note=38, time=240))
    file = mido.MidiFile(ticks_per_beat=480)
    file.tracks.append(track)
    file.save(path)
    return str(path)


def test_all_that_ship_are_verified(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for kind in GENERATORS:
        copied(tmp_path, kind)
    damage(tmp_path / "pattern.json")
    monkeypatch.setattr(checks_sources, "generator_folder", lambda: tmp_path)
    shares: list[float] = []

    verdicts = verify_sources(shares.append)

    assert {kind: len(verdict.faults) for kind, verdict in verdicts.items()} == {
        "bars": 0,
        "continue": 0,
        "pattern": 1,
        "groove": 0,
    }
    assert "pattern.encoder.onnx: sha256 is " in verdicts["pattern"].faults[0]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_as_it_ships_all_is_well() -> None:
    found = judged()

    assert {finding.mark for finding in found.values()} == {Mark.OK}
    assert found["source"].found == "daw: the DAW plays the drums, on the port `drums`"
    assert found["sources"].found == "bars, continue, pattern, groove can be chosen: loaded and verified"
    assert found["generate"].found == "begins with rock"
    assert found["controllers"].found == (
        "CC 23 to 29, 102 to 110, each of one knob; program 120 to 126 chooses the source"
    )


def test_the_source_that_plays_is_verified_and_timed() -> None:
    found = judged(source="groove", generate=Generate(goal="latin"))

    assert found["source"].found == "groove: loaded and verified, a bar takes 7 ms (longest 9 ms)"
    assert found["sources"].found.startswith("bars, continue, pattern can be chosen")
    assert found["generate"].found == "begins with rock, and goes to latin"


def test_a_damaged_source_is_wrong_where_it_plays_and_advice_where_it_could_be_chosen() -> None:
    verdicts = {**SOUND, "pattern": DAMAGED}

    playing, other = judged(verdicts, source="pattern"), judged(verdicts, source="bars")

    assert playing["source"].mark is Mark.WRONG
    assert playing["sources"].mark is Mark.OK
    assert other["source"].mark is Mark.OK
    assert other["sources"].mark is Mark.ADVICE
    for finding in (playing["source"], other["sources"]):
        assert "pattern.encoder.onnx: sha256 is " in finding.found
        assert finding.todo == "copy both again"


@pytest.mark.parametrize(("source", "mark"), [("groove", Mark.WRONG), ("daw", Mark.ADVICE)])
@pytest.mark.parametrize("key", ["start", "goal"])
def test_what_sources_begin_with_has_to_be_there_where_one_plays(source: str, mark: Mark, key: str) -> None:
    finding = judged(source=source, generate=Generate.model_validate({key: "rok"}))["generate"]

    assert finding.mark is mark
    assert finding.found == f"`{key}`: no preset is called 'rok'"
    assert finding.todo.startswith("there are rock, ")


def test_a_file_in_another_meter_is_no_beginning(tmp_path: Path) -> None:
    fine = judged(generate=Generate(start=beat(tmp_path / "a.mid")))["generate"]
    waltz = judged(generate=Generate(start=beat(tmp_path / "b.mid", 3)))["generate"]

    assert fine.mark is Mark.OK
    assert waltz.mark is Mark.ADVICE
    assert "b.mid is in 3/4" in waltz.found


def test_a_file_that_plays_is_read(tmp_path: Path) -> None:
    there = judged(source="file", score=beat(tmp_path / "a.mid"))["source"]
    gone = judged(source="file", score=str(tmp_path / "none.mid"))["source"]

    assert (there.mark, gone.mark) == (Mark.OK, Mark.WRONG)
    assert there.found == f"file: {tmp_path / 'a.mid'}, 8 messages"
    assert "none.mid" in gone.found
    assert gone.todo


def test_a_score_that_is_not_there_is_advice_where_the_daw_plays_and_none_is_no_line(tmp_path: Path) -> None:
    finding = judged(score=str(tmp_path / "none.mid"))["score"]

    assert finding.mark is Mark.ADVICE
    assert finding.found == f"there is no file {tmp_path / 'none.mid'}, so `source: file` cannot be chosen"
    assert "score" not in judged()


def test_a_song_that_has_a_source_s_program_is_told_of() -> None:
    both = judged(songs={121: "Blue", 3: "So"})["controllers"]
    apart = judged(songs={121: "Blue"}, control=Control(source_program=10))["controllers"]
    unheard = judged(songs={121: "Blue"}, control=Control(song_program=False))["controllers"]

    assert both.mark is Mark.ADVICE
    assert both.found.endswith("program 120 to 126 chooses the source, but 121 means a song")
    assert both.todo
    assert (apart.mark, unheard.mark) == (Mark.OK, Mark.OK)


def test_knobs_that_nobody_turns_are_said() -> None:
    none = dict.fromkeys((key for key in Control.model_fields if key.endswith("_cc")), None)

    finding = judged(control=Control.model_validate({**none, "source_program": None}))["controllers"]

    assert finding.found == "no CC turns a knob of the sources"
