from __future__ import annotations

import pytest

from pocket_core.errors import MidiSystemError
from pocketd.backends.choose import Choice, choose, open_backend
from pocketd.backends.loopback import Loopback
from pocketd.backends.rtmidi import System
from pocketd.commands.ports import report

NO_ALSA = System("ALSA", False, "no sequencer")
ALSA = System("ALSA", True, "there", ("Midi Through:Midi Through Port-0 14:0",))
JACK = System("JACK", True, "there")
NO_JACK = System("JACK", False, "no server answers")


def test_the_first_usable_system_is_taken() -> None:
    choice = choose("auto", "auto", [ALSA, JACK])

    assert choice == Choice("rtmidi", "ALSA", "the first choice on this system")


def test_the_next_is_taken_where_the_first_cannot_be_used_and_the_reason_says_so() -> None:
    choice = choose("auto", "auto", [NO_ALSA, JACK])

    assert choice == Choice("rtmidi", "JACK", "ALSA cannot be used here")


def test_a_system_that_the_config_names_is_taken_before_a_better_one() -> None:
    choice = choose("rtmidi", "jack", [ALSA, JACK])

    assert choice == Choice("rtmidi", "JACK", "the config asks for it")


def test_loopback_is_taken_only_where_the_config_asks_for_it() -> None:
    choice = choose("loopback", "auto", [ALSA, JACK])

    assert (choice.backend, choice.system) == ("loopback", None)


def test_without_a_system_the_line_says_what_is_missing_of_each() -> None:
    with pytest.raises(MidiSystemError) as caught:
        choose("auto", "auto", [NO_ALSA, NO_JACK])

    assert str(caught.value) == (
        "no MIDI system (ALSA: no sequencer; JACK: no server answers); "
        "to try pocketd without one set `backend: loopback`"
    )
    assert caught.value.exit_code == 3


def test_a_system_of_another_platform_is_refused_by_name() -> None:
    with pytest.raises(MidiSystemError, match="coremidi is not of this system"):
        choose("auto", "coremidi", [ALSA, JACK])


def test_the_loopback_opens_without_a_look_at_the_machine() -> None:
    backend = open_backend("loopback", "auto", "pocketd")

    assert isinstance(backend, Loopback)


def test_the_report_names_each_system_its_ports_and_what_is_missing() -> None:
    lines = report([ALSA, JACK, NO_JACK])

    assert lines == [
        "ALSA: there",
        "    Midi Through:Midi Through Port-0 14:0",
        "JACK: there, no ports yet",
        "JACK: no server answers",
    ]
