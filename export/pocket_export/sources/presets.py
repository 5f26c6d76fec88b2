"""The presets that ship: of each style of the Groove MIDI Dataset the two bars that are most like all others.

Of every beat in 4/4 of the training split each window of two bars is a candidate, its hits on the nearest
sixteenth. The preset of a style is the medoid, the window of the least mean Jaccard distance to the others;
of equals the earliest in info.csv.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from pocket_core.errors import DataError
from pocket_core.voices import VOICES
from pocket_export.groove import LICENCE
from pocket_export.recordings import Groove, Performance
from pocket_export.sources.order import Round, SourceOrder, Watch
from pocketd.generators.presets import FILE
from pocketd.wholefile import write_whole

EPOCHS = 1
STEPS = 32  # sixteenths
LEAST_FILES = 4  # of a style that has a preset
MOST_WINDOWS = 1500  # of a style that are compared: the first of each file come first
LEAST_HITS = 8  # of a window

Struck = tuple[float, int, int, float]  # beat, voice, velocity, offset in beats


@dataclass(frozen=True, slots=True)
class Window:
    """Two bars as somebody played them."""

    file: str
    bar: int  # from 0
    hits: NDArray[np.bool_]  # (STEPS * 9,)
    strokes: tuple[Struck, ...]


def make(order: SourceOrder, groove: Groove, watch: Watch) -> Path:
    """Choose the presets and write them; return the path of their file.

    Raises:
        DataError: No style has enough files.
    """
    began = perf_counter()
    beats = [p for p in groove.split("train") if p.in_follow]
    styles: dict[str, list[Performance]] = {}
    for performance in beats:
        styles.setdefault(performance.style.split("/")[0], []).append(performance)
    enough = 1 if order.quick else LEAST_FILES
    chosen = {name: files for name, files in styles.items() if len(files) >= enough}
    presets = []
    for n, name in enumerate(sorted(chosen, key=lambda name: (-len(chosen[name]), name))):
        window = medoid(windows(chosen[name]))
        if window is not None:
            presets.append(
                {
                    "name": name,
                    "length": STEPS / 4,
                    "from": f"{window.file}, bar {window.bar + 1}",
                    "strokes": window.strokes,
                }
            )
        watch((n + 1) / len(chosen), None)
    if not presets:
        raise DataError("no style has enough beats in 4/4 to choose a preset from; is the data set whole?")
    said = {
        "format": 1,
        "licence": LICENCE,
        "contents_sha256": groove.contents,
        "command": order.command,
        "presets": presets,
    }
    path = order.out / FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, (json.dumps(said, indent=1) + "\n").encode())
    watch(1.0, Round(1, 0.0, 0.0, f"{len(presets)} presets", perf_counter() - began))
    return path


def windows(performances: Sequence[Performance]) -> list[Window]:
    """Return the windows of a style; those that begin files come first."""
    found = [window for performance in performances for window in _windows(performance)]
    return sorted(found, key=lambda window: window.bar)[:MOST_WINDOWS]


def medoid(candidates: Sequence[Window]) -> Window | None:
    """Return the window that is most like the others; None: there is none."""
    if not candidates:
        return None
    hits = np.stack([window.hits for window in candidates]).astype(np.float32)
    both = hits @ hits.T
    each = hits.sum(1)
    either = each[:, None] + each[None] - both
    distance = 1 - both / np.maximum(either, 1)
    return candidates[int(distance.mean(1).argmin())]


def _windows(performance: Performance) -> list[Window]:
    steps = np.round(performance.beats * 4).astype(np.int64)
    offsets = performance.beats - steps / 4
    found = []
    for bar in range(int(steps.max(initial=0)) // 16):
        inside = np.flatnonzero((steps >= 16 * bar) & (steps < 16 * bar + STEPS))
        loudest: dict[tuple[int, int], int] = {}
        for n in inside:
            key = (int(steps[n]) - 16 * bar, int(performance.voices[n]))
            if key not in loudest or performance.velocities[loudest[key]] < performance.velocities[n]:
                loudest[key] = int(n)
        if len(loudest) < LEAST_HITS:
            continue
        hits = np.zeros((STEPS, len(VOICES)), bool)
        for step, voice in loudest:
            hits[step, voice] = True
        strokes = tuple(
            (step / 4, voice, int(performance.velocities[n]), round(float(offsets[n]), 4))
            for (step, voice), n in sorted(loudest.items())
        )
        found.append(Window(performance.name, bar, hits.ravel(), strokes))
    return found
