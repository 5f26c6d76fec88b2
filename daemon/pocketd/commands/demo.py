"""`pocketd demo`: the main job in real time, with a table, MIDI files and a picture at the end."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import typer
import yaml
from rich.console import Console

from pocket_core.errors import ConfigError, MidiFileError, MidiSystemError, PocketError
from pocket_core.records import summarise
from pocket_core.settings import Settings
from pocket_core.status import Counts
from pocket_core.tempo import MeterChange, MeterMap
from pocket_core.types import Beats, Seconds
from pocketd.backends.choose import Choice, choose, survey
from pocketd.backends.clock import Clock, SystemClock
from pocketd.backends.system import RTMIDI
from pocketd.commands.render import refuse_overwriting, within
from pocketd.config import load
from pocketd.config_paths import names_a_file
from pocketd.demo import Outcome, Plan, outcome, plan
from pocketd.demo_loopback import play_in_process
from pocketd.demo_ports import CLIENT, play_over_ports
from pocketd.folders import make_folder
from pocketd.journal import JOURNAL, LOCK, lock
from pocketd.midifile import read_score, score_bytes
from pocketd.midiscore import MidiScore
from pocketd.performance import perform
from pocketd.picture import Shown, draw
from pocketd.quantise import Quantised, quantise
from pocketd.summary import remarks, table
from pocketd.take_content import TakeContent, gather
from pocketd.takes import take_folders
from pocketd.wholefile import write_together, write_whole

IN_PROCESS = "loopback"
PARTS = ("drums.mid", "drums-quantised.mid", "human.mid")  # what is written, beside the take
PICTURE = "performance.png"
CONFIG = "config.yaml"  # what it ran with


def command(
    *,
    human: Path | None = typer.Option(None, help="The musician's MIDI file; else pocketd makes one up."),
    drums: Path | None = typer.Option(None, help="The drum track's MIDI file; goes with --human."),
    out: Path = typer.Option(Path("demo-out"), help="The folder for what the demo writes."),
    seconds: float = typer.Option(20.0, help="How much is played, 4 to 600; longer files are cut."),
    model: str = typer.Option(
        "follower",
        help="A model that ships (`pocketd models list`), the path of an .onnx file, or none: the grid.",
    ),
    loopback: bool = typer.Option(False, "--loopback", help="Use no MIDI system, even where there is one."),
) -> None:
    """Play a musician and a drum track through the running effect, and show what it does.

    It shows a live meter and a table, and writes to the folder drums.mid (in the pocket),
    drums-quantised.mid, human.mid, performance.png (score, musician and drums over two bars) and the take.

    Where a MIDI system runs, all goes through its ports, as in a session; elsewhere it stays in the process.
    """
    length = Seconds(within("--seconds", seconds, 4, 600))
    given = [path for path in (human, drums) if path is not None]
    refuse_overwriting(given, [out / name for name in (*PARTS, PICTURE)])
    console = Console(highlight=False, markup=False, soft_wrap=True)
    system, why = (None, "as asked") if loopback else _system()
    where = f"virtual ports of {system.system}" if system else f"the in-process loopback back end: {why}"
    performance = prepare(human, drums, length, console)
    console.print(f"Playing {performance.length:.0f} s in real time over {where}. Ctrl-C ends it.")
    with _ended_by_sigterm():
        play(performance, system, model, out, clock=SystemClock(), console=console)


def play(
    performance: Plan, system: Choice | None, model: str, out: Path, *, clock: Clock, console: Console
) -> None:
    """Play, print the table and write the files.

    Args:
        system: What to play over; None: the loopback back end, in this process.
        clock: What it is played by.

    Raises:
        PocketError: The daemon did not play, or a file cannot be written.
    """
    takes = make_folder(make_folder(out, "--out") / "takes", "--out")
    with _alone(out):
        config = _write_config(out, takes, performance, system, model)
        earlier = set(take_folders(takes))
        if system is None:
            heard = play_in_process(performance, load(config), clock)
        else:
            heard = play_over_ports(performance, config, system.system, clock)
        taken = sorted(set(take_folders(takes)) - earlier)
        if not taken:
            raise PocketError(f"no take was written to {takes}; see what pocketd said above")
        take = gather(taken[-1] / JOURNAL)
        if take.how is None:
            raise PocketError(f"the take {taken[-1]} is not whole; see what pocketd said above")
        _show(performance, take, heard, out, console)
    console.print(f"The take: {taken[-1]}")
    console.print("Look at it: pocketd takes show last --config", out / CONFIG)


def prepare(human: Path | None, drums: Path | None, seconds: Seconds, console: Console) -> Plan:
    """Read or make up two parts, quantise and cut them, and lay them out.

    Raises:
        ConfigError: One file without the other.
        MidiFileError: A file that cannot be used.
    """
    part, musician = _parts(human, drums, seconds, console)
    for line in remarks(part, musician):
        console.print(line)
    return plan(part.score, musician, Settings().look_ahead)


def _parts(
    human: Path | None, drums: Path | None, seconds: Seconds, console: Console
) -> tuple[Quantised, MidiScore]:
    """Return drums and musician, from files or made up, cut to length."""
    if (human is None) != (drums is None):
        raise ConfigError("a demo needs both --human and --drums, or neither")
    if human is None or drums is None:
        made_up = perform(seconds)
        return quantise(made_up.drums, Settings().snap), made_up.human
    score, musician = read_score(drums).drum_part(), read_score(human)
    if max(score.length_s, musician.length_s) > seconds:
        console.print(f"The files are longer than {seconds:g} s: they are cut there (--seconds).")
    score = score.until(seconds)
    if not score.notes:
        raise MidiFileError(f"{drums} has no notes in its first {seconds:g} s; give more with --seconds")
    return quantise(score, Settings().snap), musician.until(seconds)


def _system() -> tuple[Choice | None, str]:
    """Return the back end to play over, one that python-rtmidi can reach, or None and why there is none."""
    found = survey()
    reached = {system.name for system in found if system.backend == RTMIDI and system.usable}
    try:
        return choose("auto", "auto", [system for system in found if system.name in reached]), ""
    except MidiSystemError:
        return None, "no MIDI system answers (`pocketd ports` says why)"


@contextmanager
def _alone(out: Path) -> Iterator[None]:
    """Keep other demos out of a folder, or one would show the other's take."""
    try:
        held = lock(out)
    except OSError as error:
        raise PocketError(f"cannot write to {out}: {error.strerror or error}; give another --out") from error
    if held is None:
        raise PocketError(f"another demo writes to {out}; wait for its end, or give another --out")
    with held:
        try:
            yield
        finally:
            (out / LOCK).unlink(missing_ok=True)


