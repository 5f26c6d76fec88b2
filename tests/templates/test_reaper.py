"""The project as text, and the script in Lua against a small Reaper of our own: the real one is not here."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from pocketd.config import Config

FOLDER = Path(__file__).resolve().parents[2] / "templates" / "reaper"
PROJECT = FOLDER / "pocketd.rpp"
SCRIPT = FOLDER / "pocketd.lua"
FAKE = Path(__file__).with_name("fake_reaper.lua")
LEAD_S = Config().look_ahead_ms / 1000
OUTPUTS = "Scarlett 2i4,pocketd:drums,pocketd:human,pocketd:control"
INPUTS = "pocketd:out,Keystation"
MIDI = 4096


@dataclass(frozen=True, slots=True)
class Chunk:
    """A part of a project file: from `<NAME` to `>`."""

    name: str
    lines: list[list[str]]
    chunks: list[Chunk]

    def line(self, key: str) -> list[str]:
        (found,) = [line[1:] for line in self.lines if line[0] == key]
        return found

    def all(self, name: str) -> list[Chunk]:
        return [chunk for chunk in self.chunks if chunk.name == name]


def project() -> Chunk:
    root = Chunk("", [], [])
    open_chunks = [root]
    for line in PROJECT.read_text().splitlines():
        words = line.split()
        if words[0].startswith("<"):
            chunk = Chunk(words[0][1:], [words], [])
            open_chunks[-1].chunks.append(chunk)
            open_chunks.append(chunk)
        elif words == [">"]:
            open_chunks.pop()
        else:
            open_chunks[-1].lines.append(words)
    assert open_chunks == [root]
    (top,) = root.chunks
    return top


def tracks() -> dict[str, Chunk]:
    return {chunk.line("NAME")[0]: chunk for chunk in project().all("TRACK")}


@dataclass(frozen=True, slots=True)
class Left:
    """What the script left behind."""

    boxes: list[str]
    tracks: dict[str, dict[str, float]]
    order: list[str]


def run(times: int = 1, there: str = "", outputs: str = OUTPUTS, inputs: str = INPUTS) -> Left:
    lua = shutil.which("lua5.4") or shutil.which("lua5.3")
    if lua is None:
        pytest.skip("lua5.4 is not installed")
    command = [lua, str(FAKE), str(SCRIPT), str(times), there, outputs, inputs]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    said = [line.split("\t") for line in done.stdout.splitlines()]
    values: dict[str, dict[str, float]] = {}
    order = []
    for _, name, key, value in [words for words in said if words[0] == "track"]:
        if key == "P_NAME":
            order.append(name)
        else:
            values.setdefault(name, {})[key] = float(value)
    return Left([words[1] for words in said if words[0] == "box"], values, order)


def test_the_project_is_whole_and_has_the_three_tracks() -> None:
    assert list(tracks()) == ["drums", "human", "sampler"]


def test_only_the_drums_are_sent_early_by_the_default_look_ahead() -> None:
    assert tracks()["drums"].line("PLAYOFFS") == [f"{-LEAD_S:g}", "0"]  # seconds; 0: not bypassed
    assert {tracks()[name].line("PLAYOFFS")[1] for name in ("human", "sampler")} == {"1"}


def test_the_drums_begin_after_a_bar_and_have_no_sound_of_their_own() -> None:
    drums = tracks()["drums"]
    (item,) = drums.all("ITEM")

    assert project().line("TEMPO") == ["120", "4", "4"]
    assert item.line("POSITION") == ["2"]
    assert drums.line("MAINSEND")[0] == "0"


def test_the_beat_is_a_bar_of_voices_and_every_note_ends() -> None:
    (item,) = tracks()["drums"].all("ITEM")
    (source,) = item.all("SOURCE")
    events = [line[1:] for line in source.lines if line[0] == "E"]
    voices = {note for notes in Config().voices.values() for note in notes}

    notes = [(int(status, 16), int(note, 16)) for _, status, note, _ in events[:-1]]

    assert sum(int(delta) for delta, *_ in events) == 4 * 960
    assert events[-1][1:] == ["b0", "7b", "00"]  # Reaper's mark of where a source ends
    assert {note for _, note in notes} <= voices
    assert sorted(n for s, n in notes if s == 0x99) == sorted(n for s, n in notes if s == 0x89)


def test_the_project_names_no_device_of_any_machine() -> None:
    text = PROJECT.read_text()

    assert {chunk.line("MIDIOUT")[0] for chunk in tracks().values()} == {"-1"}
    assert "FILE" not in text


def test_the_script_makes_the_tracks_and_lays_every_cable() -> None:
    left = run()

    assert left.order == ["drums", "human", "sampler"]
    drums, human, sampler = (left.tracks[name] for name in left.order)
    assert (drums["D_PLAY_OFFSET"], drums["I_PLAY_OFFSET_FLAG"]) == (-LEAD_S, 0)
    assert (drums["I_MIDIHWOUT"], drums["B_MAINSEND"]) == (1 << 5, 0)
    assert (human["I_MIDIHWOUT"], human["I_RECINPUT"]) == (2 << 5, MIDI + (1 << 5))
    assert (human["I_RECARM"], human["I_RECMON"]) == (1, 1)
    assert (sampler["I_RECINPUT"], sampler["I_RECMON"], sampler["I_RECARM"]) == (MIDI, 1, 1)
    assert "D_PLAY_OFFSET" not in human
    assert len(left.boxes) == 1
    assert "Send clock/SPP" in left.boxes[0]


def test_the_script_uses_the_tracks_of_the_project() -> None:
    left = run(there="vocals," + ",".join(tracks()))

    assert left.order == ["vocals", "drums", "human", "sampler"]
    assert left.tracks["vocals"] == {"I_RECINPUT": 0}


def test_run_again_the_script_changes_nothing() -> None:
    once, twice = run(), run(times=2)

    assert (twice.order, twice.tracks) == (once.order, once.tracks)


def test_the_musicians_own_choice_of_input_stays() -> None:
    chosen = MIDI + (7 << 5) + 3

    assert run(there=f"human={chosen}").tracks["human"]["I_RECINPUT"] == chosen


def test_all_inputs_are_no_choice_for_pocketds_own_output_is_among_them() -> None:
    everything = MIDI + (63 << 5)

    assert run(there=f"human={everything}").tracks["human"]["I_RECINPUT"] == MIDI + (1 << 5)


@pytest.mark.parametrize(
    ("outputs", "inputs", "missing"),
    [
        ("Scarlett 2i4,pocketd:drums,-pocketd:human", INPUTS, "No MIDI output named pocketd human."),
        (OUTPUTS, "Keystation", "No MIDI input named pocketd out."),
        (OUTPUTS, "pocketd:out", "No MIDI input but pocketd's own."),
    ],
)
def test_a_device_that_is_missing_is_named_and_the_rest_is_done(
    outputs: str, inputs: str, missing: str
) -> None:
    left = run(outputs=outputs, inputs=inputs)

    assert [box.startswith(missing) for box in left.boxes] == [True]
    assert left.tracks["drums"]["I_MIDIHWOUT"] == 1 << 5
    assert left.order == ["drums", "human", "sampler"]


def test_without_pocketd_nothing_is_sent_anywhere_and_four_things_are_said() -> None:
    left = run(outputs="Scarlett 2i4", inputs="")

    assert left.tracks["drums"]["I_MIDIHWOUT"] == -1
    assert left.tracks["sampler"]["I_RECARM"] == 0
    assert left.boxes[0].count("No MIDI") == 4


@pytest.mark.parametrize("names", ["pocketd drums,pocketd human", "pocketd:drums (1),pocketd-01:human"])
def test_a_device_is_known_however_the_system_writes_its_name(names: str) -> None:
    left = run(outputs=names)

    assert [left.tracks[name]["I_MIDIHWOUT"] for name in ("drums", "human")] == [0, 1 << 5]
