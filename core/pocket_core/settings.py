"""What a user may choose about the engine, already checked: the config's shell-free twin."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from pocket_core.tempo import MeterMap
from pocket_core.types import ControlChange, Port, Seconds
from pocket_core.voices import VoiceMap


@dataclass(frozen=True, slots=True)
class HumanFilter:
    """Which notes on `human` are onsets of the musician."""

    channels: frozenset[int] | None = None  # 0..15; None: all
    lowest: int = 0  # note, 0..127
    highest: int = 127
    least_velocity: int = 1  # 1..127

    def passes(self, channel: int, note: int, velocity: int) -> bool:
        """Say whether this note-on counts."""
        return (
            (self.channels is None or channel in self.channels)
            and self.lowest <= note <= self.highest
            and velocity >= self.least_velocity
        )


@dataclass(frozen=True, slots=True)
class ControlMap:
    """Which controller on `control` moves what. None: not by controller."""

    channel: int | None = None  # 0..15; None: any
    amount: int | None = 20  # 0..127 to 0..1
    bypass: int | None = 21  # 64 and above: on
    laid_back: int | None = 22  # 0..127 to -64..+63 ms


@dataclass(frozen=True, slots=True)
class Timing:
    """What a MIDI system needs of time."""

    notice: Seconds = Seconds(0.0)  # a message wants to be handed over this much before it is due
    lag: Seconds = Seconds(0.0)  # the longest from a message's arrival until it is told
    transport: Seconds = Seconds(0.003)  # from the musician's onset to the earliest hit that it can cause


AT_ONCE = Timing()  # what comes is told at once, and what is handed over leaves at once


@dataclass(frozen=True, slots=True)
class Settings:
    """How the engine plays. Durations in seconds, DESIGN's defaults."""

    look_ahead: Seconds = Seconds(0.120)  # the effect's constant delay
    drums_lead: Seconds = Seconds(0.120)  # how early the DAW sends the drums; 0 for a rig that cannot
    max_late: Seconds = Seconds(0.100)  # a hit is never later than this behind its nominal time
    guard: Seconds = Seconds(0.012)  # a hit leaves no sooner than this after it came
    notice: Seconds = Seconds(0.0)  # a hit is handed over, and so final, this much before it leaves
    amount: float = 1.0  # 0 metronome .. 1 glued; of times alone
    laid_back: Seconds = Seconds(0.0)  # added to every offset; positive is late
    song_late: Seconds = Seconds(0.0)  # likewise, where a song is played whose musician is always late
    bypass: bool = False
    late_commit: bool = True
    transport: Seconds = Seconds(0.003)  # from the musician's onset to the earliest hit that it can cause
    expressive: float = 0.0  # 0 all voices together .. 1 each where and as unevenly as a drummer plays it
    dynamics: float = 0.0  # 0 velocities as they came .. 1 as a drummer plays them; whatever the amount
    restore: float = 0.9  # 0..1, how much of a lasting displacement beyond `free` is pulled back
    free: Seconds = Seconds(0.008)  # a lasting displacement up to this is feel
    snap: Seconds = Seconds(0.003)  # beyond the measured arrival jitter
    window: Seconds = Seconds(0.100)  # an onset this far from a drum still meets it
    input_latency: Seconds = Seconds(0.0)  # musician's touch to arrival here
    output_latency: Seconds = Seconds(0.0)  # leaving here to being heard
    clock_port: Port | None = None  # DRUMS or CONTROL; None: whichever carries the clock
    start_on_hit: bool = False  # no clock: the first hit is beat 1, four silent seconds the end
    human: HumanFilter = field(default_factory=HumanFilter)
    controls: ControlMap = field(default_factory=ControlMap)
    voices: VoiceMap = field(default_factory=VoiceMap)
    meters: MeterMap = field(default_factory=MeterMap)

    def turned(self, change: ControlChange) -> Settings:
        """Return the settings after a controller on `control` has moved."""
        controls = self.controls
        if controls.channel not in (None, change.channel):
            return self
        if change.number == controls.amount:
            return replace(self, amount=change.value / 127)
        if change.number == controls.bypass:
            return replace(self, bypass=change.value >= 64)
        if change.number == controls.laid_back:
            return replace(self, laid_back=Seconds((change.value - 64) / 1000))
        return self
