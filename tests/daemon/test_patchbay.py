from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from pocket_core.errors import MidiSystemError
from pocket_core.types import Port
from pocketd.backends.patchbay import Patchbay, matches


@dataclass
class System:
    """A MIDI system with its ports."""

    senders: list[str] = field(default_factory=list)
    receivers: list[str] = field(default_factory=list)
    cables: set[tuple[Port, str]] = field(default_factory=set)
    nicknames: dict[str, list[str]] = field(default_factory=dict)
    refuses: bool = False

    def ports(self, *, sending: bool) -> Sequence[str]:
        return self.senders if sending else self.receivers

    def aliases(self, name: str) -> Sequence[str]:
        return self.nicknames.get(name, [])

    def connected(self, port: Port) -> Sequence[str]:
        return [other for ours, other in self.cables if ours is port]

    def connect(self, port: Port, other: str) -> None:
        if self.refuses:
            raise MidiSystemError("no")
        self.cables.add((port, other))


@pytest.mark.parametrize(
    ("part", "name"),
    [
        ("launchkey", "a2j:Launchkey Mini [28] (capture): Launchkey MIDI 1"),
        ("Launchkey Mini (capture)", "a2j:Launchkey Mini [20] (capture): Launchkey MIDI 1"),
        ("Hydrogen-midi:RX", "Hydrogen-midi:RX"),
        ("USB MIDI 28:0", "USB MIDI 32:0"),
    ],
)
def test_a_part_of_the_name_is_enough_and_changing_numbers_do_not_count(part: str, name: str) -> None:
    assert matches(part, name)


def test_numbers_that_belong_to_a_name_count() -> None:
    assert not matches("MIDI 1", "Launchkey MIDI 2")


def test_what_the_config_lists_is_connected_as_soon_as_it_is_there() -> None:
    patchbay, system = Patchbay({Port.OUT: ["sampler"]}), System()

    early = patchbay.keep(system)
    system.receivers = ["Sampler:in", "Other:in"]
    late = patchbay.keep(system)

    assert (early, late) == (False, True)
    assert system.cables == {(Port.OUT, "Sampler:in")}


def test_a_device_that_comes_back_is_connected_again() -> None:
    patchbay, system = Patchbay({Port.HUMAN: ["keys"]}), System(senders=["Keys 20:0"])
    patchbay.keep(system)
    system.senders, system.cables = [], set()
    patchbay.keep(system)

    system.senders = ["Keys 24:0"]
    patchbay.keep(system)

    assert system.cables == {(Port.HUMAN, "Keys 24:0")}


def test_a_name_that_a_user_gave_a_port_counts() -> None:
    patchbay = Patchbay({Port.HUMAN: ["my guitar"]})
    system = System(senders=["system:midi_capture_3"], nicknames={"system:midi_capture_3": ["My Guitar"]})

    patchbay.keep(system)

    assert system.cables == {(Port.HUMAN, "system:midi_capture_3")}


def test_what_a_lost_server_carried_is_connected_when_it_is_back_and_no_more_once_a_user_has_cut_it() -> None:
    patchbay, system = Patchbay({}), System(receivers=["Sampler:in"], cables={(Port.OUT, "Sampler:in")})
    patchbay.keep(system)
    patchbay.lose()
    again = System()
    patchbay.keep(again)

    again.receivers = ["Sampler:in"]
    connected = patchbay.keep(again)
    restored, again.cables = again.cables, set()
    patchbay.keep(again)

    assert connected
    assert restored == {(Port.OUT, "Sampler:in")}
    assert again.cables == set()


def test_a_port_that_refuses_costs_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    patchbay, system = Patchbay({Port.OUT: ["sampler"]}), System(receivers=["Sampler:in"], refuses=True)

    patchbay.keep(system)

    assert [record.message for record in caplog.records] == ["no"]


def test_who_is_connected_is_told_until_the_server_is_lost() -> None:
    patchbay, system = Patchbay({Port.OUT: ["sampler"]}), System(receivers=["Sampler:in"])
    system.cables = {(Port.HUMAN, "Keys:out"), (Port.HUMAN, "Bass:out")}

    patchbay.keep(system)
    seen = patchbay.connected
    patchbay.lose()

    assert seen == {
        Port.DRUMS: (),
        Port.HUMAN: ("Bass:out", "Keys:out"),
        Port.CONTROL: (),
        Port.OUT: ("Sampler:in",),
    }
    assert patchbay.connected == {}


def test_a_number_alone_is_a_part_of_no_name() -> None:
    assert not matches("28:0", "Midi Through:Midi Through Port-0 14:0")
    assert matches("Through Port-0 28:0", "Midi Through:Midi Through Port-0 14:0")
