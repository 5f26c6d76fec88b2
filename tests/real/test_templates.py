"""The templates for DAWs that Debian has, opened and played by the DAW itself."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest
from benchmarks.jack_server import PERIOD, JackServer, jack_server

from pocketd.config import Config
from pocketd.midifile import parse_score
from tests.real.conftest import need
from tests.real.hydrogen_song import SHIPPED, TICKS_A_BEAT
from tests.real.jack_programs import NEEDED, connect, dumped, program, studio, transport
from tests.real.rig import Timed, hits

pytestmark = [pytest.mark.real, pytest.mark.alone]

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"
SONG = TEMPLATES / "hydrogen" / "pocketd.h2song"
SESSION = TEMPLATES / "ardour" / "pocketd"
BPM = 120
KIT = SHIPPED.parent / "drumkits" / "GMRockKit"
MIDI_TICKS_A_BEAT = 24
TICK = 60 / BPM / MIDI_TICKS_A_BEAT  # of MIDI clock, in seconds
BARS = 3  # of the session, with the empty one before the drums
TRIES = 6  # ardour7-lua dies four times in ten


@pytest.fixture
def jack() -> Iterator[JackServer]:
    need(*NEEDED)
    with jack_server("templates", audio_ports=2) as server:
        yield server


def written(song: Path) -> list[tuple[int, list[int]]]:
    """Return where notes stand in a song, in ticks of MIDI clock, and which."""
    root = ElementTree.parse(song).getroot()
    instruments = root.iterfind("instrumentList/instrument")
    notes = {i.findtext("id"): int(i.findtext("midiOutNote") or -1) for i in instruments}
    patterns = {pattern.findtext("name"): pattern for pattern in root.iter("pattern")}
    start = 0
    steps: dict[int, list[int]] = {}
    for group in root.iter("group"):
        pattern = patterns[group.findtext("patternID")]
        for note in pattern.iter("note"):
            at = (start + int(note.findtext("position") or 0)) * MIDI_TICKS_A_BEAT // TICKS_A_BEAT
            steps.setdefault(at, []).append(notes[note.findtext("instrument")])
        start += int(pattern.findtext("size") or 0)
    return [(at, sorted(struck)) for at, struck in sorted(steps.items())]


def test_hydrogen_plays_the_whole_song_in_order_beside_the_clock(jack: JackServer, tmp_path: Path) -> None:
    if not KIT.exists():
        pytest.skip(f"no {KIT}")
    steps = written(SONG)
    with studio(tmp_path, SONG, BPM):
        connect("Hydrogen-midi:TX", "midi-monitor:input")
        connect("jack_midi_clock:mclk_out", "midi-monitor:input")
        transport("locate 0", "play")
        time.sleep((steps[-1][0] / MIDI_TICKS_A_BEAT + 1) * 60 / BPM)
        transport("stop")
        time.sleep(0.5)

    heard = dumped(tmp_path / "dump.txt")
    struck = hits(heard)
    clock = [m.at for m in heard if m.data == b"\xf8"]
    if not jack.real_time:
        pytest.skip("JACK without real-time priority loses messages")
    assert {m.data[0] for m in struck} == {0x99}  # channel 10
    assert [m.data[1] for m in sorted(struck, key=lambda m: (m.at, m.data[1]))][: sum_of(steps)] == [
        note for _, notes in steps for note in notes
    ]
    need_steady(clock)
    late = []
    for at, notes in steps:
        late += [struck.pop(0).at - clock[at] for _ in notes]
    # where a stroke falls on the edge of a period, Hydrogen may count it to the one before
    assert_all_but_a_tenth(late, least=-PERIOD, most=2 * PERIOD)


def need_steady(clock: list[float]) -> None:
    """Skip where JACK stood still, as its dummy driver does with the machine: programs then miss periods."""
    if any(abs(after - before - TICK) > PERIOD / 2 for before, after in pairwise(clock)):
        pytest.skip("JACK stood still, so its clock proves nothing; is this machine busy?")


def assert_all_but_a_tenth(values: list[float], least: float, most: float) -> None:
    """Assert that values lie within bounds; a few may be those of a period that a program missed."""
    out = {
        place: f"{value * 1000:.1f} ms" for place, value in enumerate(values) if not least <= value <= most
    }
    assert len(out) <= len(values) // 10, f"{len(out)} of {len(values)} out of bounds, by place: {out}"


def sum_of(steps: list[tuple[int, list[int]]]) -> int:
    return sum(len(notes) for _, notes in steps)


# --- Ardour ------------------------------------------------------------------------------------------------


def played_by_ardour(folder: Path) -> list[Timed]:
    """Return what leaves the session's drums and its clock; it is copied, for Ardour writes into it."""
    seconds = f"{BARS * 240 / BPM:g}"
    for attempt in range(TRIES):
        here = folder / str(attempt)
        shutil.copytree(SESSION, here / SESSION.name)
        command = ["ardour7-lua", str(Path(__file__).with_name("ardour_play.lua"))]
        command += [str(here / SESSION.name), SESSION.name, seconds]
        dump = here / "dump.txt"
        with program("jack_midi_dump", "-a", ready="midi-monitor:input", home=here, said=dump):
            done = subprocess.run(
                command, env={**os.environ, "HOME": str(here)}, capture_output=True, text=True, check=False
            )
        heard = dumped(dump)
        if "played" in done.stdout and any(m.data == b"\xf8" for m in heard):
            return heard
    pytest.skip(f"ardour7-lua died {TRIES} times")


def test_ardour_plays_the_session_in_order_and_a_look_ahead_before_its_clock(tmp_path: Path) -> None:
    need("ardour7-lua", "jack_midi_dump", "jack_connect")
    (file,) = SESSION.rglob("*.mid")
    score = parse_score(file.read_bytes(), file.name)
    beats = [(note.at_beat + 4, note.note) for note in score.notes if note.at_beat + 4 < 4 * BARS]
    with jack_server("ardour", audio_ports=2) as server:
        heard = played_by_ardour(tmp_path)

    if not server.real_time:
        pytest.skip("JACK without real-time priority loses messages")
    struck = hits(heard)[: len(beats)]
    clock = [m.at for m in heard if m.data == b"\xf8"]
    assert [m.data[1] for m in struck] == [note for _, note in beats]
    leads = [
        clock[round(beat * MIDI_TICKS_A_BEAT)] - m.at for (beat, _), m in zip(beats, struck, strict=True)
    ]
    look_ahead = Config().look_ahead_ms / 1000
    need_steady(clock)
    # its notes leave up to a period and 16 frames before its clock
    assert_all_but_a_tenth(leads, least=look_ahead - 0.001, most=look_ahead + 2 * PERIOD)
