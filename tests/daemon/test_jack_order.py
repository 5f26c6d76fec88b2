"""In which order the engine hears what came in one period of JACK; no server is needed."""

from __future__ import annotations

from pocket_core.types import Port
from pocketd.backends.jack import in_order
from pocketd.backends.transit import Arrived

HIT, PULSE, CONTINUE, STOP = b"\x99\x24\x64", b"\xf8", b"\xfb", b"\xfc"


def test_the_clock_goes_before_hits_of_the_same_frame() -> None:
    hit, pulse = Arrived(7, Port.DRUMS, HIT), Arrived(7, Port.CONTROL, PULSE)

    assert in_order([hit, pulse]) == [pulse, hit]


def test_messages_of_the_clock_keep_their_order() -> None:
    # jack_midi_clock says stop and continue on one frame where a song is located and played anew
    stop, again = Arrived(0, Port.CONTROL, STOP), Arrived(0, Port.CONTROL, CONTINUE)

    assert in_order([stop, again]) == [stop, again]


def test_a_message_of_an_earlier_frame_goes_first_whatever_its_port() -> None:
    hit, pulse = Arrived(6, Port.DRUMS, HIT), Arrived(7, Port.CONTROL, PULSE)

    assert in_order([pulse, hit]) == [hit, pulse]


def test_a_report_goes_before_hits_and_a_sysex_of_the_drums_stays_among_them() -> None:
    hit = Arrived(7, Port.DRUMS, HIT)
    report = Arrived(7, Port.CONTROL, b"\xf0\x7d\x70\xf7")
    other = Arrived(7, Port.DRUMS, b"\xf0\x7e\xf7")

    assert in_order([hit, other, report]) == [report, hit, other]
