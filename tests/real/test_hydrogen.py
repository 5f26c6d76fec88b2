"""The main job with third-party programs: Hydrogen is the DAW, a Groove drummer's hands are the musician.

Everything runs on JACK's clock: Hydrogen and jack_midi_clock follow its transport, the musician follows the
clock that jack_midi_clock sends, and jack_midi_dump writes down frames.
"""

from __future__ import annotations

import os
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from zipfile import ZipFile

import pytest

from pocket_core.wire import note_off, note_on
from pocketd.midifile import parse_score
from tests.real.conftest import need
from tests.real.hydrogen_song import SHIPPED, Stroke, write_home, write_song
from tests.real.jack_server import PERIOD, RATE, JackServer, jack_server
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

pytestmark = [pytest.mark.real, pytest.mark.data]

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
    need(
        "jackd",
        "jack_wait",
        "hydrogen",
        "jack_midi_clock",
        "jack_midi_dump",
        "jack_connect",
        "jack_transport",
    )
    with jack_server("hydrogen", audio_ports=2) as server:
        yield server


def hands() -> list[float]:
    """Return the beats at which the drummer's hands strike."""
    if not GROOVE.exists():
        pytest.skip(f"no {GROOVE.name} in {GROOVE.parent}; point POCKETD_DATA at its folder")
    with ZipFile(GROOVE) as archive:
        score = parse_score(archive.read(PERFORMANCE), PERFORMANCE)
    return [note.at_beat for note in score.notes if note.note in HANDS and note.at_beat < 4 * BARS - 1]


