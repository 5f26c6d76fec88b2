"""Judge what was heard: the clock, both parts, who hears the drums, and whether they are sent early."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pocket_core.errors import PocketError
from pocket_core.types import Port, Seconds
from pocketd.backends.patchbay import matches
from pocketd.config import Config
from pocketd.config_sections import DAW, GENERATORS
from pocketd.findings import Finding, advice, ok, wrong
from pocketd.lead_verdict import judge_sent_early
from pocketd.listening import Listened, way_to_a_clock
from pocketd.sources.from_file import read_part
from pocketd.wording import ms

JITTERY_MS = 3.0  # of the clock; beyond it hits that belong to the grid are taken for loose ones
BEHIND = Seconds(0.005)  # the grid; what nobody hears
LONG = Seconds(0.0107)  # a period; 512 frames at 48 kHz
NAMES = {"jack": "JACK's transport", "link": "the Link session"}  # of clocks that are no MIDI clock
NEEDED = Seconds(1 / 12)  # how early a hit wants to be at most: x..x..x. to triplets at 120 BPM


def judge_heard(listened: Listened, config: Config) -> Iterator[Finding]:
    """Yield a finding for all that came, or did not."""
    if listened.trouble:
        yield wrong("MIDI", listened.trouble, "see `pocketd ports`, start it again, and then doctor")
    yield from _wished(listened, config)
    yield _clock(listened, config)
    yield _drums(listened, config)
    yield _human(listened)
    yield _out(listened)
    yield judge_sent_early(listened, config)
    yield _look_ahead(listened, config)
    yield _period(listened, config)


def _wished(listened: Listened, config: Config) -> Iterator[Finding]:
    """Yield whom `connect:` names and nobody is connected to."""
    wished = {port: parts for port, parts in config.connect.by_port().items() if parts}
    if wished and listened.connected is None:
        found = f"{listened.backend} connects nothing by itself"
        yield advice("connect", found, "connect them in the DAW, or by hand")
        return
    missing = [
        f"{part!r} ({port})"
        for port, parts in wished.items()
        for part in parts
        if not any(matches(part, other) for other in (listened.connected or {}).get(port, ()))
    ]
    if missing:
        yield advice(
            "connect",
            f"not connected, though `connect` names it: {', '.join(missing)}",
            "`pocketd ports` lists the names; a part of one is enough",
        )


def _look_ahead(listened: Listened, config: Config) -> Finding:
    """Judge whether the look-ahead is enough for the model, and no more than the drums are sent early."""
    name = "look-ahead"
    settings = config.settings(listened.timing)
    bpm = listened.heard.bpm if any(listened.heard.pulses.values()) else config.tempo
    early = settings.look_ahead - settings.guard
    needed = min(NEEDED, 60 / bpm / 6)
    found = f"{ms(settings.look_ahead)}: a hit may be {ms(early)} early and {ms(settings.max_late)} late"
    if early < needed:
        return advice(
            name,
            f"{found}; from straight to triplets it takes {ms(needed)}",
            f"set `look_ahead_ms: {_up(needed + settings.guard)}`, and send the drums as early",
        )
    late = settings.look_ahead + settings.output_latency - settings.drums_lead
    if late > BEHIND and settings.drums_lead and config.source == "daw":
        return advice(
            name,
            f"{found}; on the way out {ms(settings.output_latency)} more, so all is heard {ms(late)} behind "
            "the grid",
            "`pocketd calibrate lead` says which look-ahead goes with how early they are sent",
        )
    return ok(name, found + (f"; all is heard {ms(late)} behind the grid" if late > BEHIND else ""))


def _clock(listened: Listened, config: Config) -> Finding:
    heard, ports = listened.heard, listened.ports
    if config.clock == "internal":
        return ok("clock", f"internal: the first hit starts the song, at {config.tempo:g} BPM")
    carrying = [port for port in (Port.CONTROL, Port.DRUMS) if heard.pulses.get(port)]
    if heard.running and config.clock != "midi" and (not carrying or config.clock in NAMES):
        return ok("clock", f"{NAMES.get(config.clock, NAMES['jack'])}, {heard.bpm:.1f} BPM")
    if config.clock in NAMES:
        todo = f"{way_to_a_clock(config, ports[Port.CONTROL])}; then press play"
        return wrong("clock", f"{NAMES[config.clock]} stands", todo)
    if not carrying:
        return wrong(
            "clock",
            f"no MIDI clock in {_seconds(listened)}",
            f"{way_to_a_clock(config, ports[Port.CONTROL])}, and press play" + _without_one(config),
        )
    where = " and ".join(map(str, carrying))
    found = f"on {where}, {heard.bpm:.1f} BPM, jitter {heard.jitter_ms:.2f} ms"
    if config.clock_port != "auto" and Port(config.clock_port) not in carrying:
        return wrong("clock", f"{found}; `clock_port` is {config.clock_port}", "set `clock_port: auto`")
    todo = _better(listened, config, clocks=len(carrying))
    return advice("clock", found, todo) if todo else ok("clock", found)


def _without_one(config: Config) -> str:
    """Return what to do where no clock can be had, after how to get one."""
    if config.source == DAW:
        return "; where it has none set `clock: internal`"
    return f" (`source: {config.source}` plays by a clock, so `clock: internal` will not do)"


def _better(listened: Listened, config: Config, *, clocks: int) -> str:
    """Return what to do about a clock that comes and is not the best; empty: nothing."""
    heard = listened.heard
    if clocks > 1 and config.clock_port == "auto":
        return "one is enough: have the DAW send it to one of the two"
    if heard.jitter_ms > JITTERY_MS:
        return "on JACK and PipeWire use periods of 256 frames or fewer; over a network use a cable"
    if not heard.running and not heard.strikes:
        return (
            "it stands, or ran before doctor came, and only a start says where the song is: stop the DAW and "
            "press play while doctor listens"
        )
    return ""


def _drums(listened: Listened, config: Config) -> Finding:
    heard, port = listened.heard, listened.ports[Port.DRUMS]
    count = heard.notes.get(Port.DRUMS, 0)
    if config.source == "file":
        return _score(config)
    if config.source in GENERATORS:
        return ok("drums", f"{config.source} makes them; {port} may stay empty")
    if not count:
        return _silent(
            listened,
            Port.DRUMS,
            f"route the drum track's MIDI output to {port}, and press play",
            f"press play; are there notes on the track that sends to {port}?",
        )
    found = f"{count} notes in {_seconds(listened)}"
    if heard.strays:
        notes = ", ".join(map(str, heard.strays))
        return advice(
            "drums",
            f"{found}; {notes} in none of the `voices`, so never moved",
            "give them to a voice, if they are drums",
        )
    return ok("drums", found)


def _score(config: Config) -> Finding:
    try:
        read_part(Path(config.score or ""), config.settings().snap)
    except PocketError as error:
        return wrong("drums", str(error), "name a file with drums in `score`")
    return ok("drums", f"pocketd plays {config.score}")


def _human(listened: Listened) -> Finding:
    heard, port = listened.heard, listened.ports[Port.HUMAN]
    count = heard.notes.get(Port.HUMAN, 0)
    if not count:
        return _silent(
            listened,
            Port.HUMAN,
            f"route the MIDI of your part to {port}, and play while doctor listens",
            "play while doctor listens",
        )
    found = f"{count} notes in {_seconds(listened)}"
    if not heard.onsets:
        return wrong(
            "human",
            f"{found}, and none of them counts",
            "see `human`: `channels`, `notes` and `least_velocity` let none through",
        )
    if heard.onsets < count:
        return ok("human", f"{found}, {heard.onsets} of them count")
    return ok("human", found)


def _silent(listened: Listened, port: Port, route: str, play: str) -> Finding:
    found = f"nothing in {_seconds(listened)}"
    others = None if listened.connected is None else listened.connected.get(port, ())
    if others:
        found += f"; connected to {', '.join(others)}"
        clocked = port is Port.DRUMS and listened.heard.running
        return wrong(str(port), found, play) if clocked else advice(str(port), found, play)
    return wrong(str(port), found + ("" if others is None else "; connected to nobody"), route)


def _out(listened: Listened) -> Finding:
    port = listened.ports[Port.OUT]
    if listened.connected is None:
        return advice(
            "out",
            f"{listened.backend} does not say who hears {port}",
            f"see that the drum sampler's track has {port} as its input, monitored",
        )
    others = listened.connected.get(Port.OUT, ())
    if not others:
        return wrong(
            "out",
            "connected to nobody",
            f"a track with the drum sampler, MIDI input {port}, monitored; or `connect: {{out: [its name]}}`",
        )
    return ok("out", f"connected to {', '.join(others)}")


def _period(listened: Listened, config: Config) -> Finding:
    timing, guard = listened.timing, config.settings(listened.timing).guard
    left = f"a hit leaves no sooner than {ms(guard)} after it came"
    if not timing.lag:
        if listened.backend.startswith("rtmidi over JACK"):
            return advice(
                "period",
                "not told, and every message waits for the next one",
                "pip install 'pocketd[jack]', and `backend: auto`: it plays on the very frame",
            )
        return ok("period", f"none: messages come and leave at once; {left}")
    found = f"{ms(timing.lag)}; {left}"
    if guard >= config.look_ahead_ms / 1000:
        return wrong(
            "period", f"{found}, which is all of the look-ahead", "use 256 frames (`jackd ... -p 256`)"
        )
    if timing.lag > LONG:
        return advice("period", found, "use 256 frames or fewer (`jackd ... -p 256`): hits then react sooner")
    return ok("period", found)


def _up(seconds: float) -> int:
    """Return whole fives of milliseconds."""
    return -int(-seconds * 1000 // 5) * 5


def _seconds(listened: Listened) -> str:
    return f"{round(listened.seconds, 1):g} s"
