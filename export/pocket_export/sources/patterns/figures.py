"""The filter that tells a pattern worth keeping from others, and what of many samples passes it.

Recovered from published samples of altsoph/drum_space: a pattern passes where the entropy of its 32 steps is
1.30 bits at least, and it is no rotation of one that was learnt from.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from pocket_core.phrases.patterns import Pattern, digest, entropy, varied


@dataclass(frozen=True, slots=True)
class Filtered:
    """What came of samples."""

    count: int
    passing: int
    varied: int  # by entropy alone
    known: int  # varied, and learnt from
    distinct: int  # under rotation, of those that pass
    silent: int
    entropy: float  # bits, on the mean of all
    entropy_passing: float  # bits, on the mean of those that pass; 0 where none does

    def scaled(self, count: int, *, distinct: bool) -> dict[str, float]:
        """Return them for a table, each as if there were so many samples.

        Args:
            count: Samples.
            distinct: Whether how many are distinct is said; it does not grow with the samples.
        """
        share = count / max(self.count, 1)
        whole = {"passing": self.passing, "varied": self.varied, "known": self.known, "silent": self.silent}
        figures: dict[str, float] = {key: value * share for key, value in whole.items()}
        if distinct:
            figures["distinct"] = float(self.distinct)
        return {**figures, "entropy_bits": self.entropy, "passing_bits": self.entropy_passing}


def passes(pattern: Sequence[int], known: Collection[bytes]) -> bool:
    """Return whether a pattern passes the filter.

    Args:
        pattern: 32 steps.
        known: The digests of what was learnt from.
    """
    return varied(pattern) and digest(pattern) not in known


def filtered(patterns: Sequence[Pattern], known: Collection[bytes]) -> Filtered:
    """Return what of samples passes."""
    bits = [entropy(pattern) for pattern in patterns]
    lively = [n for n, pattern in enumerate(patterns) if varied(pattern)]
    marks = {n: digest(patterns[n]) for n in lively}
    passing = [n for n in lively if marks[n] not in known]
    return Filtered(
        len(patterns),
        len(passing),
        len(lively),
        len(lively) - len(passing),
        len({marks[n] for n in passing}),
        sum(not any(pattern) for pattern in patterns),
        float(np.mean(bits)) if bits else 0.0,
        float(np.mean([bits[n] for n in passing])) if passing else 0.0,
    )
