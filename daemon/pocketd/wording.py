"""Times as people read them."""

from __future__ import annotations


def ms(seconds: float) -> str:
    """Return milliseconds with at most one decimal."""
    return f"{round(seconds * 1000, 1):g} ms"


def early_or_late(seconds: float) -> str:
    """Return how far before the grid something is, or behind it where that is negative."""
    if abs(seconds) < 0.0005:
        return "on the clock's grid"
    return f"{abs(seconds) * 1000:.1f} ms {'early' if seconds > 0 else 'late'}"
