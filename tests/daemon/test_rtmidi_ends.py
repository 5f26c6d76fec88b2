"""Ports of others over python-rtmidi, on a fake of it: named ports as on Windows, devices that come and go.

What is real of it is in tests/real/test_jack.py.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ClassVar

import pytest

from pocket_core.errors import MidiSystemError
from pocket_core.types import Due, Port, Seconds
from pocketd.backends import rtmidi
from pocketd.backends.clock import VirtualClock
from pocketd.backends.rtmidi import RtMidi, survey

OURS = ("drums", "human", "control", "out")


@dataclass
class Library:
    """As much of python-rtmidi as is used, of a system with these ports."""

    API_WINDOWS_MM: ClassVar[int] = 4
    RtMidiError: ClassVar[type[Exception]] = OSError
    senders: list[str] = field(default_factory=list)
    receivers: list[str] = field(default_factory=list)
    queues: dict[str, list[bytes]] = field(default_factory=dict)  # what comes from a port
    got: dict[str, list[bytes]] = field(default_factory=dict)  # what was sent to a port
    open: list[End] = field(default_factory=list)
    heard: Callable[[], None] = lambda: None  # something was sent

    def MidiIn(self, *_: object) -> End:  # noqa: N802
        return End(self, self.senders)

    def MidiOut(self, *_: object) -> End:  # noqa: N802
        return End(self, self.receivers)


@dataclass(eq=False)
class End:
    """An object of python-rtmidi's."""

    library: Library
    names: list[str]
    name: str = ""

    def get_ports(self) -> list[str]:
        return list(self.names)

    def open_port(self, number: int, _: str = "") -> None:
        self.name = self.names[number]
        self.library.open.append(self)

    def ignore_types(self, **_: bool) -> None:
        pass

    def get_message(self) -> tuple[list[int], float] | None:
        queue = self.library.queues.get(self.name, [])
        return (list(queue.pop(0)), 0.0) if queue else None

    def send_message(self, data: bytes) -> None:
        self.library.got.setdefault(self.name, []).append(bytes(data))
        self.library.heard()

    def delete(self) -> None:
        if self in self.library.open:
            self.library.open.remove(self)


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> Library:
    names = [f"pocketd {port} {n}" for n, port in enumerate(OURS)]  # Windows numbers them
    library = Library(list(names), list(names))
    monkeypatch.setattr(rtmidi, "python_rtmidi", lambda: library)
    monkeypatch.setattr("sys.platform", "win32")
    return library


def test_on_windows_the_ports_that_somebody_has_made_are_opened_by_name(library: Library) -> None:
    backend = RtMidi("WinMM", clock=VirtualClock())
    library.queues["pocketd human 1"] = [b"\x90\x3c\x40"]

    arrived = backend.poll()
    backend.send(Due(Seconds(0.0), Port.OUT, b"\x99\x24\x64"))

    assert [(m.port, m.data) for m in arrived] == [(Port.HUMAN, b"\x90\x3c\x40")]
    assert library.got == {"pocketd out 3": [b"\x99\x24\x64"]}


@pytest.mark.parametrize("how", ["wait", "doze", "poll", "close"])
def test_what_is_handed_over_ahead_leaves_at_its_time(library: Library, how: str) -> None:
    clock = VirtualClock(Seconds(1.0))
    backend = RtMidi("WinMM", clock=clock)
    sent: list[float] = []
    library.heard = lambda: sent.append(clock.now())
    backend.send(Due(Seconds(1.0004), Port.OUT, b"\x99\x24\x64"))
    before = list(sent)

    if how == "close":
        backend.close()
    elif how == "poll":
        backend.poll()
    else:
        getattr(backend, how)(Seconds(1.001))

    assert (before, sent) == ([], [1.0004])


def test_where_they_are_missing_it_is_said_exactly_what_to_make(library: Library) -> None:
    library.receivers.remove("pocketd out 3")
    library.senders.remove("pocketd out 3")

    (system,) = survey()
    with pytest.raises(MidiSystemError, match="make four, called 'pocketd drums', 'pocketd human', "):
        RtMidi("WinMM", clock=VirtualClock())

    assert not system.usable
    assert "loopMIDI" in system.why
    assert library.open == []


def test_a_device_is_heard_as_long_as_it_is_there_and_again_when_it_is_back(library: Library) -> None:
    clock = VirtualClock()
    backend = RtMidi("WinMM", clock=clock, wanted={Port.HUMAN: ["keys"]})
    heard = []
    for there in (True, False, True):
        library.senders[4:] = ["Keys 4"] if there else []
        clock.wait(Seconds(clock.now() + 3.0))
        backend.poll()
        library.queues["Keys 4"] = [b"\x90\x3c\x40"]
        heard.append([message.port for message in backend.poll()])
    backend.close()

    assert heard == [[Port.HUMAN], [], [Port.HUMAN]]
    assert library.open == []


def test_a_drum_module_that_comes_back_is_told_to_end_what_sounded(library: Library) -> None:
    clock = VirtualClock()
    backend = RtMidi("WinMM", clock=clock, wanted={Port.OUT: ["module"]})
    library.receivers.append("Module 4")
    clock.wait(Seconds(3.0))
    backend.poll()

    backend.send(Due(Seconds(0.0), Port.OUT, b"\x99\x24\x64"))

    assert library.got["Module 4"][9] == b"\xb9\x7b\x00"
    assert library.got["Module 4"][-1] == b"\x99\x24\x64"


def test_our_own_ports_are_never_connected_with_each_other(library: Library) -> None:
    backend = RtMidi("WinMM", clock=VirtualClock(Seconds(9.0)), wanted={Port.HUMAN: ["pocketd"]})

    backend.poll()

    assert len(library.open) == 4
    backend.close()
