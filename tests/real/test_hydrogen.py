"""The main job with third-party programs: Hydrogen is the DAW, a Groove drummer's hands are the musician.

Everything runs on JACK's clock: Hydrogen and jack_midi_clock follow its transport, the musician follows the
clock that jack_midi_clock sends, and jack_midi_dump writes down frames.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

import pytest
from benchmarks.jack_server import PERIOD, JackServer, jack_server

from pocket_core.wire import note_off, note_on
from pocketd.midifile import parse_score
from tests.real.conftest import need
from tests.real.hydrogen_song import SHIPPED, Stroke, write_song
from tests.real.jack_programs import NEEDED, connect, dumped, studio, transport
from tests.real.rig import (
    PATIENCE,
    Listener,
    Player,
    Timed,
    daemon,
    hits,
    journal,
    messages,
    timesteps,
    unended,
)

pytestmark = [pytest.mark.real, pytest.mark.alone, pytest.mark.data]

GROOVE = Path(os.environ.get("POCKETD_DATA", "../shared/data")) / "groove-v1.0.0-midionly.zip"
PERFORMANCE = "groove/drummer1/eval_session/1_funk-groove1_138_beat_4-4.mid"
BPM = 138
BARS = 5
HANDS = {42, 22, 44, 46, 26, 49, 52, 55, 57, 51, 53, 59}  # the cymbals
LOOK_AHEAD = 0.120
KICK, SNARE, HAT = 36, 38, 42
PATTERN = [
    *(Stroke(eighth * 24, HAT, 80) for eighth in range(8)),
    *(Stroke(tick, KICK, 110) for tick in (0, 72, 96)),
    *(Stroke(tick, SNARE, 100) for tick in (48, 144)),
]


@pytest.fixture
def jack() -> Iterator[JackServer]:
    need(*NEEDED)
    with jack_server("hydrogen", audio_ports=2) as server:
        yield server


def hands() -> list[float]:
    """Return the beats at which the drummer's hands strike."""
    if not GROOVE.exists():
        pytest.skip(f"no {GROOVE.name} in {GROOVE.parent}; point POCKETD_DATA at its folder")
    with ZipFile(GROOVE) as archive:
        score = parse_score(archive.read(PERFORMANCE), PERFORMANCE)
    return [note.at_beat for note in score.notes if note.note in HANDS and note.at_beat < 4 * BARS - 1]


def play_along(clock: Listener, human: Player, onsets: list[float]) -> None:
    """Play at these beats as they are heard, a look-ahead after the clock, and return after the last bar."""
    tick = 60 / BPM / 24
    waiting = sorted((beat * 24 + LOOK_AHEAD / tick) for beat in onsets)  # in ticks of the clock
    ticks, scheduled = 0, []
    end = time.perf_counter() + BARS * 240 / BPM + PATIENCE
    while ticks < BARS * 96 and time.perf_counter() < end:
        for message in clock.heard():
            if message.data == b"\xf8":
                now = time.perf_counter()
                while waiting and waiting[0] < ticks + 1:
                    scheduled.append(now + (waiting.pop(0) - ticks) * tick)
                ticks += 1
        while scheduled and scheduled[0] <= time.perf_counter():
            scheduled.pop(0)
            human.send(note_on(0, 60, 90))
            human.send(note_off(0, 60, 64))
        time.sleep(0.0005)
    assert ticks >= BARS * 96, f"the clock stopped after {ticks} ticks"


def test_hydrogen_plays_through_pocketd_and_every_note_leaves_once_where_the_journal_says(
    jack: JackServer, tmp_path: Path
) -> None:
    if not SHIPPED.exists():
        pytest.skip(f"no {SHIPPED}")
    onsets = hands()
    write_song(tmp_path / "song.h2song", BPM, PATTERN)

    with (
        studio(tmp_path, tmp_path / "song.h2song", BPM),
        daemon(tmp_path, model="lstm", drums_lead_ms=0, snap_ms=PERIOD * 1000 + 1) as pocketd,
    ):
        ticks, human = Listener("mclk_out", client="jack_midi_clock"), Player("human")
        connect("Hydrogen-midi:TX", "pocketd:drums")
        connect("jack_midi_clock:mclk_out", "pocketd:control")
        connect("jack_midi_clock:mclk_out", "midi-monitor:input")
        connect("pocketd:out", "midi-monitor:input")
        transport("locate 0", "play")
        play_along(ticks, human, onsets)
        transport("stop")
        time.sleep(LOOK_AHEAD + 0.5)
        ticks.close()
        human.close()
        code, _ = pocketd.end()

    assert code == 0
    take = journal(tmp_path / "takes")
    came, meant, heard = hits(messages(take, "drums")), messages(take, "out"), dumped(tmp_path / "dump.txt")
    notes = [m for m in heard if m.data[0] < 0xF0]
    assert {m.data[1] for m in came} == {stroke.note for stroke in PATTERN}
    assert Counter(m.data for m in hits(meant)) == Counter(m.data for m in came)
    assert unended(meant) == []
    if not jack.real_time or ticks_of(heard) != ticks_of(messages(take, "control")):
        pytest.skip("JACK itself lost messages, even of the clock; is this machine busy?")
    assert len(came) >= BARS * len(PATTERN)
    assert [m.data for m in notes] == [m.data for m in meant]
    check_shifts(notes, heard, take)


def ticks_of(part: list[Timed]) -> int:
    return sum(1 for m in part if m.data == b"\xf8")


def check_shifts(notes: list[Timed], heard: list[Timed], take: list[dict[str, object]]) -> None:
    """Compare where each hit left, against the clock, both in JACK's frames, with what the journal says."""
    frames = [m.at for m in heard if m.data == b"\xf8"]
    stamps = [m.at for m in messages(take, "control") if m.data == b"\xf8"]
    meant = messages(take, "out")
    left = {round(m.at, 6): n.at for n, m in zip(notes, meant, strict=True) if m.data[0] & 0xF0 == 0x90}
    steps = timesteps(take)
    assert len(steps) >= BARS * 8 - 1
    assert sum(1 for step in steps if step["human_s"] is not None) >= len(steps) // 2
    assert max(abs(step["played_ms"]) for step in steps) > 5
    errors = []
    for step in steps[: steady_ticks(frames, stamps) // 12]:
        tick = round(((step["bar"] - 1) * 4 + step["beat"] - 1) * 24)
        said = frames[tick] + LOOK_AHEAD + step["played_ms"] / 1000
        errors.append(left[round(step["committed_s"], 6)] - said)
    if len(errors) < len(steps) // 2:
        pytest.skip("JACK stood still, so its clock proves nothing; is this machine busy?")
    # up to a period for the clock's way in, where its frame is lost, and up to one for the hit's way out
    errors.sort()
    tenth = len(errors) // 10
    assert errors[tenth] >= -PERIOD
    assert errors[-1 - tenth] <= 2 * PERIOD


def steady_ticks(frames: list[float], stamps: list[float]) -> int:
    """Return how many ticks came before JACK lost time: its dummy driver stands still where the machine does.

    From there on a clock cannot know whether the song stood still or a tick was lost.
    """
    lag = [stamp - frame for stamp, frame in zip(stamps, frames, strict=False)]
    for tick in range(3, len(lag)):
        recent = lag[max(tick - 24, 2) : tick + 1]
        if max(recent) - min(recent) > 2 * PERIOD:
            return tick
    return len(lag)
