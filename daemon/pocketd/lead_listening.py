"""Listen until it is known how early the drums come."""

from __future__ import annotations

from collections.abc import Callable

from pocket_core.types import Port, Seconds
from pocketd.backends.protocol import Backend
from pocketd.config import Config
from pocketd.ears import Ears, Heard
from pocketd.lead import Lead, find_lead
from pocketd.listening import named, way_to_a_clock
from pocketd.round_trip import MeasureError
from pocketd.song_clock import heard_clock
from pocketd.wording import early_or_late, ms

LOOK = Seconds(0.020)  # between two looks at the ports
FEWEST = 8  # drums until their lead is believed
STEADY = Seconds(0.005)  # that they may stray
PLAIN = Seconds(0.010)  # this near to what a rig may well have, a lead is taken for that

Watch = Callable[[float], None]  # told which share is done, 0..1


def hear_lead(backend: Backend, config: Config, bars: int, patience: Seconds, tell: Watch) -> Lead:
    """Listen to drums and clock for some bars.

    Args:
        backend: Open.
        config: What the drums should be.
        bars: How many, > 0.
        patience: After so long what has come has to do.
        tell: Is told how far it is.

    Raises:
        MeasureError: It cannot be told; in a line why, and what to do.
        MidiSystemError: The MIDI system has gone.
    """
    heard = _bars(backend, config, bars, patience, tell)
    ports = named(tuple(backend.port_names))
    if not any(heard.pulses.values()) and not heard.strikes:
        raise MeasureError(
            f"no clock in {patience:.0f} s; {way_to_a_clock(config, ports[Port.CONTROL])}, and press play"
        )
    if not heard.notes.get(Port.DRUMS):
        raise MeasureError(f"no drums on {ports[Port.DRUMS]}; route the drum track's MIDI output there")
    if len(heard.strikes) < FEWEST:
        raise MeasureError(
            f"only {len(heard.strikes)} drums came while it was known where the song is; stop the DAW and "
            "press play while calibrate listens, and leave it playing"
        )
    return believed(heard, config)


def believed(heard: Heard, config: Config) -> Lead:
    """Return the lead of what was heard. Raises MeasureError where there is none, or more than one."""
    expected = Seconds((config.drums_lead_ms or config.look_ahead_ms) / 1000)
    lead = find_lead(heard.strikes, expected, config.time_signature)
    if lead is None:
        raise MeasureError(
            "the drums are on no grid of the clock; quantise the track, and send its own DAW's clock"
        )
    if lead.spread > STEADY:
        raise MeasureError(
            f"the drums stray by {ms(lead.spread)} about the grid; use a smaller buffer, and a track that is "
            "quantised"
        )
    usual = (expected, 0.0, -expected)
    rivals = [other for other in lead.others if _near(other, usual)]
    if lead.others and (rivals or not _near(lead.early, usual)):
        either = min(rivals or lead.others, key=lambda other: abs(other - lead.early))
        raise MeasureError(
            f"the drums are as even as a clock: they may be {early_or_late(lead.early)} or "
            f"{early_or_late(either)}; play kick on one and three, snare on two and four"
        )
    return lead


def _near(early: float, usual: tuple[float, ...]) -> bool:
    return any(abs(early - each) <= PLAIN for each in usual)


def _bars(backend: Backend, config: Config, bars: int, patience: Seconds, tell: Watch) -> Heard:
    """Listen until so many bars were heard with drums in them, or the transport has stopped behind some."""
    ears = Ears(config.settings(backend.timing), heard_clock(config))
    start, wanted = backend.now(), bars * config.time_signature.bar_beats
    first: float | None = None  # beat that a drum was heard at
    while (now := backend.now()) < start + patience:
        backend.check()
        for message in backend.poll():
            ears.hear(message)
        ears.pass_time(now)
        heard = ears.heard
        if heard.strikes:
            first = heard.strikes[0].beat if first is None else first
            share = (heard.strikes[-1].beat - first + 1) / wanted
            tell(min(share, 1.0))
            if share >= 1 or (not heard.running and len(heard.strikes) >= FEWEST):
                break
        backend.doze(Seconds(min(now + LOOK, start + patience)))
    return ears.heard
