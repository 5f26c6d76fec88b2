"""Once on a real ALSA sequencer, with ALSA's own programs as DAW, musician and recorder."""

from __future__ import annotations

import json
import re
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import mido
import pytest

from pocketd.midifile import parse_score
from tests.real import alsa_vm
from tests.real.rig import hits, messages, timesteps, unended

pytestmark = pytest.mark.real

BPM = 100
BEAT = 60 / BPM
BEATS = 16
LOOK_AHEAD = 0.2  # as in alsa_guest.py
KICK, SNARE, HAT, PIANO = 36, 38, 42, 60


def struck() -> dict[str, list[tuple[float, int, int]]]:
    """Return second, channel and note of each part's notes."""
    drums = [(n * BEAT, 9, SNARE if n % 2 else KICK) for n in range(BEATS)]
    drums += [(n * BEAT / 2, 9, HAT) for n in range(2 * BEATS)]
    return {"drums": drums, "human": [(n * BEAT + LOOK_AHEAD - 0.02, 0, PIANO) for n in range(BEATS)]}


def duet() -> mido.MidiFile:
    """Return both parts in one file, a track to each port, so that aplaymidi plays them by one clock."""
    song = mido.MidiFile(ticks_per_beat=480)
    song.tracks.append(mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(BPM))]))
    for port, part in enumerate(struck().values()):
        events = [(at, "note_on", channel, note) for at, channel, note in part]
        events += [(at + 0.1, "note_off", channel, note) for at, channel, note in part]
        track = mido.MidiTrack([mido.MetaMessage("midi_port", port=port)])
        before = 0
        for at, kind, channel, note in sorted(events):
            tick = round(at / BEAT * 480)
            track.append(mido.Message(kind, channel=channel, note=note, velocity=100, time=tick - before))
            before = tick
        song.tracks.append(track)
    return song


@pytest.fixture
def machine() -> None:
    lacking = alsa_vm.missing()
    if lacking:
        pytest.skip(f"{', '.join(lacking)} not installed")


def guest(script: str, *files: Path) -> Any:
    """Run a script beside this one in the machine, and return what it tells."""
    outcome = alsa_vm.run(Path(__file__).with_name(script), files)
    assert outcome.status == 0, outcome.console
    (line,) = re.findall(r"RESULT (.*)$", outcome.console, re.MULTILINE)
    return json.loads(line)


@pytest.mark.usefixtures("machine")
def test_aplaymidi_plays_through_pocketd_and_aseqdump_hears_every_note_once(tmp_path: Path) -> None:
    song = tmp_path / "duet.mid"
    duet().save(song)

    result = guest("alsa_guest.py", song)

    assert "pocketd run would use ALSA: not JACK: the package JACK-Client is missing" in result["ports"]
    for backend, title in (("auto", "ALSA"), ("rtmidi", "rtmidi over ALSA")):
        played = result[backend]
        assert (played["code"], played["said"]) == (0, "")
        assert f"via {title}, look-ahead" in played["ready"]
        heard_every_note_once(played)
    assert len(result["step"]) == 3
    assert not result["torch"]


def heard_every_note_once(played: dict[str, Any]) -> None:
    wanted = Counter(note for _, _, note in struck()["drums"])
    dump = played["dump"]
    assert Counter(int(n) for n in re.findall(r"Note on +9, note (\d+), velocity 100", dump)) == wanted
    assert Counter(int(n) for n in re.findall(r"Note off +9, note (\d+)", dump)) == wanted
    take = [json.loads(record) for record in played["journal"].splitlines()]
    meant = messages(take, "out")
    assert unended(meant) == []
    recorded = parse_score(bytes.fromhex(played["recorded"]), "out.mid").notes
    assert [n.note for n in recorded] == [m.data[1] for m in hits(meant)]
    off = sorted(interval_errors([n.at_s for n in recorded], [m.at for m in hits(meant)]))
    assert off[len(off) * 9 // 10] < 0.003
    steps = timesteps(take)
    assert len(steps) == 2 * BEATS
    assert min(step["played_ms"] for step in steps) < -5  # late commit followed the musician


@pytest.mark.usefixtures("machine")
def test_alsas_back_ends_keep_what_every_back_end_promises() -> None:
    result = guest("conformance_guest.py")

    for system in ("alsa", "rtmidi", "coarse"):
        assert {check: wrong for check, wrong in result[system].items() if wrong} == {}, system
    assert result["dead"] == {"said": "ALSA's sequencer has gone; start pocketd again", "forward": True}


def interval_errors(heard: list[float], meant: list[float]) -> list[float]:
    return [abs((b - a) - (d - c)) for (a, b), (c, d) in zip(pairwise(heard), pairwise(meant), strict=True)]
