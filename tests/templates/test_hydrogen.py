from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

from pocketd.config import Config, load

FOLDER = Path(__file__).resolve().parents[2] / "templates" / "hydrogen"
SONG = ElementTree.parse(FOLDER / "pocketd.h2song").getroot()


def test_every_instrument_is_a_voice_of_the_default_map_on_channel_10() -> None:
    voices = {note for notes in Config().voices.values() for note in notes}

    said = [
        (i.findtext("midiOutChannel"), int(i.findtext("midiOutNote") or -1))
        for i in SONG.iterfind("instrumentList/instrument")
    ]

    assert {channel for channel, _ in said} == {"9"}
    assert {note for _, note in said} <= voices


def test_hydrogen_itself_is_silent_and_plays_straight() -> None:
    straight = {"humanize_time", "humanize_velocity", "swing_factor", "volume"}

    assert {key: SONG.findtext(key) for key in straight} == dict.fromkeys(straight, "0")
    assert {note.findtext("leadlag") for note in SONG.iter("note")} == {"0"}


def test_samples_are_named_without_a_path() -> None:
    assert not any("/" in (layer.findtext("filename") or "") for layer in SONG.iter("layer"))


def test_its_configuration_says_that_hydrogen_cannot_send_early() -> None:
    assert load(FOLDER / "pocketd.yaml").drums_lead_ms == 0
