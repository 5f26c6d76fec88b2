"""`pocketd ports`: what MIDI this machine has, and what pocketd would do with it."""

from __future__ import annotations

from pathlib import Path

import typer

from pocketd.backends.choose import choose, survey
from pocketd.backends.system import System
from pocketd.config import load


def command(
    config: Path | None = typer.Option(
        None, help="Your configuration, a YAML file; without it, the one that ships."
    ),
) -> None:
    """Show the MIDI systems here, their ports, and which back end `pocketd run` would use and why.

    What is missing is told with the command that helps. No port is opened.

    Exit codes: 0 `pocketd run` has what it needs; 2 a configuration that cannot be used; 3 no MIDI system.
    """
    wanted = load(config)
    systems = survey()
    for line in report(systems):
        print(line)
    choice = choose(wanted.backend, wanted.midi_api, systems)
    print(f"pocketd run would use {choice.title}: {choice.why}")


def report(systems: list[System]) -> list[str]:
    """Return lines that say what is there, what is not and why, and which ports each system has."""
    lines = []
    for system in systems:
        lines.append(f"{system.title}: {system.why}" + (", no ports yet" if _empty(system) else ""))
        lines += [f"    {port}" for port in system.ports]
    return lines


def _empty(system: System) -> bool:
    return system.usable and not system.ports
