"""What a player turns of the sources, by controllers and program changes on `control`."""

from __future__ import annotations

from dataclasses import replace

from pocket_core.types import ControlChange, Event, Other
from pocket_core.voices import VOICES
from pocket_core.wire import Decoder
from pocketd.backends.protocol import Incoming
from pocketd.config import Config
from pocketd.config_sections import SOURCES
from pocketd.generators.letters import Setup, Turned
from pocketd.sources.takeover import Takeover

PROGRAM_CHANGE = 0xC0
ON = 64  # a switch's controller, from here on


class Panel:
    """Follows messages on `control`; a reload puts back only what it changes.

    Args:
        config: Where the knobs are, and which controllers turn them.
    """

    def __init__(self, config: Config) -> None:
        self._decoder = Decoder()
        self._config = config
        self.wanted: str | None = None  # the source that was asked for; whoever follows says None
        self._moved = False
        self.turned = _turned(config)
        self._morph = Takeover()
        self.hold = config.generate.hold

    def configure(self, config: Config) -> bool:
        """Go by another configuration; return whether another setup follows from it."""
        old, self._config = self._config, config
        was, now = old.generate, config.generate
        for knob in ("temperature", "density", "morph", "follow"):
            if getattr(was, knob) != getattr(now, knob):
                self._set(**{knob: float(getattr(now, knob))})
        if was.hold != now.hold:
            self.hold = now.hold
        if was.start != now.start and self.turned.preset is not None:
            self._set(preset=None)
        if old.source != config.source:
            self.wanted = config.source
        kinds = ("seed", "start", "goal", "style", "notes")
        return old.voices != config.voices or any(getattr(was, k) != getattr(now, k) for k in kinds)

    def setup(self, source: str) -> Setup:
        """Return what a source is to make drums of."""
        generate = self._config.generate
        return Setup(
            source=source,
            seed=generate.seed,
            notes=tuple(generate.notes[voice] for voice in VOICES),
            voices=self._config.voices,
            start=generate.start,
            goal=generate.goal,
            style=generate.style,
        )

    def hear(self, message: Incoming) -> None:
        """Follow what has come on `control`."""
        for event in self._decoder.feed(message.data, message.at):
            self._follow(event)

    def put_morph(self, share: float) -> None:
        """Move the morph, as the map does; its controller goes on from there."""
        self._morph.leave()
        self._set(morph=share)

    def take_turned(self) -> bool:
        """Return whether a knob has been turned since the last call."""
        moved, self._moved = self._moved, False
        return moved

    def _follow(self, event: Event) -> None:
        control = self._config.control
        if isinstance(event, ControlChange):
            if control.channel in ("all", event.channel + 1):
                self._turn(event.number, event.value)
        elif isinstance(event, Other) and event.data[0] & 0xF0 == PROGRAM_CHANGE:
            first = control.source_program
            song = control.song_program and event.data[1] in self._config.songs  # which goes before
            if first is not None and not song and control.channel in ("all", (event.data[0] & 0x0F) + 1):
                self._choose(event.data[1] - first)

    def _turn(self, number: int, value: int) -> None:
        control, share = self._config.control, value / 127
        if number == control.source_cc:
            self._choose(value)
        elif number == control.hold_cc:
            self.hold = value >= ON
        elif number == control.preset_cc:
            self._set(preset=value)
        elif number == control.density_cc:
            self._set(density=share)
        elif number == control.temperature_cc:
            self._set(temperature=2 * share)
        elif number == control.morph_cc:
            self._set(morph=self._morph.turn(share, self.turned.morph))
        elif number == control.follow_cc:
            self._set(follow=share)
        elif control.voices_cc is not None and 0 <= number - control.voices_cc < len(VOICES):
            voices = list(self.turned.voices)
            voices[number - control.voices_cc] = share
            self._set(voices=tuple(voices))

    def _set(self, **knobs: object) -> None:
        turned = replace(self.turned, **knobs)  # type: ignore[arg-type]
        self._moved |= turned != self.turned
        self.turned = turned

    def _choose(self, number: int) -> None:
        if 0 <= number < len(SOURCES):
            self.wanted = SOURCES[number]


def _turned(config: Config) -> Turned:
    generate = config.generate
    return Turned(
        temperature=float(generate.temperature),
        density=float(generate.density),
        morph=float(generate.morph),
        follow=float(generate.follow),
    )
