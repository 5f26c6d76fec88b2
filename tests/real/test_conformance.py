"""Every back end that this machine can have keeps the same promises; ALSA's do so in `test_alsa_vm`."""

from __future__ import annotations

from functools import partial

import pytest
from benchmarks.jack_server import JackServer

from tests.real import studio_jack
from tests.real.conformance import CHECKS, HOT_PLUG, SERVER, Check
from tests.real.studio_loopback import loopback


def name(check: Check) -> str:
    return check.__name__


@pytest.mark.parametrize("check", CHECKS, ids=name)
def test_in_the_process(check: Check) -> None:
    assert check(loopback) == []


@pytest.mark.real
@pytest.mark.alone
@pytest.mark.parametrize("check", CHECKS, ids=name)
def test_on_rtmidi_over_jack(jack: JackServer, check: Check) -> None:
    if not jack.real_time:
        pytest.skip("JACK itself may lose messages where it has no real-time priority")
    assert check(partial(studio_jack.rtmidi, jack)) == []


@pytest.mark.real
@pytest.mark.alone
@pytest.mark.parametrize("check", [*CHECKS, *HOT_PLUG, *SERVER], ids=name)
def test_on_jack(jack: JackServer, check: Check) -> None:
    if not jack.real_time:
        pytest.skip("JACK itself may lose messages where it has no real-time priority")
    assert check(partial(studio_jack.jack, jack)) == []
