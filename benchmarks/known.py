"""The figures that BENCHMARKS knows for "Follow", test split: what a run must reproduce, to 0.05 ms."""

from __future__ import annotations

from collections.abc import Mapping

from benchmarks.rivals import TRANSPORTS_MS

FORECAST: Mapping[str, Mapping[str, float]] = {
    "quantised": {"mae_ms": 16.61, "sd_ms": 19.49, "drummer_mae_ms": 16.73, "steps": 9_005},
    "running mean": {"mae_ms": 13.80, "sd_ms": 18.23, "drummer_mae_ms": 16.47, "steps": 9_005},
    "groove template": {"mae_ms": 11.53, "sd_ms": 15.38, "drummer_mae_ms": 15.29, "steps": 9_005},
    "own hands": {"mae_ms": 11.64, "sd_ms": 15.69, "steps": 9_005},
}

#: Of a trained network that was tried before the project; it cannot be run here.
PILOT: Mapping[str, Mapping[str, float]] = {
    "pilot (192-unit GRU)": {"mae_ms": 9.35, "sd_ms": 12.52, "drummer_mae_ms": 11.78},
}

_LATE = {
    "no model": ((5.93, 9.79), (6.81, 10.31), (8.44, 11.34), (10.66, 12.94)),
    "groove template": ((6.39, 9.77), (7.04, 10.21), (8.15, 11.06), (9.42, 12.23)),
}
#: + 4 ms: a hit waits that much longer than forecast before it leaves.
_LATE_PILOT = {
    "pilot": ((5.63, 8.19), (6.22, 8.63), (7.17, 9.43), (8.14, 10.45)),
    "pilot + 4 ms": ((4.06, 6.98), (4.88, 7.44), (6.24, 8.34), (7.76, 9.60)),
    "pilot + 8 ms": ((3.04, 5.77), (4.07, 6.21), (5.90, 7.13), (8.07, 8.54)),
}


def late_name(model: str, transport_ms: float) -> str:
    """Return the name of a late commit row."""
    return f"{model} late commit {transport_ms:.1f} ms"


def _rows(table: Mapping[str, tuple[tuple[float, float], ...]]) -> dict[str, Mapping[str, float]]:
    return {
        late_name(model, transport): {"mae_ms": mae, "sd_ms": sd}
        for model, pairs in table.items()
        for transport, (mae, sd) in zip(TRANSPORTS_MS, pairs, strict=True)
    }


LATE = _rows(_LATE)
LATE_PILOT = _rows(_LATE_PILOT)
