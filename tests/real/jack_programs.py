"""Third-party programs on JACK: Hydrogen as the DAW, jack_midi_clock, and jack_midi_dump as the recorder."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from benchmarks.jack_server import RATE

from tests.real.hydrogen_song import write_home
from tests.real.rig import PATIENCE, Listener, Timed

NEEDED = (
    "jackd",
    "jack_wait",
    "hydrogen",
    "jack_midi_clock",
    "jack_midi_dump",
    "jack_connect",
    "jack_transport",
)


@contextmanager
def program(*command: str, ready: str, home: Path, said: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program while the block lasts, from when its JACK port is there."""
    setting = {**os.environ, "HOME": str(home), "XDG_RUNTIME_DIR": str(home), "QT_QPA_PLATFORM": "offscreen"}
    with said.open("wb") as out:
        process = subprocess.Popen(command, env=setting, stdout=out, stderr=subprocess.STDOUT)
    try:
        until(lambda: ready in jack_ports())
        time.sleep(0.3)
        assert process.poll() is None, f"{command[0]} ended: {said.read_text()}"
        yield process
    finally:
        process.terminate()
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def jack_ports() -> list[str]:
    """Return every port, as client:port."""
    return subprocess.run(["jack_lsp"], capture_output=True, text=True, check=False).stdout.splitlines()


def until(true: Callable[[], bool]) -> None:
    """Wait until something is so."""
    end = time.perf_counter() + PATIENCE
    while not true():
        assert time.perf_counter() < end, "a program did not come up"
        time.sleep(0.05)


def connect(source: str, target: str) -> None:
    """Lay a cable."""
    subprocess.run(["jack_connect", source, target], check=True, capture_output=True)


def transport(*commands: str) -> None:
    """Tell JACK's transport; the program is a prompt that ends with its input."""
    text = "".join(f"{command}\n" for command in commands)
    subprocess.run(["jack_transport"], input=text, text=True, capture_output=True, check=False)


@contextmanager
def studio(folder: Path, song: Path, bpm: float) -> Iterator[None]:
    """Run Hydrogen, the clock and the recorder, tried out: now and then Hydrogen hangs, and JACK with it.

    The recorder writes `dump.txt` in the folder.
    """
    home = folder / "home"
    write_home(home)
    hydrogen = ("hydrogen", "-n", "-d", "jack", "-s", str(song))
    clock = ("jack_midi_clock", "-b", f"{bpm:g}")
    for _ in range(3):
        with (  # one after the other: a program that joins while others join may be refused
            program(*hydrogen, ready="Hydrogen-midi:TX", home=home, said=folder / "hydrogen.txt"),
            program(*clock, ready="jack_midi_clock:mclk_out", home=home, said=folder / "clock.txt"),
        ):
            if not rolls():
                continue
            with program(
                "jack_midi_dump", "-a", ready="midi-monitor:input", home=home, said=folder / "dump.txt"
            ):
                yield
            return
    pytest.skip("Hydrogen hangs")


def rolls() -> bool:
    """Try the transport and say whether the clock ticks."""
    clock = Listener("mclk_out", client="jack_midi_clock")
    transport("locate 0", "play")
    end = time.perf_counter() + 3.0
    ticks = 0
    while not ticks and time.perf_counter() < end:
        time.sleep(0.05)
        ticks = sum(1 for message in clock.heard() if message.data == b"\xf8")
    transport("stop", "locate 0")
    clock.close()
    return ticks > 0


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