def _write_config(out: Path, takes: Path, performance: Plan, system: Choice | None, model: str) -> Path:
    meter = performance.meter
    values = {
        "backend": IN_PROCESS if system is None else system.backend,
        "midi_api": system.system.lower() if system and system.backend == RTMIDI else "auto",
        "client": CLIENT,
        "tempo": round(performance.drums.tempo.bpm_at(Beats(0.0)), 6),
        "meter": f"{meter.numerator}/{meter.denominator}",
        "model": str(Path(model).absolute()) if names_a_file(model) else model,
        "meter_display": "auto" if sys.stdout.isatty() else "lines",
        "takes": {"folder": str(takes.resolve()), "song": "demo"},
    }
    path = out / CONFIG
    text = yaml.safe_dump(values, sort_keys=False, allow_unicode=True)
    write_whole(path, f"# What the demo ran with; all else is default.\n{text}".encode())
    return path


@contextmanager
def _ended_by_sigterm() -> Iterator[None]:
    """Let SIGTERM end the demo as Ctrl-C does: the daemon and its desk end too."""

    def end(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _show(performance: Plan, take: TakeContent, heard: int, out: Path, console: Console) -> None:
    """Print the table, and write the drums, the musician and the picture."""
    played = outcome(take, performance)
    counts = Counts(performance.hits, heard, take.tally.late)
    synthetic = performance.human.synthetic
    title = f"{_name(performance)}, model {take.hello.model}"
    console.print()
    console.print(table(title, summarise(played.records), counts))
    mark = " (synthetic)" if synthetic else ""
    drums, human = performance.drums, performance.human
    before = score_bytes(drums, drums.stream(), f"drums, quantised{mark}")
    after = score_bytes(drums, played.output, f"drums in the pocket{mark}")
    musician = score_bytes(human, human.stream(), f"musician{mark}")
    parts = dict(zip(PARTS, (after, before, musician), strict=True))
    write_together({out / name: data for name, data in parts.items()})
    written = list(PARTS)
    try:
        draw(out / PICTURE, _shown(performance, played, take))
        written.append(PICTURE)
    except PocketError as error:
        console.print(f"No picture: {error}")
    console.print(f"Written to {out}: {', '.join(written)}.")


def _shown(performance: Plan, played: Outcome, take: TakeContent) -> Shown:
    return Shown(
        title="Drums that follow the musician",
        source=f"{_name(performance)}, model {take.hello.model}",
        records=played.records,
        onsets=[note.at_s for note in performance.human.notes],
        tempo=performance.drums.tempo,
        meters=MeterMap([MeterChange(Beats(0.0), performance.meter)]),
    )


def _name(performance: Plan) -> str:
    if performance.human.synthetic:
        return "A synthetic performance (nobody played it)"
    return f"{Path(performance.drums.name).name} to {Path(performance.human.name).name}"
