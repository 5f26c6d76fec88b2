"""`pocketd doctor`: one page that says what is right, what is wrong, and what to do."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import typer
from pydantic import ValidationError
from rich.console import Console

from pocket_core.errors import ConfigError, MidiSystemError, PocketError
from pocket_core.types import Seconds
from pocketd import __version__, checks_machine
from pocketd.backends.choose import Choice, choose, open_backend, survey
from pocketd.backends.clock import SystemClock
from pocketd.backends.protocol import Backend
from pocketd.backends.system import LOOPBACK, System
from pocketd.checks_heard import judge_heard
from pocketd.checks_sources import judge_sources, verify_sources
from pocketd.commands.patience import patience
from pocketd.commands.service import system_of_user
from pocketd.config import Config, load
from pocketd.findings import Finding, advice, drawn, is_wrong, ok, plain, verdict, wrong
from pocketd.listening import listen, listen_to_daemon
from pocketd.service_state import Health
from pocketd.standard import printable
from pocketd.standing import Standing, find_stuck, read_standing, standing_path

SOMETHING_WRONG = 1
PRIORITY = (
    "let this user have it: join the group that your system has for it (audio, realtime), log in anew, or "
    "install rtkit; then start pocketd again"
)


@dataclass(frozen=True, slots=True)
class Page:
    """All that was found."""

    findings: list[Finding]
    exit_code: int = 0  # of what ended a part of it before it began


def command(
    *,
    seconds: float = typer.Option(10.0, min=0.1, max=3600.0, help="How long it listens."),
    as_json: bool = typer.Option(False, "--json", help="Print the same for programs."),
    config: Path | None = typer.Option(
        None, help="Your configuration, a YAML file; without it, the one that ships."
    ),
) -> None:
    """Look at everything between the DAW and the drums, and say what to do about what is wrong.

    Press play and play along while it listens. Where `pocketd run` is running it is asked; else doctor opens
    the same ports itself. Nothing is connected to ports that have just appeared, so name yours in `connect:`
    of the configuration, or connect them while it listens (`--seconds 60`).

    *ok* is as it should be, *advice* could be better, *WRONG* has to be mended: below it stands how.

    Exit codes: 0 nothing is wrong; 1 something is; 2 a configuration that cannot be used; 3 no MIDI system,
    or a port is taken by what is no daemon of yours (the page is printed all the same).
    """
    page = look(load(config), Seconds(seconds))
    if as_json:
        print(as_text(page, seconds))
    else:
        show(page.findings)
    if page.exit_code or is_wrong(page.findings):
        raise typer.Exit(page.exit_code or SOMETHING_WRONG)


def look(config: Config, seconds: Seconds) -> Page:
    """Look at everything; what a running daemon plays by counts more than the configuration."""
    path = standing_path(config.client)
    daemon = None if path is None else read_standing(path)
    stuck = None if path is None or daemon is not None else find_stuck(path)
    findings = [checks_machine.judge_version()]
    systems = () if config.backend == LOOPBACK else survey()
    choice = _choice(config, systems)
    findings.append(checks_machine.judge_systems(systems, choice))
    if sys.platform == "linux":
        findings.append(checks_machine.judge_permissions(checks_machine.look_at_sequencer(), choice))
        findings += filter(None, [checks_machine.judge_locked_memory(choice)])
    plays = config if daemon is None else _config_of(daemon, config)
    with patience("verifying the model") as tell:
        model = checks_machine.judge_model(plays, tell)
    with patience("verifying the sources") as tell:
        sources = judge_sources(plays, verify_sources(tell))
    if daemon is not None and path is not None:
        page = _ask(daemon, path, plays, seconds)
    elif stuck is not None:
        page = Page([_stuck(*stuck)])
    elif choice is not None:
        page = _alone(config, seconds)
    else:
        page = Page([], MidiSystemError.exit_code)
    findings += [*page.findings, model, *filter(None, [checks_machine.judge_like(plays)]), *sources]
    findings.append(checks_machine.judge_takes(plays))
    findings.append(checks_machine.judge_service(_service()))
    return Page(findings, page.exit_code)


def show(findings: list[Finding]) -> None:
    """Print the page, in colours where somebody looks."""
    console = Console(highlight=False, markup=False)
    if console.is_terminal:
        console.print(drawn(findings))
        return
    for line in plain(findings):
        print(line)


def as_text(page: Page, seconds: float) -> str:
    """Return the page as JSON."""
    said = {
        "pocketd": __version__,
        "listened_s": seconds,
        "wrong": is_wrong(page.findings),
        "summary": verdict(page.findings),
        "findings": [
            {"mark": str(each.mark), "name": each.name, "found": each.found, "todo": each.todo}
            for each in page.findings
        ],
    }
    return json.dumps(said, indent=1)


def _choice(config: Config, systems: Sequence[System]) -> Choice | None:
    """Return what `pocketd run` would use; None: nothing can be."""
    try:
        return choose(config.backend, config.midi_api, systems)
    except MidiSystemError:
        return None


def _alone(config: Config, seconds: Seconds) -> Page:
    """Open the ports as the daemon would, and listen."""
    try:
        backend = open_backend(config)
    except MidiSystemError as error:
        found, _, todo = str(error).partition("; ")
        return Page([wrong("ports", found, todo or "see `pocketd ports`")], error.exit_code)
    try:
        findings = _urgency(config, backend)
        findings.append(ok("ports", f"{', '.join(backend.port_names)}, open while doctor listens"))
        say(_what_to_do(backend, seconds))
        with patience("listening") as tell:
            listened = listen(backend, config, seconds, tell)
    except MidiSystemError as error:
        return Page([wrong("ports", str(error), "start it again, and then doctor")], error.exit_code)
    finally:
        backend.close()
    return Page([*findings, *judge_heard(listened, config)])


def _stuck(daemon: Standing, age: Seconds) -> Finding:
    return wrong(
        "daemon",
        f"process {daemon.pid} has the ports, and has told nothing for {age:.0f} s: it hangs, or was stopped",
        f"end it (`kill -9 {daemon.pid}`), and start it again; the take it was at is kept",
    )


def _ask(daemon: Standing, path: Path, config: Config, seconds: Seconds) -> Page:
    """Ask the daemon that runs."""
    who = f"process {daemon.pid} plays by {daemon.model}, over {daemon.backend}"
    findings = [ok("daemon", who)]
    if daemon.version != __version__:
        findings = [advice("daemon", f"{who}; it is pocketd {daemon.version}", "start it again")]
    say(f"a daemon runs (process {daemon.pid}); watching it for {seconds:g} s: press play, and play along")
    with patience("watching the daemon") as tell:
        listened = listen_to_daemon(daemon, lambda: read_standing(path), SystemClock(), seconds, tell)
    last = listened.daemon or daemon
    if hasattr(os, "sched_setscheduler"):
        findings.append(
            ok("real time", "the loop has a real-time priority")
            if last.hurried
            else advice("real time", "the loop has no real-time priority: hits may be late", PRIORITY)
        )
    findings.append(ok("ports", f"{', '.join(last.ports)}, of the daemon"))
    findings += [wrong("fault", fault, "it goes away by itself where it is mended") for fault in last.faults]
    if listened.late:
        findings.append(
            advice(
                "late",
                f"{listened.late} of the hits came or left too late for their time",
                "see `sent early` and `real time`",
            )
        )
    return Page([*findings, *judge_heard(listened, config)])


def _urgency(config: Config, backend: Backend) -> list[Finding]:
    if config.backend == LOOPBACK or not hasattr(os, "sched_setscheduler"):
        return []
    wanted = backend.priority
    refusal = "" if wanted is None else checks_machine.try_real_time(wanted)
    return [checks_machine.judge_real_time(refusal, wanted)]


def _what_to_do(backend: Backend, seconds: Seconds) -> str:
    drums, human, control, out = backend.port_names
    return (
        f"listening for {seconds:g} s; connect the drum track to {drums}, your part to {human}, the clock to "
        f"{control}, {out} to the drum sampler, then press play and play along"
    )


def say(line: str) -> None:
    """Tell whoever waits; not on standard output, which is for the page."""
    print(f"pocketd: {printable(line)}", file=sys.stderr, flush=True)


def _config_of(daemon: Standing, config: Config) -> Config:
    """Return what the daemon plays by; where that is of another version, what this one would."""
    try:
        return Config.model_validate(daemon.config)
    except (ValidationError, ConfigError):
        return config


def _service() -> Health | PocketError:
    try:
        system = system_of_user()
        system.see()
        return system.health()
    except PocketError as error:
        return error
