from __future__ import annotations

import pytest

from pocket_core.types import Port, Seconds
from pocket_core.wire import note_on
from pocketd.backends.clock import VirtualClock
from pocketd.backends.loopback import Loopback
from pocketd.config import Config
from pocketd.lead import Lead
from pocketd.lead_listening import hear_lead
from pocketd.round_trip import MeasureError

KICK, SNARE, HAT = (note_on(9, note, 100) for note in (36, 38, 42))
ROCK = ((KICK, HAT), (HAT,), (SNARE, HAT), (HAT,))
EVEN = ((HAT,),) * 4


def studio(
    early: float,
    *,
    eighths: tuple[tuple[bytes, ...], ...] = ROCK,
    beats: int = 32,
    start: bool = True,
    clock: bool = True,
    bpm: float = 120.0,
) -> Loopback:
    backend, beat = Loopback(VirtualClock()), 60 / bpm
    if clock:
        if start:
            backend.feed(Port.CONTROL, b"\xfa", Seconds(1.0))
        for n in range(24 * beats):
            backend.feed(Port.CONTROL, b"\xf8", Seconds(1.0 + n * beat / 24 if start else n * beat / 24))
    for n in range(2 * beats):
        for data in eighths[n % 4]:
            backend.feed(Port.DRUMS, data, Seconds(1.0 + n * beat / 2 - early))
    return backend


def heard(backend: Loopback, bars: int = 4, patience: float = 20.0) -> Lead:
    return hear_lead(backend, Config(), bars, Seconds(patience), lambda _: None)


@pytest.mark.parametrize("early", [0.120, -0.120, 0.0, 0.09])
def test_how_early_the_drums_come_is_known_after_some_bars(early: float) -> None:
    backend = studio(early)

    lead = heard(backend)

    assert lead.early == pytest.approx(early, abs=0.0002)
    assert 9 < backend.now() < 11.5  # a beat until the tempo is known, then four bars


def test_a_song_that_stops_sooner_is_judged_by_what_came() -> None:
    backend = studio(0.120, beats=10)

    lead = heard(backend, bars=16, patience=60.0)

    assert lead.early == pytest.approx(0.120, abs=0.0002)
    assert backend.now() < 8


@pytest.mark.parametrize(
    ("backend", "said"),
    [
        (studio(0.12, clock=False), "no clock in 20 s; have the DAW send MIDI clock and song"),
        (studio(0.12, eighths=((), (), (), ())), "no drums on loopback:drums"),
        (studio(0.12, start=False), "only 0 drums came while it was known where the song is; stop the DAW"),
        (studio(0.125, eighths=EVEN), "as even as a clock: they may be"),
        (studio(0.07, eighths=EVEN), "as even as a clock: they may be"),
    ],
)
def test_what_cannot_be_told_says_why_and_what_to_do(backend: Loopback, said: str) -> None:
    with pytest.raises(MeasureError) as caught:
        heard(backend)

    assert said in str(caught.value)


def test_drums_that_are_as_even_as_a_clock_are_believed_where_they_are_as_they_should() -> None:
    assert heard(studio(0.120, eighths=EVEN, bpm=100.0)).early == pytest.approx(0.120, abs=0.0002)
