from __future__ import annotations

import pytest

from pocket_core.errors import MidiSystemError
from pocketd.backends.choose import Choice, choose, open_backend
from pocketd.backends.loopback import Loopback
from pocketd.backends.system import System
from pocketd.commands.ports import report
from pocketd.config import Config

NO_ALSA = System("rtmidi", "ALSA", False, "no sequencer")
ALSA = System("rtmidi", "ALSA", True, "there", ("Midi Through:Midi Through Port-0 14:0",))
JACK = System("rtmidi", "JACK", True, "there")
EXACT = System("jack", "JACK", True, "there")
NO_EXACT = System("jack", "JACK", False, "no server answers")
QUEUE = System("alsa", "ALSA", True, "there")
NO_QUEUE = System("alsa", "ALSA", False, "the package alsa-midi is missing")
NO_JACK = System("rtmidi", "JACK", False, "no server answers")


def test_the_first_usable_system_is_taken() -> None:
    choice = choose("auto", "auto", [ALSA, JACK])

    assert choice == Choice("rtmidi", "ALSA", "the first choice on this system")


def test_the_next_is_taken_where_the_first_cannot_be_used_and_the_reason_says_so() -> None:
    choice = choose("auto", "auto", [NO_ALSA, JACK])

    assert choice == Choice("rtmidi", "JACK", "not rtmidi over ALSA: no sequencer")


def test_a_system_that_the_config_names_is_taken_before_a_better_one() -> None:
    choice = choose("rtmidi", "jack", [ALSA, JACK])

    assert choice == Choice("rtmidi", "JACK", "the config asks for it")


def test_jack_itself_goes_before_rtmidi_and_is_called_by_its_name() -> None:
    choice = choose("auto", "auto", [EXACT, ALSA, JACK])

    assert (choice.title, choice.why) == ("JACK", "the first choice on this system")


def test_alsas_own_queue_goes_before_rtmidi_and_behind_jack() -> None:
    beside_jack = choose("auto", "auto", [EXACT, QUEUE, ALSA, JACK])
    alone = choose("auto", "auto", [NO_EXACT, QUEUE, ALSA, NO_JACK])

    assert beside_jack.title == "JACK"
    assert (alone.title, alone.why) == ("ALSA", "not JACK: no server answers")


def test_where_only_the_package_is_missing_rtmidi_takes_the_sequencer_and_says_why() -> None:
    choice = choose("auto", "auto", [NO_EXACT, NO_QUEUE, ALSA, NO_JACK])

    assert choice == Choice(
        "rtmidi", "ALSA", "not JACK: no server answers; not ALSA: the package alsa-midi is missing"
    )


def test_a_back_end_that_the_config_names_is_the_only_one_that_is_looked_at() -> None:
    choice = choose("rtmidi", "auto", [EXACT, NO_ALSA, JACK])
    with pytest.raises(MidiSystemError, match="no server answers"):
        choose("jack", "auto", [NO_EXACT, ALSA, JACK])

    assert (choice.title, choice.why) == ("rtmidi over JACK", "the config asks for it")


def test_what_midi_api_names_is_rtmidis() -> None:
    choice = choose("auto", "jack", [EXACT, ALSA, JACK])

    assert choice.title == "rtmidi over JACK"


def test_loopback_is_taken_only_where_the_config_asks_for_it() -> None:
    choice = choose("loopback", "auto", [ALSA, JACK])

    assert (choice.backend, choice.system) == ("loopback", "loopback")


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
    backend = open_backend(Config(backend="loopback"))

    assert isinstance(backend, Loopback)


def test_jacks_transport_is_refused_where_the_back_end_is_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pocketd.backends.choose.survey", lambda: [NO_EXACT, ALSA])

    with pytest.raises(
        MidiSystemError, match="clock: jack is for the back end jack, and this is rtmidi over ALSA"
    ):
        open_backend(Config(clock="jack"))


def test_the_report_names_each_system_its_ports_and_what_is_missing() -> None:
    lines = report([ALSA, JACK, NO_JACK])

    assert lines == [
        "rtmidi over ALSA: there",
        "    Midi Through:Midi Through Port-0 14:0",
        "rtmidi over JACK: there, no ports yet",
        "rtmidi over JACK: no server answers",
    ]
