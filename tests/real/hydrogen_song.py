"""A song for Hydrogen, and a home where it finds a configuration that speaks JACK."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

SHIPPED = Path("/usr/share/hydrogen/data/hydrogen.default.conf")
SAMPLE = SHIPPED.with_name("click.wav")  # without a sample Hydrogen sends no note
TICKS_A_BEAT = 48
CHANNEL = 9  # 0..15


@dataclass(frozen=True, slots=True)
class Stroke:
    """One note of the pattern."""

    tick: int  # 48 to the quarter note, from the bar line
    note: int
    velocity: int  # 1..127


def write_song(path: Path, bpm: float, strokes: Iterable[Stroke]) -> None:
    """Write a song of one bar of 4/4 that repeats; one instrument a note."""
    strokes = list(strokes)
    notes = sorted({stroke.note for stroke in strokes})
    instruments = "".join(
        f"""<instrument><id>{i}</id><name>note {note}</name><volume>1</volume><isMuted>false</isMuted>
        <gain>1</gain><applyVelocity>true</applyVelocity><Attack>0</Attack><Decay>0</Decay><Sustain>1</Sustain>
        <Release>1000</Release><muteGroup>-1</muteGroup><isStopNote>false</isStopNote>
        <midiOutChannel>{CHANNEL}</midiOutChannel><midiOutNote>{note}</midiOutNote>
        <instrumentComponent><component_id>0</component_id><gain>1</gain><layer><filename>{SAMPLE}</filename>
        <min>0</min><max>1</max><gain>1</gain><pitch>0</pitch></layer></instrumentComponent></instrument>"""
        for i, note in enumerate(notes)
    )
    pattern = "".join(
        f"""<note><position>{s.tick}</position><leadlag>0</leadlag><velocity>{s.velocity / 127:.6f}</velocity>
        <pan>0</pan><pitch>0</pitch><probability>1</probability><key>C0</key><length>-1</length>
        <instrument>{notes.index(s.note)}</instrument><note_off>false</note_off></note>"""
        for s in strokes
    )
    name = escape(path.stem)
    path.write_text(
        f"""<?xml version="1.0" encoding="UTF-8"?>
<song><version>1.2.0</version><bpm>{bpm:g}</bpm><volume>0.5</volume><metronomeVolume>0.5</metronomeVolume>
<name>{name}</name><author>pocketd</author><notes/><license>CC0</license><loopEnabled>true</loopEnabled>
<patternModeMode>true</patternModeMode><mode>song</mode><humanize_time>0</humanize_time>
<humanize_velocity>0</humanize_velocity><swing_factor>0</swing_factor>
<componentList><drumkitComponent><id>0</id><name>Main</name><volume>1</volume></drumkitComponent></componentList>
<instrumentList>{instruments}</instrumentList>
<patternList><pattern><name>bar</name><category/><size>{4 * TICKS_A_BEAT}</size><denominator>4</denominator>
<noteList>{pattern}</noteList></pattern></patternList><virtualPatternList/>
<patternSequence><group><patternID>bar</patternID></group></patternSequence></song>
"""
    )


def write_home(home: Path) -> None:
    """Write a configuration like the shipped one, but on JACK for sound and MIDI."""
    text = SHIPPED.read_text()
    for key, value in (
        ("audio_driver", "JACK"),
        ("driverName", "JACK-MIDI"),
        ("restoreLastSong", "false"),
        ("samplerate", "48000"),
        ("autosavesPerHour", "0"),
    ):
        text = re.sub(rf"<{key}>[^<]*</{key}>", f"<{key}>{value}</{key}>", text)
    folder = home / ".hydrogen"
    folder.mkdir(parents=True)
    (folder / "hydrogen.conf").write_text(text)
