"""Finishes a take in a process of its own: a long one takes seconds, in which the desk has to read on.

    python -m pocketd.take_finish FOLDER

A thread would not do: whatever it computes keeps the desk's from running, for half a second at times.
"""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from pocket_core.errors import PocketError, TakeError
from pocketd.takes import FinishedTake, finalise

_FINISHED: TypeAdapter[FinishedTake] = TypeAdapter(FinishedTake)


def finish_apart(folder: Path) -> FinishedTake:
    """Do what `finalise` does, in another process, and wait for it.

    That process ignores the signals that this one ignores.

    Raises:
        TakeError: It did not come to its end; the message says why.
        OSError: The system starts no process.
    """
    command = [sys.executable, "-m", "pocketd.take_finish", str(folder)]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    try:
        return replace(_FINISHED.validate_json(done.stdout), folder=folder)
    except ValidationError:
        why = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise TakeError(why[-1] if why else f"finishing {folder} ended with {done.returncode}") from None


def main() -> None:
    """Finish the take in the folder that the command line names."""
    try:
        finished = finalise(Path(sys.argv[1]))
    except PocketError as error:
        sys.exit(str(error))
    sys.stdout.buffer.write(_FINISHED.dump_json(replace(finished, folder=Path())))  # names may be no UTF-8


if __name__ == "__main__":
    main()
