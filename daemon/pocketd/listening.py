"""Listen for a while: on ports of one's own, or to what a running daemon says of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pocket_core.settings import Timing
from pocket_core.types import Port, Seconds
from pocketd.backends.clock import Clock
from pocketd.backends.protocol import INPUTS, Backend
from pocketd.config import Config
from pocketd.ears import Ears, Heard
from pocketd.song_clock import heard_clock
from pocketd.standing import Standing

LOOK = Seconds(0.020)  # between two looks at the ports
LOOK_AT_DAEMON = Seconds(0.25)
SILENT = Seconds(4.0)  # a daemon whose file does not go on for so long tells nothing

Watch = Callable[[float], None]  # told which share of the time is over


@dataclass(frozen=True, slots=True)
class Listened:
    """What came in a while, and where."""

    seconds: Seconds
    heard: Heard
    ports: Mapping[Port, str]  # names as others see them
    connected: Mapping[Port, tuple[str, ...]] | None  # None: the back end cannot say
    backend: str
    timing: Timing
    trouble: str = ""  # what the MIDI system says is wrong; empty: nothing
    daemon: Standing | None = None  # whose ports they are; None: our own
    late: int = 0  # hits that the daemon sent late in that time


def named(names: tuple[str, ...]) -> dict[Port, str]:
    """Return the ports' names by port; those that nobody has told stand for themselves."""
    return dict(zip((*INPUTS, Port.OUT), names or tuple(map(str, (*INPUTS, Port.OUT))), strict=True))


def way_to_a_clock(config: Config, control: str) -> str:
    """Say how the clock comes that a configuration asks for.

    Args:
        config: It.
        control: The name of the port `control`.
    """
    match config.clock:
        case "jack":
            return "let the DAW move JACK's transport, or set `clock: auto`"
        case "link":
            return "turn on the DAW's Link and its start/stop sync, or set `clock: auto`"
        case _:
            return f"have the DAW send MIDI clock and song position to {control}"


def listen(backend: Backend, config: Config, seconds: Seconds, tell: Watch) -> Listened:
    """Listen on ports that are open and our own.

    Raises:
        MidiSystemError: The MIDI system has gone for good.
    """
    ears = Ears(config.settings(backend.timing), heard_clock(config))
    start, trouble = backend.now(), ""
    while (now := backend.now()) < start + seconds:
        trouble = backend.check() or trouble
        for message in backend.poll():
            ears.hear(message)
        ears.pass_time(now)
        tell((now - start) / seconds)
        backend.doze(Seconds(min(now + LOOK, start + seconds)))
    for message in backend.poll():
        ears.hear(message)
    return Listened(
        seconds,
        ears.heard,
        named(tuple(backend.port_names)),
        backend.connected,
        backend.name,
        backend.timing,
        trouble,
    )


def listen_to_daemon(
    first: Standing, read: Callable[[], Standing | None], clock: Clock, seconds: Seconds, tell: Watch
) -> Listened:
    """Watch what a running daemon says of itself.

    Args:
        first: How it was.
        read: Looks again; None where it has ended.
        clock: To wait by.
    """
    last, start, trouble = first, clock.now(), ""
    newest = start  # when the file last went on
    while (now := clock.now()) < start + seconds:
        tell((now - start) / seconds)
        clock.doze(Seconds(min(now + LOOK_AT_DAEMON, start + seconds)))
        seen = read()
        if seen is None or seen.pid != last.pid:
            trouble = f"the daemon (process {last.pid}) has ended meanwhile"
            break
        if seen.serial != last.serial:
            newest = clock.now()
        last = seen
    if not trouble and clock.now() - newest > SILENT:
        trouble = f"the daemon (process {last.pid}) has told nothing for {clock.now() - newest:.0f} s"
    return Listened(
        Seconds(clock.now() - start),
        last.heard.since(first.heard),
        named(last.ports),
        last.connected,
        last.backend,
        last.timing,
        trouble,
        last,
        last.tally.late - first.tally.late,
    )
