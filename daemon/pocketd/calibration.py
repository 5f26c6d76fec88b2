"""What to write into the configuration for what was measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pocket_core.errors import ConfigError
from pocket_core.settings import Timing
from pocket_core.types import Seconds
from pocketd.config import Config
from pocketd.lead import Lead
from pocketd.round_trip import MeasureError, RoundTrip
from pocketd.wording import early_or_late, ms

MOST_MS = 500.0  # of a latency in the configuration
LEAST_AHEAD = Seconds(0.020)  # the shortest look-ahead of the configuration
LEAST_EARLY = Seconds(0.010)  # that hits should be able to be early at all
NEEDED = Seconds(1 / 12)  # ... and wanted: from straight to triplets at 120 BPM
SAME_MS = 0.05  # what differs by less is as it was
ON_GRID = Seconds(0.002)  # drums that come this little before the grid are not sent early
HARDLY_LATE = 0.5  # of the look-ahead; what is less late than that is no delay of the wrong sign


@dataclass(frozen=True, slots=True)
class Proposal:
    """Keys of the configuration with their values, ms, as they should be."""

    numbers: Mapping[str, float]  # only what changes
    because: tuple[str, ...]  # lines


def propose_latencies(trip: RoundTrip, config: Config, *, add_ms: float, input_ms: float) -> Proposal:
    """Split what was measured in two.

    Only the sum of the latencies moves the drums, and a round trip is that sum: what of it is the way in
    nobody can tell from here, but who has measured it otherwise.

    Args:
        trip: What was measured.
        add_ms: What it has left out, such as a sound card that no MIDI loop passes; negative: what it has
            besides.
        input_ms: How much of the sum is known to be the musician's way in.

    Raises:
        ConfigError: There is less than nothing left, or more than the configuration takes.
    """
    total = round(trip.seconds * 1000 + add_ms, 1)
    out = round(total - input_ms, 1)
    if not (0 <= out <= MOST_MS and 0 <= input_ms <= MOST_MS):
        raise ConfigError(
            f"{trip.seconds * 1000:.1f} ms of round trip, {add_ms:+g} ms (--add-ms) and {input_ms:g} ms of "
            f"them on the way in (--input-ms) leave {out:g} ms for the way out; it has to be 0 to {MOST_MS:g}"
        )
    numbers = {"input_latency_ms": input_ms, "output_latency_ms": out}
    before = {"input_latency_ms": config.input_latency_ms, "output_latency_ms": config.output_latency_ms}
    return Proposal(
        _changed(numbers, before), (f"together {total:g} ms, of which {input_ms:g} are the way in",)
    )


def propose_lead(lead: Lead, config: Config, timing: Timing) -> Proposal:
    """Say which look-ahead goes with how early the drums come, so that they are heard on the grid.

    A hit is heard look-ahead and output latency after it came, so on the grid where it came as much early.

    Args:
        lead: As measured.
        config: As it is.
        timing: Of the MIDI system.

    Raises:
        MeasureError: They come late.
    """
    early, settings = lead.early, config.settings(timing)
    if early < -max(settings.snap + 2 * lead.spread, ON_GRID):
        raise MeasureError(
            f"the drums come {early_or_late(early)}: "
            + (
                "send clock and drums from the same program, with a smaller buffer, or set `snap_ms` to more"
                if -early < HARDLY_LATE * settings.look_ahead
                else "the drum track's delay has the wrong sign; flip it, in Live it is negative for early, "
                f"so that they come {ms(-early)} early"
            )
            + ", and measure again"
        )
    output, guard = config.output_latency_ms / 1000, settings.guard
    before = {"look_ahead_ms": config.look_ahead_ms, "drums_lead_ms": _lead_ms(config, config.look_ahead_ms)}
    if early <= ON_GRID:
        late = ms(config.look_ahead_ms / 1000 + output)
        because = (
            f"they are not sent early, so all drums sound {late} late, evenly: delay the rest of the session"
        )
        return Proposal(_changed({"drums_lead_ms": 0.0}, before), (because,))
    ahead = early - output
    if ahead < max(LEAST_AHEAD, guard + LEAST_EARLY):
        late = ms(config.look_ahead_ms / 1000 + output - early)
        least = ms(guard + NEEDED + output)
        because = f"too little for a look-ahead, so all sounds {late} late; send them {least} early"
        return Proposal(_changed({"drums_lead_ms": round(early * 1000, 1)}, before), (because,))
    ahead_ms = round(ahead * 1000, 1)
    numbers = {"look_ahead_ms": ahead_ms, "drums_lead_ms": round(ahead_ms + config.output_latency_ms, 1)}
    room = ahead - guard
    lines = [f"heard on the grid, and a hit may be {ms(room)} early ({ms(guard)} are the guard)"]
    if room < NEEDED:
        lines.append(
            f"from straight to triplets takes {ms(NEEDED)}: for all of it send them "
            f"{ms(NEEDED + guard + output)} early"
        )
    before["drums_lead_ms"] = _lead_ms(config, ahead_ms)
    return Proposal(_changed(numbers, before), tuple(lines))


def _lead_ms(config: Config, ahead_ms: float) -> float:
    """Return how early the drums are said to come, with a look-ahead of so much: null goes along with it."""
    return ahead_ms if config.drums_lead_ms is None else config.drums_lead_ms


def _changed(numbers: Mapping[str, float], before: Mapping[str, float]) -> dict[str, float]:
    return {key: value for key, value in numbers.items() if abs(value - before[key]) >= SAME_MS}
