"""The configuration: what config.yaml may say, checked key by key and key against key."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

from platformdirs import user_data_path
from pydantic import Field, ValidationError, field_validator, model_validator

from pocket_core.errors import ConfigError
from pocket_core.phrases.kit import GENERAL_MIDI
from pocket_core.settings import AT_ONCE, ControlMap, HumanFilter, Settings, Timing
from pocket_core.tempo import Meter, MeterChange, MeterMap
from pocket_core.types import Beats, Port, Seconds
from pocket_core.voices import ROLAND, VOICES, VoiceMap
from pocketd.config_errors import explain
from pocketd.config_paths import in_full
from pocketd.config_sections import (
    ONE_OF_SOURCES,
    Connect,
    Control,
    Generate,
    Human,
    Note,
    Number,
    Retrain,
    Section,
    SongName,
    Source,
    Takes,
    clash,
    milliseconds,
)
from pocketd.yamlfile import Document, parse_yaml, read_yaml

if TYPE_CHECKING:  # it brings numpy and mido, and `pocketd run` opens its ports before it imports those
    from pocket_core.habits import Habits

#: What cannot change while the daemon runs; all else is taken over on a reload.
FIXED = (
    "backend",
    "client",
    "midi_api",
    "connect.drums",
    "connect.human",
    "connect.control",
    "connect.out",
    "clock",
    "tempo",
    "takes.record",
    "takes.folder",
    "takes.keep_days",
    "takes.quota_mb",
    "like",
    "meter_display",
)

ROUNDING = 1e-6  # milliseconds; 510.4 and 1.8 are a little less than 512.2
THINKING = Seconds(0.004)  # of the guard: a model's step or two, and the loop's own


NO_CLOCK = (
    "plays by itself, and clock: internal is started by the DAW's first hit and stopped by its silence; "
    "without a DAW set `clock: jack` and `tempo` and start JACK's transport (`jack_transport`, then play), "
    "or `clock: auto` with any device that sends MIDI clock"
)


class Config(Section):
    """Everything that a user may choose, with the defaults of the shipped config.yaml."""

    backend: Literal["auto", "jack", "alsa", "rtmidi", "loopback"] = Field(
        default="auto", description="auto, jack, alsa, rtmidi or loopback"
    )
    midi_api: Literal["auto", "alsa", "jack", "coremidi", "winmm"] = Field(
        default="auto", description="auto, alsa, jack, coremidi or winmm"
    )
    client: str = Field(
        default="pocketd",
        pattern=r"^[A-Za-z0-9 _.-]{1,32}$",
        description="1 to 32 letters, digits, spaces, dots, - or _",
    )
    connect: Connect = Field(
        default_factory=Connect, description="keys drums, human, control and out, each a list of port names"
    )
    clock: Literal["auto", "midi", "jack", "link", "internal"] = Field(
        default="auto", description="auto, midi, jack, link or internal"
    )
    clock_port: Literal["auto", "drums", "control"] = Field(
        default="auto", description="auto, drums or control"
    )
    tempo: float = Field(default=120.0, ge=20, le=300, description="20 to 300 BPM")
    meter: str = Field(
        default="4/4",
        pattern=r"^([1-9]|[1-5][0-9]|6[0-4])/(1|2|4|8|16|32|64)$",
        description="beats/unit, such as 4/4, 3/4 or 7/8",
    )
    look_ahead_ms: float = milliseconds(120, 20, 1000)
    drums_lead_ms: float | None = Field(
        default=None, ge=0, le=1500, description="0 to 1500 milliseconds, or null for look_ahead_ms"
    )
    max_late_ms: float = milliseconds(100, 0, 500)
    guard_ms: float = milliseconds(12, 1, 100)
    amount: float = Field(default=1.0, ge=0, le=1, description="0 to 1")
    bypass: bool = Field(default=False, description="true or false")
    laid_back_ms: float = milliseconds(0, -64, 63)
    late_commit: bool = Field(default=True, description="true or false")
    transport_ms: float | None = Field(
        default=None, ge=0, le=100, description="0 to 100 milliseconds, or null for the MIDI system's own"
    )
    notice_ms: float | None = Field(
        default=None, ge=0.5, le=100, description="0.5 to 100 milliseconds, or null for the MIDI system's own"
    )
    expressive: float = Field(default=0.0, ge=0, le=1, description="0 to 1")
    dynamics: float = Field(default=0.0, ge=0, le=1, description="0 to 1")
    like: str | None = Field(
        default=None, min_length=1, pattern=r"^[^\x00]*$", description="a drummer's MIDI file, or null"
    )
    restore: float = Field(default=0.9, ge=0, le=1, description="0 to 1")
    free_ms: float = milliseconds(8, 0, 100)
    snap_ms: float = milliseconds(3, 0, 20)
    window_ms: float = milliseconds(100, 5, 500)
    input_latency_ms: float = milliseconds(0, 0, 500)
    output_latency_ms: float = milliseconds(0, 0, 500)
    human: Human = Field(default_factory=Human, description="keys channels, notes and least_velocity")
    control: Control = Field(
        default_factory=Control, description="keys channel, controllers, song_program and source_program"
    )
    voices: dict[str, list[Note]] = Field(
        default={name: list(notes) for name, notes in ROLAND.items()},
        description="the nine voices, each with a list of notes 0 to 127",
    )
    model: str = Field(
        default="champion",
        min_length=1,
        pattern=r"^[^\x00]*$",
        description="champion, a model's name, a path to an .onnx, or none",
    )
    source: Source = Field(default="daw", description=ONE_OF_SOURCES)
    score: str | None = Field(
        default=None, min_length=1, pattern=r"^[^\x00]*$", description="a MIDI file, or null"
    )
    generate: Generate = Field(default_factory=Generate, description="what generators make drums of")
    model_without_score: str = Field(
        default="follower",
        min_length=1,
        pattern=r"^[^\x00]*$",
        description="a model's name, a path to an .onnx, or none",
    )
    step_limit_ms: float = milliseconds(8, 0.5, 100)
    takes: Takes = Field(
        default_factory=Takes, description="keys record, folder, song, keep_days and quota_mb"
    )
    songs: dict[Number, SongName | None] = Field(
        default_factory=dict, description="numbers 0 to 127, each with the name of a song, or null"
    )
    retrain: Retrain = Field(default_factory=Retrain, description="what the nightly job does")
    meter_display: Literal["auto", "on", "lines", "off"] = Field(
        default="auto", description="auto, on, lines or off"
    )

    @field_validator("client")
    @classmethod
    def _no_file_s_name(cls, client: str) -> str:
        if client == "wish":  # its standing would lie where the map's wishes do
            raise clash("client", "wish is the name of a file of pocketd's; choose another")
        return client

    @field_validator("songs", mode="before")
    @classmethod
    def _numbers(cls, songs: Any) -> Any:
        """Take numbers in quotation marks, as JSON writes them."""
        return {_number(k): v for k, v in songs.items()} if isinstance(songs, dict) else songs

    @field_validator("voices")
    @classmethod
    def _one_voice_a_note(cls, voices: dict[str, list[int]]) -> dict[str, list[int]]:
        try:
            VoiceMap(voices)
        except ValueError as error:
            raise clash("voices", str(error)) from error
        return voices

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        ahead, lead = self.look_ahead_ms, self.drums_lead_ms
        earliest = ahead - self.guard_ms
        if earliest <= 0:
            raise clash("guard_ms", f"must be less than look_ahead_ms, which is {ahead:g}")
        if self.source == "file" and self.score is None:
            raise clash("source", "file plays what `score` names, and score is null")
        if self.source != "daw" and self.clock == "internal":
            raise clash("source", f"{self.source} {NO_CLOCK}")
        if self.source == "daw" and lead is not None and lead > ahead + self.output_latency_ms + ROUNDING:
            raise clash(
                "drums_lead_ms",
                f"at most look_ahead_ms and output_latency_ms together, {ahead + self.output_latency_ms:g}, "
                "or every hit is early",
            )
        if not -earliest <= self.laid_back_ms <= self.max_late_ms:
            raise clash(
                "laid_back_ms",
                f"no hit can be played there: at least guard_ms - look_ahead_ms, {-earliest:g}, "
                f"and at most max_late_ms, {self.max_late_ms:g}",
            )
        if self.backend in ("loopback", "jack", "alsa") and self.midi_api != "auto":
            raise clash(
                "midi_api", f"it is for backend rtmidi alone, and backend is {self.backend}; use auto"
            )
        if self.clock in ("jack", "link", "internal") and self.clock_port != "auto":
            raise clash("clock_port", f"clock: {self.clock} listens to no port; use auto")
        if self.clock == "jack" and self.backend not in ("auto", "jack"):
            raise clash("clock", f"jack needs backend: jack, and backend is {self.backend}")
        self._kit_is_of_voices()
        return self

    def _kit_is_of_voices(self) -> None:
        """Refuse a note of a generator's kit that the pocket would take for another drum, or leave alone."""
        known = VoiceMap(self.voices)
        for voice, note in self.generate.notes.items():
            index = known.index(note)
            if note == GENERAL_MIDI[voice] or (index is not None and VOICES[index] == voice):
                continue
            found = "names nowhere" if index is None else f"has as {VOICES[index]}"
            raise clash(
                "generate.notes",
                f"{voice} is played with {note}, which `voices` {found}; put {note} there under {voice}",
            )

    @property
    def time_signature(self) -> Meter:
        """The meter where the DAW does not say."""
        numerator, denominator = self.meter.split("/")
        return Meter(int(numerator), int(denominator))

    @property
    def takes_folder(self) -> Path:
        """Where takes are kept.

        Raises:
            ConfigError: Nobody says where, and the user has no home.
        """
        if self.takes.folder is not None:
            return Path(os.path.normpath(self.takes.folder))
        place = user_data_path("pocketd", appauthor=False) / "takes"
        if not place.is_absolute():
            raise ConfigError("takes.folder is null, and this user has no home folder; name a folder there")
        return place

    @property
    def songs_folder(self) -> Path:
        """Where what is known of songs is kept: in the user's data, or in the folder named for takes.

        Raises:
            ConfigError: As `takes_folder`.
        """
        return (self.takes_folder if self.takes.folder else self.takes_folder.parent) / "songs"

    def habits(self) -> Habits:
        """Return what is known of the drummer whom the drums shall be like.

        Raises:
            MidiFileError: The recording that `like` names cannot be used.
        """
        from pocket_core.habits import UNKNOWN
        from pocketd.like import read_habits

        return UNKNOWN if self.like is None else read_habits(Path(self.like), VoiceMap(self.voices))

    def settings(self, timing: Timing = AT_ONCE) -> Settings:
        """Return what of this concerns the engine, in seconds, on a MIDI system of such timing."""
        lead = self.look_ahead_ms if self.drums_lead_ms is None else self.drums_lead_ms
        lead = lead if self.source == "daw" else self.look_ahead_ms  # what we play ourselves is in time
        settings = Settings(
            look_ahead=_seconds(self.look_ahead_ms),
            drums_lead=_seconds(lead),
            max_late=_seconds(self.max_late_ms),
            amount=self.amount,
            laid_back=_seconds(self.laid_back_ms),
            bypass=self.bypass,
            late_commit=self.late_commit,
            expressive=self.expressive,
            dynamics=self.dynamics,
            restore=self.restore,
            free=_seconds(self.free_ms),
            snap=_seconds(self.snap_ms),
            window=_seconds(self.window_ms),
            input_latency=_seconds(self.input_latency_ms),
            output_latency=_seconds(self.output_latency_ms),
            clock_port=None if self.clock_port == "auto" else Port(self.clock_port),
            start_on_hit=self.clock == "internal",
            human=HumanFilter(
                None if self.human.channels == "all" else frozenset(c - 1 for c in self.human.channels),
                self.human.notes[0],
                self.human.notes[1],
                self.human.least_velocity,
            ),
            controls=ControlMap(
                None if self.control.channel == "all" else self.control.channel - 1,
                self.control.amount_cc,
                self.control.bypass_cc,
                self.control.laid_back_cc,
            ),
            voices=VoiceMap(self.voices),
            meters=MeterMap((MeterChange(Beats(0.0), self.time_signature),)),
        )
        return self.fitted(settings, timing)

    def fitted(self, settings: Settings, timing: Timing) -> Settings:
        """Return settings of this configuration with what a MIDI system needs of time.

        It can make the guard longer, never shorter. `transport_ms` stands where it is a number, `notice_ms`
        where it is one and the system can be handed messages ahead.
        """
        asked = self.notice_ms is not None and timing.notice > 0
        notice = _seconds(self.notice_ms or 0.0) if asked else timing.notice
        return replace(
            settings,
            guard=Seconds(max(_seconds(self.guard_ms), notice + timing.lag + THINKING)),
            notice=notice,
            transport=timing.transport if self.transport_ms is None else _seconds(self.transport_ms),
        )

    @staticmethod
    def changed_needing_restart(old: Config, new: Config) -> list[str]:
        """Return the dotted keys that differ and that a running daemon cannot change."""
        return [key for key in FIXED if _value(old, key) != _value(new, key)]

    def with_values_of(self, other: Config, keys: Sequence[str]) -> Config:
        """Return this configuration with some dotted keys as another one has them."""
        values: dict[str, Any] = {}
        for section, _, key in (key.rpartition(".") for key in keys):
            if section:
                inner = values.get(section, getattr(self, section))
                values[section] = inner.model_copy(update={key: getattr(getattr(other, section), key)})
            else:
                values[key] = getattr(other, key)
        return self.model_copy(update=values)


def load(path: Path | None) -> Config:
    """Read a configuration; without a path, the one that is shipped.

    Raises:
        ConfigError: One line that names the file, the key, its value and what is allowed.
    """
    return _check(read_yaml(default_path() if path is None else path))


def parse(data: bytes, name: str) -> Config:
    """Read a configuration's bytes; `name` is for the messages. Raises as `load`."""
    return _check(parse_yaml(data, name))


def default_path() -> Path:
    """Return where the shipped config.yaml lies: beside this module, or in a checkout at its root."""
    shipped = Path(__file__).with_name("default-config.yaml")
    return shipped if shipped.exists() else Path(__file__).resolve().parents[2] / "config.yaml"


def _check(document: Document) -> Config:
    try:
        config = Config.model_validate(document.values)
    except ValidationError as error:
        raise explain(error, document, Config) from None
    return in_full(config, document)


def _number(key: object) -> object:
    return int(key) if isinstance(key, str) and re.fullmatch("[0-9]{1,3}", key) else key


def _seconds(ms: float) -> Seconds:
    return Seconds(ms / 1000)


def _value(config: Config, key: str) -> object:
    value: object = config
    for part in key.split("."):
        value = getattr(value, part)
    return value