@contextmanager
def program(*command: str, ready: str, home: Path, said: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program while the block lasts, from when its JACK port is there."""
    setting = {**os.environ, "HOME": str(home), "XDG_RUNTIME_DIR": str(home), "QT_QPA_PLATFORM": "offscreen"}
    with said.open("wb") as out:
        process = subprocess.Popen(command, env=setting, stdout=out, stderr=subprocess.STDOUT)
    try:
        until(lambda: ready in jack_ports())
        yield process
    finally:
        process.terminate()
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def jack_ports() -> list[str]:
    return subprocess.run(["jack_lsp"], capture_output=True, text=True, check=False).stdout.splitlines()


def until(true: Callable[[], bool]) -> None:
    end = time.perf_counter() + PATIENCE
    while not true():
        assert time.perf_counter() < end, "a program did not come up"
        time.sleep(0.05)


def connect(source: str, target: str) -> None:
    subprocess.run(["jack_connect", source, target], check=True, capture_output=True)


def transport(*commands: str) -> None:
    """Tell JACK's transport; the program is a prompt that ends with its input."""
    text = "".join(f"{command}\n" for command in commands)
    subprocess.run(["jack_transport"], input=text, text=True, capture_output=True, check=False)


def roll(clock: Listener) -> None:
    """Start JACK's transport, again where Hydrogen, still loading, has stopped it."""
    until(lambda: "Hydrogen:out_L" in jack_ports())
    time.sleep(0.5)
    for _ in range(5):
        transport("locate 0", "play")
        end = time.perf_counter() + 2.0
        while time.perf_counter() < end:
            if clock.waiting():
                return
            time.sleep(0.001)
    raise AssertionError("JACK's transport does not roll")


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


def dumped(path: Path) -> list[Timed]:
    """Return what jack_midi_dump wrote, lines such as `  43008: 99 24 64 note on ...`, in seconds."""
    heard = []
    for line in path.read_text().splitlines():
        frame, _, rest = line.partition(":")
        if not frame.strip().isdigit():  # a remark of libjack's
            continue
        status = int(rest.split()[0], 16)
        size = 3 if 0x80 <= status < 0xF0 else 1
        heard.append(Timed(int(frame) / RATE, bytes(int(word, 16) for word in rest.split()[:size])))
    return heard


def test_hydrogen_plays_through_pocketd_and_every_note_leaves_once_where_the_journal_says(
    jack: JackServer, tmp_path: Path
) -> None:
    if not SHIPPED.exists():
        pytest.skip(f"no {SHIPPED}")
    onsets = hands()
    write_home(tmp_path / "home")
    write_song(tmp_path / "song.h2song", BPM, PATTERN)
    dump = tmp_path / "dump.txt"
    hydrogen = ("hydrogen", "-n", "-d", "jack", "-s", str(tmp_path / "song.h2song"))
    clock = ("jack_midi_clock", "-b", str(BPM))
    home = tmp_path / "home"

    with (
        daemon(tmp_path, model="lstm", drums_lead_ms=0, snap_ms=PERIOD * 1000 + 1) as pocketd,
        program(*hydrogen, ready="Hydrogen-midi:TX", home=home, said=tmp_path / "hydrogen.txt"),
        program(*clock, ready="jack_midi_clock:mclk_out", home=home, said=tmp_path / "clock.txt"),
        program("jack_midi_dump", "-a", ready="midi-monitor:input", home=home, said=dump),
    ):
        pocketd.ready()
        ticks, human = Listener("mclk_out", client="jack_midi_clock"), Player("human")
        connect("Hydrogen-midi:TX", "pocketd:drums")
        connect("jack_midi_clock:mclk_out", "pocketd-02:control")
        connect("jack_midi_clock:mclk_out", "midi-monitor:input")
        connect("pocketd-03:out", "midi-monitor:input")
        roll(ticks)
        play_along(ticks, human, onsets)
        transport("stop")
        time.sleep(LOOK_AHEAD + 0.5)
        ticks.close()
        human.close()
        code, _ = pocketd.end()

    assert code == 0
    take = journal(tmp_path / "takes")
    came, meant, heard = hits(messages(take, "drums")), messages(take, "out"), dumped(dump)
    notes = [m for m in heard if m.data[0] < 0xF0]
    frames = [round(m.at * RATE) for m in heard if m.data == b"\xf8"]
    assert {m.data[1] for m in came} == {stroke.note for stroke in PATTERN}
    assert Counter(m.data for m in hits(meant)) == Counter(m.data for m in came)
    assert unended(meant) == []
    if not jack.flawless or max(b - a for a, b in pairwise(frames)) > RATE * 60 / BPM / 24 + 1:
        pytest.skip("JACK itself lost cycles, so what it recorded proves nothing; is this machine busy?")
    assert len(came) >= BARS * len(PATTERN)
    assert [m.data for m in notes] == [m.data for m in meant]
    check_shifts(notes, heard, take)


def check_shifts(notes: list[Timed], heard: list[Timed], take: list[dict[str, object]]) -> None:
    """Compare where each hit left, against the clock, both in JACK's frames, with what the journal says."""
    frames = [m.at for m in heard if m.data == b"\xf8"]
    stamps = [m.at for m in messages(take, "control") if m.data == b"\xf8"]
    meant = messages(take, "out")
    left = {round(m.at, 6): n.at for n, m in zip(notes, meant, strict=True) if m.data[0] & 0xF0 == 0x90}
    steps = timesteps(take)
    errors = []
    for step in steps:
        tick = round(((step["bar"] - 1) * 4 + step["beat"] - 1) * 24)
        if steady(frames, stamps, tick):
            said = frames[tick] + LOOK_AHEAD + step["played_ms"] / 1000
            errors.append(left[round(step["committed_s"], 6)] - said)
    errors.sort()
    assert len(steps) >= BARS * 8 - 1
    assert sum(1 for step in steps if step["human_s"] is not None) >= len(steps) // 2
    assert max(abs(step["played_ms"]) for step in steps) > 5
    assert len(errors) >= len(steps) // 2
    # up to a period for the clock's way in, where its frame is lost, and up to one for the hit's way out
    tenth = len(errors) // 10
    assert errors[tenth] >= -PERIOD
    assert errors[-1 - tenth] <= 2 * PERIOD


def steady(frames: list[float], stamps: list[float], tick: int) -> bool:
    """Say whether JACK kept time around a tick: its dummy driver stands still where the machine does."""
    first, last = max(tick - 24, 0), min(tick + 12, len(frames) - 1, len(stamps) - 1)
    lag = [stamp - frame for stamp, frame in zip(stamps[first:last], frames[first:last], strict=True)]
    return max(lag) - min(lag) < 2 * PERIOD
