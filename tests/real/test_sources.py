"""Each source plays live: a real JACK server, a clock and a musician of other clients, and a take of it."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import psutil
import pytest
from benchmarks.jack_server import JackServer, jack_server

from tests.real.conftest import need, need_clock
from tests.real.rig import (
    Daemon,
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

pytestmark = [pytest.mark.real, pytest.mark.alone]

BPM = 120
BEAT = 60 / BPM
PULSES_A_BAR = 96  # of MIDI clock
TICK = 4 * BEAT / PULSES_A_BAR  # seconds
BARS = 6
LATE = 0.030  # seconds by which the musician is behind each eighth
SOURCE_CC = 23
SOURCES = ("bars", "continue", "pattern", "groove")


@pytest.fixture
def jack() -> Iterator[JackServer]:
    need("jackd")
    with jack_server("sources") as server:
        yield server


def studio_of(running: Daemon) -> psutil.Process | None:
    """Return the generators' process of a daemon; None: there is none."""
    children = psutil.Process(running.process.pid).children(recursive=True)
    return next((c for c in children if "pocketd.generators.studio_main" in " ".join(c.cmdline())), None)


def wait_for_studio(running: Daemon, other_than: int = 0) -> psutil.Process:
    """Wait until the generators' process runs."""
    end = time.perf_counter() + 20
    while time.perf_counter() < end:
        found = studio_of(running)
        if found is not None and found.pid != other_than:
            return found
        time.sleep(0.05)
    raise AssertionError("the generators' process does not run")


def perform(bars: int, extra: list[tuple[float, str, bytes]] | None = None) -> None:
    """Send the clock, and play eighths on `human`, a little late."""
    control, human = Player("control"), Player("human")
    ticks = [(n * TICK, "control", b"\xf8") for n in range(bars * PULSES_A_BAR)]
    played = []
    for n in range(bars * 8):
        at = n * BEAT / 2 + LATE
        played.append((at, "human", bytes((0x90, 50, 100))))
        played.append((at + 0.1, "human", bytes((0x80, 50, 64))))
    end = [(bars * 4 * BEAT, "control", b"\xfc")]
    start = time.perf_counter() + 0.1
    control.send(b"\xfa")
    for at, port, data in sorted([*ticks, *played, *end, *(extra or [])]):
        wait = start + at - time.perf_counter()
        if wait > 0:
            time.sleep(wait)
        (control if port == "control" else human).send(data)
    time.sleep(1.0)
    control.close()
    human.close()


def finish(running: Daemon) -> None:
    """End the daemon, and its take with it."""
    code, said = running.end()
    assert code == 0, said


@pytest.mark.parametrize("source", SOURCES)
def test_a_source_plays_to_a_musician_and_the_take_shows_what_it_made_and_when_it_sounded(
    jack: JackServer, tmp_path: Path, source: str
) -> None:
    with daemon(tmp_path, backend="jack", source=source, model="follower") as running:
        wait_for_studio(running)
        time.sleep(1.5)  # it loads, and makes its first bars
        out = Listener("out")
        perform(BARS)
        heard = out.heard()
        out.close()
        finish(running)

    records = journal(running.takes)
    made = [r for r in records if r["kind"] == "generated"]
    steps = timesteps(records)
    struck = hits(messages(records, "out"))
    strokes = sum(len(r["strokes"]) for r in made if r["position"] < BARS * 4 - 2)
    assert {r["source"] for r in made} == {source}
    assert not any(r["held"] for r in made)
    assert len(made) >= 2 * BARS
    assert len(struck) >= strokes > 2 * BARS
    assert len(hits(heard)) == len(struck)
    assert unended(heard) == []
    need_clock(records, BARS * PULSES_A_BAR, TICK)
    late = [
        step["played_ms"] for step in steps if step["human_s"] is not None and step["index"] > len(steps) / 2
    ]
    assert sum(late) / len(late) > 5  # the pocket goes with a musician who is 30 ms behind


def test_a_generator_that_is_killed_costs_no_note_and_plays_on(jack: JackServer, tmp_path: Path) -> None:
    with daemon(tmp_path, backend="jack", source="bars", model="none", late_commit=False) as running:
        first = wait_for_studio(running)
        time.sleep(1.5)
        out = Listener("out")
        killer = subprocess.Popen(["sh", "-c", f"sleep 3; kill -9 {first.pid}"])
        perform(8)
        killer.wait()
        second = wait_for_studio(running, other_than=first.pid)
        heard = out.heard()
        out.close()
        finish(running)

    records = journal(running.takes)
    made = [r for r in records if r["kind"] == "generated"]
    struck = hits(messages(records, "out"))
    drums = hits(messages(records, "drums"))
    assert second.pid != first.pid
    assert len(made) >= 16  # every half bar has something
    assert not made[-1]["held"]
    assert len(struck) == len(drums) == len(hits(heard))
    assert gaps(struck) < 2.5  # seconds


def test_a_generator_that_is_stopped_in_a_storm_costs_no_note_and_catches_up(
    jack: JackServer, tmp_path: Path
) -> None:
    storm = [
        (2.0 + n / 100, "control", message)
        for n in range(500)
        for message in (bytes((0xB0, SOURCE_CC, 3 + n % 4)), bytes((0xB0, 24 + n % 3, n % 128)))
    ]
    last = [(7.2, "control", bytes((0xB0, SOURCE_CC, 3)))]  # bars
    with daemon(tmp_path, backend="jack", source="bars", model="none", late_commit=False) as running:
        studio = wait_for_studio(running)
        time.sleep(1.5)
        out = Listener("out")
        stops = subprocess.Popen(
            ["sh", "-c", f"sleep 3; kill -STOP {studio.pid}; sleep 3; kill -CONT {studio.pid}"]
        )
        perform(8, [*storm, *last])
        stops.wait()
        same = wait_for_studio(running)
        heard = out.heard()
        out.close()
        finish(running)

    records = journal(running.takes)
    made = [r for r in records if r["kind"] == "generated"]
    struck = hits(messages(records, "out"))
    assert same.pid == studio.pid
    assert made[-1]["source"] == "bars"
    assert not made[-1]["held"]
    assert len(struck) == len(hits(messages(records, "drums"))) == len(hits(heard))
    assert unended(heard) == []
    assert gaps(struck) < 2.5  # seconds


def test_the_source_changes_while_it_plays(jack: JackServer, tmp_path: Path) -> None:
    with daemon(tmp_path, backend="jack", source="bars", model="none", late_commit=False) as running:
        wait_for_studio(running)
        time.sleep(1.5)
        change = bytes((0xB0, SOURCE_CC, 6))  # groove
        perform(6, [(4.2 * BEAT, "control", change)])
        finish(running)

    made = [r["source"] for r in journal(running.takes) if r["kind"] == "generated"]
    assert made[0] == "bars"
    assert made[-1] == "groove"


def test_a_daemon_that_is_killed_takes_its_generators_along(jack: JackServer, tmp_path: Path) -> None:
    with daemon(tmp_path, backend="jack", source="bars", model="none") as running:
        studio = wait_for_studio(running)
        running.process.send_signal(signal.SIGKILL)
        running.process.wait()
        gone, _ = psutil.wait_procs([studio], timeout=20)

    assert gone


def gaps(struck: list[Timed]) -> float:
    """Return the longest time between two hits, in seconds."""
    return max(b.at - a.at for a, b in pairwise(struck))
