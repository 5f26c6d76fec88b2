"""The templates for DAWs that Debian has, opened and played by the DAW itself."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest
from benchmarks.jack_server import PERIOD, JackServer, jack_server

from tests.real.conftest import need
from tests.real.hydrogen_song import SHIPPED, TICKS_A_BEAT
from tests.real.jack_programs import NEEDED, connect, dumped, studio, transport
from tests.real.rig import hits

pytestmark = [pytest.mark.real, pytest.mark.alone]

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"
SONG = TEMPLATES / "hydrogen" / "pocketd.h2song"
BPM = 120
KIT = SHIPPED.parent / "drumkits" / "GMRockKit"
MIDI_TICKS_A_BEAT = 24


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
    off = []
    for at, notes in steps:
        off += [struck.pop(0).at - clock[at] for _ in notes]
    off.sort()
    assert max(abs(off[0]), abs(off[-1])) <= 2 * PERIOD


def sum_of(steps: list[tuple[int, list[int]]]) -> int:
    return sum(len(notes) for _, notes in steps)
