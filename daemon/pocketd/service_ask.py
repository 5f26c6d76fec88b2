"""Ask the program that runs services, and say in one line why it would not."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence

from pocket_core.errors import PocketError

PATIENCE_S = 10.0  # for its answer
SYSTEMS = {"systemctl": "systemd", "launchctl": "launchd"}


def ask(command: Sequence[str], way_out: str, *, patience_s: float = PATIENCE_S) -> str:
    """Run a command and return what it says, without the newline.

    Args:
        command: Its words.
        way_out: What to do where it fails, to be said behind why.
        patience_s: How long it may take.

    Raises:
        PocketError: There is no such program, it gave no answer in time, or it would not.
    """
    said = f"`{' '.join(command)}`"
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=patience_s)
    except FileNotFoundError:
        raise PocketError(
            f"there is no {SYSTEMS.get(command[0], command[0])} here to ask; {way_out}"
        ) from None
    except (OSError, subprocess.TimeoutExpired) as error:
        raise PocketError(f"{said} gave no answer: {error}; {way_out}") from None
    if done.returncode:
        why = " ".join((done.stderr or done.stdout).split())[:200] or f"exit code {done.returncode}"
        raise PocketError(f"{said}: {why}; {way_out}")
    return done.stdout.strip()
