"""The demo over real ports: `pocketd run` in a process of its own, and here the DAW and the musician."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pocket_core.errors import MidiSystemError, PocketError
from pocket_core.types import Port, Seconds
from pocketd.backends.clock import Clock
from pocketd.demo import Plan, strikes

CLIENT = "pocketd-demo"  # the daemon's ports; never those of a pocketd that the user runs
OWN = "demo"  # the DAW's and the musician's ends
#: `survey`'s names for MIDI systems, and python-rtmidi's.
APIS = {"ALSA": "API_LINUX_ALSA", "JACK": "API_UNIX_JACK", "CoreMIDI": "API_MACOSX_CORE"}
PATIENCE = Seconds(20.0)  # until the daemon's ports are there
FAREWELL = Seconds(10.0)  # for the daemon to end
LOOK_EVERY = Seconds(0.1)
POLL = Seconds(0.005)  # between looks at what came back
BEGIN = Seconds(1.5)  # from the connection to the start: the daemon opens its ports, then loads its model
REST = Seconds(0.5)  # from the stop to the end


def play_over_ports(plan: Plan, config: Path, system: str, clock: Clock) -> int:
    """Play a plan through `pocketd run --config config` and return how many drum hits came back.

    Args:
        config: Names CLIENT as the client, and the same system.
        system: ALSA, JACK or CoreMIDI.
        clock: What the DAW and the musician play by.

    Raises:
        MidiSystemError: The daemon's ports do not appear.
        PocketError: The daemon ended on its own; its message is on stderr.
    """
    with _daemon(config) as daemon, _Ends(system) as ends:
        _connect(ends, daemon, clock)
        begin = Seconds(clock.now() + BEGIN)
        for cue in plan.cues:
            at = Seconds(begin + cue.at - plan.cues[0].at)
            while clock.now() < at - POLL:
                ends.listen()
                clock.doze(Seconds(min(clock.now() + POLL, at - POLL)))
            clock.wait(at)
            if daemon.poll() is not None:
                raise PocketError(f"the daemon has ended, exit code {daemon.returncode}; see above")
            ends.send(cue.port, cue.data)
        rest = Seconds(clock.now() + REST)
        while clock.now() < rest:
            ends.listen()
            clock.doze(Seconds(clock.now() + POLL))
        return strikes(ends.heard)


@contextmanager
def _daemon(config: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run the daemon; it ends here whatever happens, its take finished."""
    daemon = subprocess.Popen([sys.executable, "-m", "pocketd", "run", "--config", str(config)])
    try:
        yield daemon
    finally:
        daemon.terminate()
        try:
            daemon.wait(FAREWELL)
        except subprocess.TimeoutExpired:
            daemon.kill()
            daemon.wait()


def _connect(ends: _Ends, daemon: subprocess.Popen[bytes], clock: Clock) -> None:
    until = clock.now() + PATIENCE
    while not ends.connect():
        if daemon.poll() is not None:
            raise PocketError(f"the daemon did not start, exit code {daemon.returncode}; see above")
        if clock.now() > until:
            raise MidiSystemError(
                f"{CLIENT}'s ports did not appear in {PATIENCE:g} s; try `pocketd demo --loopback`"
            )
        clock.doze(Seconds(clock.now() + LOOK_EVERY))


@dataclass(slots=True)
class _Ends:
    """The DAW's drum track and clock, the musician's instrument, and the drum module."""

    system: str
    heard: list[bytes] = field(default_factory=list)  # what the drum module got
    _senders: dict[Port, Any] = field(default_factory=dict)
    _module: Any = None

    def __enter__(self) -> _Ends:
        import rtmidi

        api = getattr(rtmidi, APIS[self.system])
        try:
            self._senders = {
                Port.DRUMS: rtmidi.MidiOut(api, f"{OWN} DAW"),
                Port.HUMAN: rtmidi.MidiOut(api, f"{OWN} musician"),
            }
            self._module = rtmidi.MidiIn(api, f"{OWN} drum module", 8192)
        except rtmidi.RtMidiError as error:
            raise MidiSystemError(f"cannot reach {self.system}: {error}; see `pocketd ports`") from None
        return self

    def __exit__(self, *_: object) -> None:
        for end in (*self._senders.values(), self._module):
            end.delete()

    def connect(self) -> bool:
        """Connect to the daemon's ports if all three are there."""
        found = {port: _find(end, port) for port, end in self._senders.items()}
        out = _find(self._module, Port.OUT)
        if out is None or None in found.values():
            return False
        for port, end in self._senders.items():
            end.open_port(found[port], str(port))
        self._module.open_port(out, "drums")
        return True

    def send(self, port: Port, data: bytes) -> None:
        """Send now."""
        self._senders[port].send_message(data)

    def listen(self) -> None:
        """Take what has come back."""
        while (message := self._module.get_message()) is not None:
            self.heard.append(bytes(message[0]))


def _find(end: Any, port: Port) -> int | None:
    """Return the number of one of the daemon's ports; JACK and ALSA put numbers of their own into names."""
    wanted = re.compile(rf"{re.escape(CLIENT)}(?:-\d+)?[: ]{port}\b")
    return next((i for i, name in enumerate(end.get_ports()) if wanted.match(name)), None)
