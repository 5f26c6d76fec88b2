"""Judge how early the drums are sent: as they should be, not at all, or by the wrong sign late."""

from __future__ import annotations

from dataclasses import dataclass

from pocket_core.types import Port, Seconds
from pocketd.config import Config
from pocketd.config_sections import GENERATORS
from pocketd.findings import Finding, advice, ok, wrong
from pocketd.lead import FEWEST, Lead, find_lead
from pocketd.listening import Listened
from pocketd.wording import early_or_late, ms

NAME = "sent early"
LEAST_OFF = Seconds(0.002)  # a lead that is this much off is as it should be


@dataclass(frozen=True, slots=True)
class Expected:
    """How early the drums should come, and how exactly that can be told."""

    lead: Seconds
    off: Seconds  # what it may differ


def judge_sent_early(listened: Listened, config: Config) -> Finding:
    """Judge whether the DAW sends the drums as early as the configuration believes."""
    heard = listened.heard
    expected = expected_lead(listened, config)
    if config.source == "file" or config.source in GENERATORS:
        return ok(NAME, "pocketd plays the drums itself, in time")
    if config.clock == "internal":
        return ok(NAME, "no clock to be early against")
    if len(heard.strikes) < FEWEST:
        why = (
            "no drums" if not heard.notes.get(Port.DRUMS) else "no clock and place in the song with the drums"
        )
        return advice(
            NAME,
            f"cannot be told: {why}",
            "press play while doctor listens, for two bars or more (--seconds)",
        )
    lead = find_lead(heard.strikes, expected.lead, config.time_signature)
    if lead is None:
        return advice(
            NAME,
            "cannot be told: the drums are on no grid of the clock",
            "quantise the drum track; is the clock of the same DAW?",
        )
    return judge_lead(lead, expected, config)


def judge_lead(lead: Lead, expected: Expected, config: Config) -> Finding:
    """Judge how early the drums come; positive is early."""
    wanted, off = expected.lead, expected.off
    said = early_or_late(lead.early)
    if wanted and any(_is(other, each, off) for other in lead.others for each in (wanted, 0.0, -wanted)):
        if _is(lead.early, wanted, off):
            return advice(
                NAME,
                f"{said}, as they should; but drums as even as these would look the same if they were "
                f"{early_or_late(_rival(lead, expected))}",
                "to be sure play a beat with kick and snare, or at another tempo",
            )
        said += ", or so it seems: the drums are as even as a clock"
    if _is(lead.early, wanted, off):
        return ok(NAME, f"{said}, as they should" if wanted else f"{said}, as `drums_lead_ms: 0` says")
    if not wanted:
        return wrong(
            NAME,
            f"{said}, and `drums_lead_ms` is 0",
            "set the DAW's track delay to 0" + _or_set(lead, config),
        )
    if _is(lead.early, -wanted, off):
        return wrong(
            NAME,
            f"{said}: the drum track's delay has the wrong sign",
            f"flip the sign of the DAW's track delay: the drums have to be sent {ms(wanted)} early",
        )
    if _is(lead.early, 0.0, off):
        return wrong(
            NAME,
            f"not early: they come {early_or_late(lead.early)}",
            f"send the drum track {ms(wanted)} early (a negative track delay in the DAW), or set "
            f"`drums_lead_ms: 0`: all then sounds {config.look_ahead_ms:g} ms late",
        )
    return wrong(
        NAME,
        f"{said}, and should be {ms(wanted)} early",
        f"set the DAW's track delay so that they are {ms(wanted)} early" + _or_set(lead, config),
    )


def expected_lead(listened: Listened, config: Config) -> Expected:
    """Return how early the drums should come by a configuration."""
    lead = config.drums_lead_ms
    if lead is None:
        lead = config.look_ahead_ms if config.source == "daw" else 0.0
    off = max(LEAST_OFF, (config.snap_ms + 2 * listened.heard.jitter_ms) / 1000)
    return Expected(Seconds(lead / 1000), Seconds(off))


def _is(early: float, wanted: float, off: float) -> bool:
    return abs(early - wanted) <= off


def _rival(lead: Lead, expected: Expected) -> float:
    return next(
        other
        for other in lead.others
        if any(_is(other, each, expected.off) for each in (expected.lead, 0.0, -expected.lead))
    )


def _or_set(lead: Lead, config: Config) -> str:
    most = config.look_ahead_ms + config.output_latency_ms
    early = round(lead.early * 1000, 1)
    return f", or `drums_lead_ms: {early:g}`" if 0 <= early <= most else ""
