from __future__ import annotations

import re
import signal
import subprocess
import sys
import threading
import time
from collections import Counter, deque
from itertools import pairwise
from pathlib import Path

import pytest
from benchmarks.jack_server import PERIOD, JackServer, jack_server
from benchmarks.on_the_frame import measure, reactions

from pocket_core.wire import note_off, note_on
from pocketd.backends.frames import FrameClock
from pocketd.backends.jack import Jack
from pocketd.backends.jack_client import Calls, JackClient, jack_module
from pocketd.backends.transit import Transit
from tests.real.conftest import need, need_clock
from tests.real.rig import (
    Listener,
    Player,
    Timed,
    daemon,
    hits,
    journal,
    messages,
    play,
    read,
    rtmidi,
    timesteps,
    unended,
)

pytestmark = [pytest.mark.real, pytest.mark.alone]

BPM = 120
BEAT = 60 / BPM
LOOK_AHEAD = 0.120
BARS = 3
EARLY, LATE = -0.020, 0.015  # the musician, by turns, against the beat that they hear


def clock(beats: int) -> list[Timed]:
    ticks = [Timed(n * BEAT / 24, b"\xf8") for n in range(beats * 24)]
    return [Timed(0.0, b"\xfa"), *ticks, Timed(beats * BEAT, b"\xfc")]


def notes(times: list[float], channel: int, note: int) -> list[Timed]:
    on = [Timed(at, note_on(channel, note, 100)) for at in times]
    return on + [Timed(at + 0.08, note_off(channel, note, 64)) for at in times]


def song(beats: int) -> dict[str, list[Timed]]:
    """Kick and snare by turns with the hat on eighths; the rig cannot send early, so all sounds late."""
    kick = notes([n * BEAT for n in range(0, beats, 2)], 9, 36)
    snare = notes([n * BEAT for n in range(1, beats, 2)], 9, 38)
    hat = notes([n * BEAT / 2 for n in range(2 * beats)], 9, 42)
    human = notes([n * BEAT + LOOK_AHEAD + (EARLY if n % 2 else LATE) for n in range(1, beats)], 0, 60)
    return {"control": clock(beats), "drums": [*kick, *snare, *hat], "human": human}


def shift_errors(heard: list[Timed], meant: list[Timed]) -> list[float]:
    """Return how far each interval between neighbours is from what was meant, in seconds."""
    return [
        abs((b.at - a.at) - (d.at - c.at))
        for (a, b), (c, d) in zip(pairwise(heard), pairwise(meant), strict=True)
    ]


def test_every_note_arrives_once_with_its_note_off_as_the_journal_says(
    jack: JackServer, tmp_path: Path
) -> None:
    played = song(BARS * 4)
    with daemon(tmp_path, model="none", drums_lead_ms=0) as pocketd:
        out = Listener("out")
        carried = play(played)
        time.sleep(LOOK_AHEAD + 0.2)
        heard = out.heard()
        out.close()
        code, said = pocketd.end()

    assert (code, said) == (0, "")
    assert pocketd.ready == (
        "ready: ports pocketd:drums, pocketd:human, pocketd:control, pocketd:out "
        "via JACK, look-ahead 120 ms, model none\n"
    )
    take = journal(tmp_path / "takes")
    meant = messages(take, "out")
    assert unended(meant) == []
    if not jack.real_time or not carried:
        pytest.skip("JACK itself lost messages; is this machine busy?")
    assert Counter(m.data for m in hits(heard)) == Counter(m.data for m in hits(played["drums"]))
    assert [m.data for m in heard] == [m.data for m in meant]
    off = sorted(shift_errors(heard, meant))
    assert off[int(0.9 * len(off))] <= PERIOD + 0.001  # output is at the start of the next period
    steps = timesteps(take)
    assert [step["index"] for step in steps] == list(range(len(steps)))
    left = {round(m.at, 6) for m in hits(meant)}
    assert all(round(step["committed_s"], 6) in left for step in steps)
    need_clock(take, BARS * 96, BEAT / 24)
    assert [(step["bar"] - 1) * 8 + (step["beat"] - 1) * 2 for step in steps] == list(range(BARS * 8))
    assert all(step["played_ms"] == pytest.approx(0, abs=30) for step in steps)
    assert max(abs(step["played_ms"]) for step in steps) > 5  # late commit followed the early onsets


