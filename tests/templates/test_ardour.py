from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

from pocketd.config import Config, load
from pocketd.midifile import parse_score

FOLDER = Path(__file__).resolve().parents[2] / "templates" / "ardour"
SESSION = FOLDER / "pocketd" / "pocketd.ardour"
ROOT = ElementTree.parse(SESSION).getroot()
TICKS_A_BEAT = 1920


def route(name: str) -> ElementTree.Element:
    (found,) = [route for route in ROOT.iterfind("Routes/Route") if route.get("name") == name]
    return found


def test_ardour_takes_the_fader_of_the_drums_for_a_look_ahead_late_and_nothing_else() -> None:
    late = {
        (route.get("name"), processor.get("type")): processor.get("user-latency")
        for route in ROOT.iterfind("Routes/Route")
        for processor in route.iterfind("Processor")
        if processor.get("use-user-latency") == "1"
    }

    frames = Config().look_ahead_ms / 1000 * int(ROOT.get("sample-rate", "0"))
    assert late == {("drums", "amp"): f"{frames:.0f}"}


def test_the_cables_go_to_pocketds_ports() -> None:
    cables = {
        port.get("name"): [cable.get("other") for cable in port.iterfind("Connection")]
        for port in ROOT.iter("Port")
        if port.find("Connection") is not None
    }

    assert cables == {
        "MIDI Clock out": ["pocketd:control"],
        "drums/midi_out 1": ["pocketd:drums"],
        "human/midi_out 1": ["pocketd:human"],
        "sampler/midi_in 1": ["pocketd:out"],
        "Master/audio_out 1": ["system:playback_1"],
        "Master/audio_out 2": ["system:playback_2"],
    }


def test_musician_and_sampler_are_heard_while_the_song_runs() -> None:
    monitoring = {
        name: route(name).find("Controllable[@name='monitor']").get("monitoring")  # type: ignore[union-attr]
        for name in ("drums", "human", "sampler")
    }

    assert monitoring == {"drums": "MonitorDisk", "human": "MonitorInput", "sampler": "MonitorInput"}


def test_the_drums_begin_after_a_bar_and_are_as_long_as_their_file() -> None:
    (file,) = SESSION.parent.rglob("*.mid")
    (region,) = ROOT.iterfind("Playlists/Playlist/Region")
    score = parse_score(file.read_bytes(), file.name)
    voices = {note for notes in Config().voices.values() for note in notes}

    length, position = (int(part) for part in region.get("length", "").replace("b", "").split("@"))

    assert position == 4 * TICKS_A_BEAT
    assert max(note.at_beat for note in score.notes) < length / TICKS_A_BEAT == 32
    assert {note.note for note in score.notes} <= voices


def test_no_path_of_any_machine_is_in_it() -> None:
    texts = {value for element in ROOT.iter() for value in element.attrib.values()}

    assert [text for text in texts if text.startswith("/")] == []
    assert SESSION.stat().st_size < 20_000


def test_its_configuration_allows_for_notes_that_leave_before_the_clock() -> None:
    period_and_16_frames_ms = (256 + 16) / 48

    assert load(FOLDER / "pocketd.yaml").snap_ms > period_and_16_frames_ms
