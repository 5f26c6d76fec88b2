"""Timesteps that have left: open for as long as an onset may still meet them, then records."""

from __future__ import annotations

from collections import deque

from pocket_core.records import TimestepRecord
from pocket_core.score import Timestep
from pocket_core.settings import Settings
from pocket_core.tempo import MeterMap
from pocket_core.types import Seconds
from pocket_core.voices import VOICES

OPEN_FOR = Seconds(0.050)  # beyond window and latencies: the longest that an onset may be on its way
MOST_RECORDS = 10_000  # kept where nobody takes them, the newest


class Past:
    """What has left, in order of leaving."""

    def __init__(self) -> None:
        self.open: deque[Timestep] = deque()  # an onset may still meet them
        self._closed: deque[TimestepRecord] = deque(maxlen=MOST_RECORDS)
        self._count = 0

    def add(self, step: Timestep) -> None:
        """Take over a timestep that leaves."""
        step.index, self._count = self._count, self._count + 1
        self.open.append(step)

    def close(self, now: Seconds, settings: Settings) -> None:
        """Make records of the timesteps that no onset can meet any more; infinity: of all."""
        latency = settings.input_latency + settings.output_latency
        longest = settings.window + latency + OPEN_FOR
        while self.open and self.open[0].nominal + longest < now:
            self._closed.append(_record(self.open.popleft(), settings.meters))

    def take(self) -> list[TimestepRecord]:
        """Return what has been closed since the last call, at most the newest `MOST_RECORDS`."""
        records = list(self._closed)
        self._closed.clear()
        return records

    def twin(self, step: Timestep, within: Seconds) -> Timestep | None:
        """Return the open timestep at the same grid position as one that comes now."""
        if not step.on_grid:
            return None
        near = (gone for gone in reversed(self.open) if abs(gone.nominal - step.nominal) <= within)
        return next((gone for gone in near if gone.on_grid), None)


def _record(step: Timestep, meters: MeterMap) -> TimestepRecord:
    place = step.place(meters)
    return TimestepRecord(
        index=step.index,
        nominal_s=step.nominal,
        bar=place.bar,
        beat=place.beat,
        voices=tuple(VOICES[v] for v in sorted(step.voices)),
        forecast_ms=step.forecast * 1000,
        refined_ms=step.refined * 1000,
        played_ms=(step.committed - step.nominal) * 1000,
        committed_s=step.committed,
        human_s=step.onset,
        diff_ms=None if step.onset is None else (step.onset - step.committed) * 1000,
    )
