"""What the world outside asks of the running daemon."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Requests:
    """What a signal handler asks of the loop, which looks at every turn."""

    stop: bool = False
    reload: bool = False