@pytest.mark.parametrize("frames", [64, 256, 1024])
def test_every_hit_leaves_on_the_very_frame_whatever_the_period(frames: int) -> None:
    need("jackd", "jack_wait")
    with jack_server("exact", frames=frames) as server:
        found = measure(400, 1, loaded=False, model="none")

    if found.skipped or not server.real_time:
        pytest.skip("JACK itself skipped cycles; is this machine busy?")
    assert (found.lost, found.doubled, found.reordered) == (0, 0, 0)
    assert found.exact >= 398  # a machine that stands still may hold up the loop for longer than its notice


def test_an_onset_pulls_its_hit_within_a_period(jack: JackServer) -> None:
    found = sorted(reactions(10.0, 1))

    assert len(found) > 10
    assert found[len(found) * 9 // 10] < jack.period + 0.001


def latencies() -> dict[str, str]:
    """Return what JACK tells of each port's latency."""
    told = subprocess.run(["jack_lsp", "-l", "pocketd"], capture_output=True, text=True, check=True).stdout
    return dict(re.findall(r"pocketd:(\w+)\n((?:\t.*\n)+)", told))


@pytest.mark.parametrize("look_ahead_ms", [120, 100], ids=["as it begins", "after a reload"])
def test_the_latency_from_drums_to_out_is_declared(
    jack: JackServer, tmp_path: Path, look_ahead_ms: int
) -> None:
    with daemon(tmp_path, model="none", look_ahead_ms=120) as pocketd:
        if look_ahead_ms != 120:
            pocketd.write(model="none", look_ahead_ms=look_ahead_ms)
            pocketd.process.send_signal(signal.SIGHUP)
        frames, end = 48 * look_ahead_ms, time.perf_counter() + 5
        while str(frames) not in latencies()["out"] and time.perf_counter() < end:
            time.sleep(0.05)
        ports = latencies()

    assert f"port playback latency = [ {frames} {frames} ] frames" in ports["drums"]
    assert f"port capture latency = [ {frames} {frames} ] frames" in ports["out"]
    assert "port playback latency = [ 0 0 ] frames" in ports["human"]


def test_the_ports_are_open_within_a_second_and_a_half(jack: JackServer, tmp_path: Path) -> None:
    start = time.perf_counter()
    with daemon(tmp_path, model="none"):
        took = time.perf_counter() - start

    bare = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import numpy, pydantic, typer"], check=True)
    assert took < max(1.5, 5 * (time.perf_counter() - bare))  # this machine may be busy


def test_a_second_daemon_ends_with_3_and_says_who_has_the_port(jack: JackServer, tmp_path: Path) -> None:
    with daemon(tmp_path, model="none") as first:
        (tmp_path / "second").mkdir()
        with daemon(tmp_path / "second", model="none") as second:
            code, said = second.end(by=None)
        still = first.end()

    assert code == 3
    assert said == (
        "pocketd: client 'pocketd' is taken: another pocketd runs on JACK; "
        "end it, or set another `client` in the config\n"
    )
    assert still == (0, "")


def unstopped(beats: int) -> dict[str, list[Timed]]:
    """Return a song in whose middle something will happen."""
    return {port: [m for m in part if m.data != b"\xfc"] for port, part in song(beats).items()}


def test_a_server_that_is_killed_ends_the_daemon_on_rtmidi_with_3_and_its_take_is_whole(
    jack: JackServer, tmp_path: Path
) -> None:
    with daemon(tmp_path, backend="rtmidi", model="none", drums_lead_ms=0) as pocketd:
        play(unstopped(4), jack.kill)
        killed = time.perf_counter()
        code, said = pocketd.end(by=None)
        took = time.perf_counter() - killed

    assert (code, said) == (3, "pocketd: JACK's server has gone; start it again, then pocketd\n")
    assert took < 6
    take = journal(tmp_path / "takes")
    assert take[-1] == {"kind": "end", "how": "exit"}
    assert len(timesteps(take)) >= 6


def test_a_server_that_is_killed_and_restarted_within_a_take_is_played_on_within_two_seconds(
    jack: JackServer, tmp_path: Path
) -> None:
    with daemon(tmp_path, model="none", drums_lead_ms=0) as pocketd:
        play(unstopped(4), jack.kill)
        jack.revive()
        revived = time.perf_counter()
        out = Listener("out", patience=2.0)
        played = song(8)
        play(played)
        time.sleep(LOOK_AHEAD + 0.2)
        heard = out.heard()
        took = time.perf_counter() - revived - 8 * BEAT
        out.close()
        code, said = pocketd.end()

    assert (code, said) == (0, "")
    assert took < 2 + LOOK_AHEAD + 0.5
    first, second = sorted((tmp_path / "takes").rglob("journal.jsonl"))
    assert len(timesteps(read(first))) >= 6
    assert len(timesteps(read(second))) >= 14
    faults = [r["text"] for r in read(first) if r["kind"] == "fault" and r["about"] == "midi system"]
    assert faults[0].startswith("JACK's server has gone; waiting for it")
    assert unended(heard) == []
    assert len(hits(heard)) >= len(hits(played["drums"])) - 2


def test_a_server_that_is_killed_time_and_again_is_found_each_time(jack: JackServer, tmp_path: Path) -> None:
    with daemon(tmp_path, model="none") as pocketd:
        for _ in range(8):
            jack.kill()
            jack.revive()
            Listener("out", patience=2.0).close()
        code, said = pocketd.end()

    assert (code, said) == (0, "")


def test_a_server_that_stands_still_does_not_keep_the_daemon_from_ending(
    jack: JackServer, tmp_path: Path
) -> None:
    with daemon(tmp_path, model="none", drums_lead_ms=0) as pocketd:
        play(unstopped(4))
        jack.process.send_signal(signal.SIGSTOP)
        asked = time.perf_counter()
        code, _ = pocketd.end()
        took = time.perf_counter() - asked
        jack.process.send_signal(signal.SIGCONT)

    assert code == 0
    assert took < 8
    assert len(timesteps(journal(tmp_path / "takes"))) >= 6


@pytest.mark.parametrize("backend", ["jack", "rtmidi"])
def test_a_server_that_stands_still_and_dies_does_not_hang_the_daemon(
    jack: JackServer, tmp_path: Path, backend: str
) -> None:
    with daemon(tmp_path, backend=backend, model="none", drums_lead_ms=0) as pocketd:
        play(unstopped(4))
        jack.process.send_signal(signal.SIGSTOP)
        time.sleep(1.0)
        asked = time.perf_counter()
        jack.process.kill()
        jack.process.wait()
        code, _ = pocketd.end()
        took = time.perf_counter() - asked

    assert code in (0, 3)
    assert took < 6


@pytest.mark.parametrize("backend", ["jack", "rtmidi"])
def test_a_device_that_the_config_names_is_connected_and_again_when_it_is_back(
    jack: JackServer, tmp_path: Path, backend: str
) -> None:
    connect = {"human": ["my keys"]}
    settings = {"clock": "internal", "drums_lead_ms": 0, "backend": backend, "connect": connect}
    with daemon(tmp_path, model="none", **settings) as pocketd:
        drums = Player("drums")
        for n in range(2):
            keys = rtmidi.MidiOut(rtmidi.API_UNIX_JACK, "My Keys")
            keys.open_virtual_port("out")
            time.sleep(2.5)  # rtmidi looks every two seconds
            drums.send(note_on(9, 36, 100))
            time.sleep(0.2)
            keys.send_message(note_on(0, 60 + n, 90))
            time.sleep(0.1)
            keys.delete()
            time.sleep(2.5)
        drums.close()
        time.sleep(0.5)
        code, _ = pocketd.end()

    assert code == 0
    takes = sorted((tmp_path / "takes").rglob("journal.jsonl"))
    assert [m.data[1] for take in takes for m in messages(read(take), "human")] == [60, 61]


def test_without_a_server_the_line_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JACK_DEFAULT_SERVER", "nobody-runs-this")

    with daemon(tmp_path, model="none", midi_api="jack") as pocketd:
        code, said = pocketd.end(by=None)

    assert code == 3
    assert said == (
        "pocketd: no MIDI system (JACK: no server answers; start one (`jackd -d alsa`), or with PipeWire run "
        "pocketd under `pw-jack`); to try pocketd without one set `backend: loopback`\n"
    )


def test_a_message_longer_than_jack_carries_is_lost_alone_and_said(jack: JackServer, tmp_path: Path) -> None:
    dump = b"\xf0" + bytes(40_000) + b"\xf7"
    waiting = deque(dump[n : n + 1_000] for n in range(0, len(dump), 1_000))
    waiting += (note_on(9, 36, 100), note_off(9, 36, 64))
    sends = jack_module().Client("sends", no_start_server=True)
    drums = sends.midi_outports.register("drums")

    def one_a_period(_: int) -> None:
        drums.clear_buffer()
        if drums.is_connected_to("pocketd:drums") and waiting:
            drums.write_midi_event(0, waiting.popleft())

    with daemon(tmp_path, model="none", drums_lead_ms=0) as pocketd:
        heard = Listener("out")
        sends.set_process_callback(one_a_period)
        with sends:
            sends.connect(drums, "pocketd:drums")
            time.sleep(len(waiting) * PERIOD + LOOK_AHEAD + 0.5)
        came = [message.data for message in heard.heard()]
        heard.close()
        code, said = pocketd.end()

    assert came == [note_on(9, 36, 100), note_off(9, 36, 64)]
    assert code == 0
    assert said == "pocketd: jack: a message of 40002 bytes is more than it carries; it is lost\n"


def test_a_server_that_dies_as_it_is_found_is_waited_for(
    jack: JackServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    back_end = Jack("waits")
    opened, runs, died = back_end._open, threading.Event(), threading.Event()

    def open_and_die() -> JackClient:
        client = opened()
        if not died.is_set() and runs.wait(10.0):
            jack.kill()
            while client.alive:
                time.sleep(0.01)
            died.set()
        return client

    monkeypatch.setattr(back_end, "_open", open_and_die)
    jack.kill()
    jack.revive()
    runs.set()
    assert died.wait(10.0)
    time.sleep(0.5)
    between = back_end.check()
    jack.revive()
    end = time.perf_counter() + 10.0
    while back_end.check() and time.perf_counter() < end:
        time.sleep(0.05)
    after = back_end.check()
    back_end.close()

    assert between != ""
    assert after == ""


def test_a_port_that_has_gone_since_it_was_listed_has_no_other_names(jack: JackServer) -> None:
    calls = Calls(lambda: None, lambda _: None, lambda: None, lambda: None)
    client = JackClient("asks", FrameClock(), Transit(), calls)

    aliases = client.aliases("daw:gone")
    client.close()

    assert aliases == []


def test_ports_lists_jack_and_says_why_it_is_used(jack: JackServer, tmp_path: Path) -> None:
    told = subprocess.run(
        [sys.executable, "-m", "pocketd", "ports"], capture_output=True, text=True, check=False
    )

    assert told.returncode == 0
    assert "JACK: there" in told.stdout
    assert "rtmidi over JACK: there" in told.stdout
    assert "pocketd run would use JACK: the first choice on this system" in told.stdout
