"""`pocketd service`: the daemon and the nightly job, run by the system for this user."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import typer

from pocket_core.errors import ConfigError, PocketError
from pocketd import service_state
from pocketd.champion import Nights, nights_folder
from pocketd.commands.verifying import plain_console
from pocketd.config import load
from pocketd.service_plan import Plan, carry_out
from pocketd.service_state import Health
from pocketd.standard import printable

NOT_RUNNING = 1

command = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="Leave it running: the daemon, and each night the job that learns from what was played.\n\n"
    "On Linux these are systemd's user units, on macOS launch agents.",
)


class System(Protocol):
    """What runs services for a user."""

    way_out: str  # where there is more to read, where something failed

    def see(self) -> None:
        """See that it answers. Raises PocketError where it does not."""

    def install(self, program: Sequence[str], config: Path | None, *, retrain: bool) -> Plan:
        """Return how to install, or to install anew."""

    def uninstall(self) -> Plan:
        """Return how to remove what `install` brings."""

    def health(self) -> Health:
        """Look how it is."""


@command.command()
def install(
    *,
    config: Path | None = typer.Option(
        None, help="Your configuration, a YAML file; without it, the one that ships."
    ),
    without_retrain: bool = typer.Option(
        False, "--without-retrain", help="Without the nightly job; one that is installed is removed."
    ),
    dry_run: bool = typer.Option(False, "--dry-run", help="Print what would be done, and do nothing."),
) -> None:
    """Write, enable and start the service for you, and schedule the nightly job for 03:30.

    Again installs anew: another configuration, or another place that pocketd lies in. It runs from your login
    on; on Linux `loginctl enable-linger` lets it run without one. Your own lines go to
    `systemctl --user edit pocketd`.

    Exit codes: 0 it runs; 1 it does not, or nothing here runs services; 2 a configuration that cannot be
    used.
    """
    chosen = None if config is None else Path(os.path.abspath(config))
    load(chosen)
    system = system_of_user()
    plan = system.install(_program(), chosen, retrain=not without_retrain)
    console = plain_console()
    if dry_run:
        for line in plan.lines():
            console.print(line)
        return
    system.see()
    carry_out(plan, system.way_out)
    for path in plan.files:
        console.print(printable(f"wrote {path}"))
    if not (without_retrain or _can_train()):
        console.print("the nightly job needs what training needs: pip install 'pocketd[train]'")
    _tell(system.health())


@command.command()
def status() -> None:
    """Say whether it runs and since when, when the next night is, and how the last one ended.

    Exit codes: 0 it runs; 1 it does not, or nothing here runs services.
    """
    system = system_of_user()
    system.see()
    health = system.health()
    _tell(health)
    if not health.running:
        raise typer.Exit(NOT_RUNNING)


@command.command()
def uninstall(
    *, dry_run: bool = typer.Option(False, "--dry-run", help="Print what would be done, and do nothing.")
) -> None:
    """Stop it and remove what `install` wrote. Takes, models, nights and your configuration stay.

    Exit codes: 0 it is gone; 1 it is not, or nothing here runs services.
    """
    system = system_of_user()
    plan = system.uninstall()
    console = plain_console()
    if dry_run:
        for line in plan.lines():
            console.print(line)
        return
    system.see()
    there = [path for path in plan.gone if path.exists()]
    carry_out(plan, system.way_out)
    for path in there:
        console.print(printable(f"removed {path}"))
    console.print("takes and models stay" if there else "nothing was installed")


def system_of_user() -> System:
    """Return what runs services here. Raises PocketError where there is nothing that pocketd knows."""
    if sys.platform == "darwin":
        from pocketd.service_launchd import Launchd

        return Launchd(Path.home())
    if sys.platform == "win32":
        raise PocketError(
            "pocketd installs no service on Windows, which has no virtual MIDI ports; for the nightly job: "
            'schtasks /Create /SC DAILY /ST 03:30 /TN pocketd /TR "pocketd retrain --if-due"'
        )
    from pocketd.service_systemd import Systemd

    return Systemd()


def _tell(health: Health) -> None:
    root = nights_folder()
    said = list(service_state.lines(health, None if root is None else Nights(root)))
    wide = max(len(heading) for heading, _ in said)
    console = plain_console()
    for heading, text in said:
        console.print(printable(f"{heading:<{wide}}  {text}"))


def _can_train() -> bool:
    return importlib.util.find_spec("torch") is not None


def _program() -> list[str]:
    """Return how this very pocketd is called."""
    if not sys.executable:
        raise ConfigError("Python does not say where it lies; call it by its full path")
    return [sys.executable, "-m", "pocketd"]
