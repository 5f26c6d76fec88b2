"""`pocketd calibrate`: measure what the configuration has to know of the rig; write it where asked."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import typer
from pydantic import ValidationError

from pocket_core.errors import ConfigError, MidiSystemError
from pocket_core.types import Port, Seconds
from pocketd.backends.choose import open_backend
from pocketd.backends.protocol import INPUTS, Backend
from pocketd.calibration import Proposal, propose_latencies, propose_lead
from pocketd.commands.patience import patience
from pocketd.commands.verifying import plain_console
from pocketd.config import Config, load
from pocketd.config_file import read_config, with_numbers, write_config
from pocketd.impulses import Impulse, measure
from pocketd.lead_listening import hear_lead
from pocketd.round_trip import RoundTrip
from pocketd.standard import printable
from pocketd.standing import find_stuck, read_standing, standing_path
from pocketd.wording import early_or_late, ms

COUNT = 8  # impulses in a series

CONFIG = "Your configuration, which is written to when asked; without it, the one that ships, which never is."
CLIENT = "Ports of another name than the configuration's, beside a running daemon."
WRITE = "Write what was measured into the configuration."

command = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="Measure what the configuration has to know of your rig.\n\n"
    "First `pocketd doctor`, until the ports are connected. Then `round-trip`: how long until a drum is "
    "heard, and until what is played is here? Then `lead`: does the DAW send the drums early, and how "
    "much?\n\nIt needs the ports, so a running daemon has to be ended first, or `--client` names others.",
)


@command.command("round-trip")
def round_trip(
    *,
    back: Literal["human", "drums"] = typer.Option("human", help="The port where the impulses come back."),
    loop: Literal["midi", "audio"] = typer.Option(
        "midi", help="What they come back through: MIDI alone, or sound and a pickup or microphone."
    ),
    add_ms: float = typer.Option(
        0.0, help="What the loop leaves out, in milliseconds; negative: what it has besides."
    ),
    input_ms: float = typer.Option(0.0, min=0.0, help="How much of the sum is known to be your way in."),
    note: int = typer.Option(37, min=0, max=127, help="What is struck, on channel 10; 37 is a side stick."),
    velocity: int = typer.Option(110, min=1, max=127, help="How hard."),
    wait: float = typer.Option(30.0, min=1.0, help="Seconds until the first has to come back."),
    client: str | None = typer.Option(None, help=CLIENT),
    config: Path | None = typer.Option(None, help=CONFIG),
    write: bool = typer.Option(False, "--write", help=WRITE),
) -> None:
    """Send impulses on `out` and measure how long until they are back.

    They have to come back on `human` (or `--back drums`). Two series of eight have to agree within a
    millisecond.

    **A MIDI loop** (`out` to a track of the DAW whose output goes to `human`) passes the DAW twice, and
    neither sampler nor sound card nor air: it is the least that the latencies can be. Add what the DAW shows
    as its output latency: `--add-ms 8.5`.

    **An audio loop** (`out` to the sampler, its sound by cable or air into the pickup or microphone whose
    notes go to `human`; `--loop audio`) is all of it, where your part comes the same way. Where you play keys
    or pads it is too long by the way in through the converter: `--add-ms -12`.

    What came back tells the sum, never its parts. The sum is what moves the drums: how `input_latency_ms` and
    `output_latency_ms` share it changes nothing, but that drums may be sent early by look-ahead and output
    latency together. So all is written as output latency, less `--input-ms`.

    Exit codes: 0 measured; 1 what came back cannot be believed, or nothing did; 2 a configuration that cannot
    be used; 3 no MIDI system, or a daemon has the ports.
    """
    chosen = _read(config, client, write=write)
    with _ports(chosen) as backend:
        port, names = Port(back), _names(backend)
        _say(
            f"impulses leave on {names[Port.OUT]}; have them come back on {names[port]} "
            f"({'as MIDI' if loop == 'midi' else 'through sound'}), nothing else playing"
        )
        with patience("measuring") as tell:
            trip = measure(backend, Impulse(note, velocity), port, COUNT, patience=Seconds(wait), tell=tell)
    proposal = propose_latencies(trip, chosen, add_ms=add_ms, input_ms=input_ms)
    console = plain_console()
    for line in _told(trip, loop, add_ms):
        console.print(printable(line))
    _propose(proposal, chosen, config, write=write)
    if proposal.numbers:
        console.print("next: `pocketd calibrate lead`, as drums that are heard later have to be sent earlier")


@command.command()
def lead(
    *,
    bars: int = typer.Option(4, min=1, max=64, help="How many bars it listens to."),
    wait: float = typer.Option(60.0, min=1.0, help="Seconds until it gives up."),
    client: str | None = typer.Option(None, help=CLIENT),
    config: Path | None = typer.Option(None, help=CONFIG),
    write: bool = typer.Option(False, "--write", help=WRITE),
) -> None:
    """Measure how early the DAW sends the drums against its own clock, and say which look-ahead goes with it.

    Press play while it listens: only a start says where the bar begins. Best are kick on one and three, snare
    on two and four; drums as even as a clock may be early as well as late.

    Drums that come late have a track delay of the wrong sign; that is an error, and nothing is proposed. The
    look-ahead that goes with it lets the drums be heard on the grid: as early as they come, less
    `output_latency_ms`.

    Exit codes: 0 measured; 1 it cannot be told, or the drums come late; 2 a configuration that cannot be
    used; 3 no MIDI system, or a daemon has the ports.
    """
    chosen = _read(config, client, write=write)
    if chosen.source != "daw":
        raise ConfigError(
            f"`source` is {chosen.source}: pocketd plays the drums itself, and none need be early"
        )
    with _ports(chosen) as backend:
        names = _names(backend)
        _say(
            f"connect the drum track to {names[Port.DRUMS]} and the clock to {names[Port.CONTROL]}, then "
            f"press play from the start: {bars} bars"
        )
        with patience("listening") as tell:
            found = hear_lead(backend, chosen, bars, Seconds(wait), tell)
        timing = backend.timing
    console = plain_console()
    console.print(
        f"drums come {early_or_late(found.early)} ({found.hits} hits, which stray by {ms(found.spread)})"
    )
    _propose(propose_lead(found, chosen, timing), chosen, config, write=write)


def _read(path: Path | None, client: str | None, *, write: bool) -> Config:
    """Return the configuration, with ports of another name where one is given."""
    if path is None and write:
        raise ConfigError("name the configuration to write to with --config FILE; the one that ships stays")
    config = load(None) if path is None else read_config(path)[0]
    if client is None:
        return config
    try:
        return Config.model_validate({**config.model_dump(), "client": client})
    except ValidationError:
        allowed = Config.model_fields["client"].description
        raise ConfigError(f"--client is {client!r}; allowed: {allowed}") from None


@contextmanager
def _ports(config: Config) -> Iterator[Backend]:
    """Open the ports as the daemon would. Raises MidiSystemError, also where a daemon has them."""
    path = standing_path(config.client)
    daemon = None if path is None else read_standing(path)
    if daemon is not None:
        raise MidiSystemError(
            f"a daemon runs and has the ports (process {daemon.pid}): end it (Ctrl-C, `systemctl --user stop "
            "pocketd`), or give calibrate ports of its own with --client NAME"
        )
    stuck = None if path is None else find_stuck(path)
    if stuck is not None:
        raise MidiSystemError(
            f"a daemon has the ports and hangs: end it (`kill -9 {stuck[0].pid}`), or give calibrate "
            "ports of its own with --client NAME"
        )
    backend = open_backend(config)
    try:
        yield backend
    finally:
        backend.close()


def _names(backend: Backend) -> dict[Port, str]:
    return dict(zip((*INPUTS, Port.OUT), backend.port_names, strict=True))


def _say(line: str) -> None:
    print(f"pocketd: {printable(line)}", file=sys.stderr, flush=True)


def _told(trip: RoundTrip, loop: str, add_ms: float) -> Iterator[str]:
    yield (
        f"back after {trip.seconds * 1000:.2f} ms: two series agree within {trip.apart * 1000:.2f} ms, most "
        f"impulses within {trip.spread * 1000:.2f} ms"
    )
    if loop == "midi" and not add_ms:
        yield "a MIDI loop leaves out sampler, sound card and air: --add-ms what the DAW shows for its output"
    elif loop == "audio" and not add_ms:
        yield "right where your part comes the same way; keys and pads do not pass the converter: --add-ms -N"


def _propose(proposal: Proposal, config: Config, path: Path | None, *, write: bool) -> None:
    """Print before and after, and write where that was asked for or is confirmed."""
    console = plain_console()
    for line in proposal.because:
        console.print(printable(line))
    if not proposal.numbers:
        console.print("the configuration says so already; nothing to write")
        return
    before = {key: getattr(config, key) for key in proposal.numbers}
    for key, value in proposal.numbers.items():
        was = "null" if before[key] is None else f"{before[key]:g}"
        console.print(f"  {key}: {value:g}  (was {was})")
    if path is None:
        console.print("nothing was written; with --config FILE --write it is")
        return
    _, data = read_config(path)
    after = with_numbers(path, data, proposal.numbers)
    if not write and not _confirmed(path):
        console.print(printable(f"nothing was written; with --write it goes to {path}"))
        return
    write_config(path, after)
    console.print(printable(f"wrote it to {path}; a running daemon takes it over on SIGHUP"))


def _confirmed(path: Path) -> bool:
    return sys.stdin is not None and sys.stdin.isatty() and typer.confirm(f"Write it to {path}?")
