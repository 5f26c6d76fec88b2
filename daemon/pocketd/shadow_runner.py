"""The desk's part in shadows: one process at a time, behind the takes that are finished. It never waits."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import deque
from collections.abc import Callable
from pathlib import Path

from pocket_core.errors import ModelError

WAITING = 64  # takes; of more the oldest go without


class ShadowRunner:
    """Runs a shadow behind each take.

    Args:
        model: Asked for each take: who shall be its shadow, as `model:` names it; None: nobody.
    """

    def __init__(self, model: Callable[[], str | Path | None]) -> None:
        self._model = model
        self._takes: deque[Path] = deque(maxlen=WAITING)
        self._process: subprocess.Popen[bytes] | None = None
        self._take, self._of = Path(), ""
        self._given_up: str | None = None  # a model that could not be loaded
        self.lines: deque[str] = deque()  # how it went, for whoever tells

    @property
    def idle(self) -> bool:
        """Whether nothing runs and nothing waits."""
        return self._process is None and not self._takes

    def add(self, take: Path) -> None:
        """Have a finished take shadowed when there is time."""
        self._takes.append(take)

    def follow(self, *, playing: bool) -> None:
        """See how it goes, and begin with the next take; never while one is being played."""
        if self._process is not None and self._process.poll() is not None:
            self._end(self._process)
            self._process = None
        if self._process is None and self._takes and not playing:
            self._begin(self._takes.popleft())

    def _begin(self, take: Path) -> None:
        model = self._model()
        if model is None or str(model) == self._given_up:
            return
        self._take, self._of = take, str(model)
        command = [sys.executable, "-m", "pocketd.shadow_main", str(take), str(model)]
        try:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                process_group=0 if os.name == "posix" else None,  # Ctrl-C is not for it
            )
        except OSError as error:
            self.lines.append(f"shadow: {error.strerror or error}; {take} goes without")

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        _, said = process.communicate()
        last = said.decode("utf-8", "replace").strip().rpartition("\n")[2]
        name = Path(self._of).stem
        if process.returncode == ModelError.exit_code:
            self._given_up = self._of
            self.lines.append(f"shadow {name}: {last}; it is given up")
        elif process.returncode:
            self.lines.append(f"shadow {name}: {last or f'ended with {process.returncode}'} ({self._take})")
        else:
            self.lines.append(f"shadow {name}: {last} ({self._take})")
