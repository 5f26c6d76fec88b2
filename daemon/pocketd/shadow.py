"""A second model in silence: what it would have forecast in a finished take, beside what was forecast.

It is replayed after the take (`pocketd.replay`), in a process of its own at the lowest priority. What it says
lies in `shadow.json` in the take's folder; from there it comes into the table and the report.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from pathlib import Path

from pocket_core.errors import TakeError
from pocket_core.records import TimestepRecord
from pocket_core.types import Seconds
from pocketd.journal import JOURNAL, LOCK, lock
from pocketd.model import OnnxPredictor, load_predictor
from pocketd.replay import replay
from pocketd.report_rows import DIGITS_MS
from pocketd.shadow_file import Beside, Shadow, beside, write_shadow
from pocketd.take_content import gather
from pocketd.takes import finalise

PATIENT = Seconds(3600.0)  # no step is too slow: nobody waits for it
NEAR = Seconds(0.005)  # a replayed timestep this near is the one that was logged


def shadow(take_folder: Path, model: str | Path) -> Beside:
    """Write beside a finished take what another model would have forecast in it.

    Reads files and takes its time; not for the desk's or the loop's process. The take's own files are made
    anew, each whole or not at all. What an earlier shadow said is replaced.

    Args:
        take_folder: The take's own.
        model: As `model:` names it: a name, or the path of an .onnx file.

    Raises:
        ModelError: There is no such model, or it cannot be trusted.
        TakeError: The journal cannot be read or replayed, or the take is live.
        PocketError: The folder cannot be written to.
    """
    predictor = load_predictor(model, PATIENT)
    replayed = replay(take_folder / JOURNAL, predictor)
    timesteps = gather(take_folder / JOURNAL).timesteps
    said = Shadow(
        model=predictor.name,
        sha256=predictor.sha256 if isinstance(predictor, OnnxPredictor) else None,
        remarks=list(replayed.remarks),
        forecast_ms=_matched(timesteps, replayed.records),
    )
    held = lock(take_folder)
    if held is None:
        raise TakeError(f"{take_folder} is being played or recovered; try again when it is finished")
    with held:
        write_shadow(take_folder, said)
        finalise(take_folder)
        (take_folder / LOCK).unlink(missing_ok=True)
    return beside(timesteps, said)


def _matched(logged: Sequence[TimestepRecord], replayed: Sequence[TimestepRecord]) -> list[float | None]:
    """Return the forecast that was replayed for each timestep that was logged."""
    records = sorted(replayed, key=lambda r: r.nominal_s)
    times = [r.nominal_s for r in records]
    found: list[float | None] = []
    for step in logged:
        at = bisect_left(times, step.nominal_s)
        near = min(
            records[max(at - 1, 0) : at + 1], key=lambda r: abs(r.nominal_s - step.nominal_s), default=None
        )
        same = near is not None and abs(near.nominal_s - step.nominal_s) <= NEAR
        found.append(round(near.forecast_ms, DIGITS_MS) if near is not None and same else None)
    return found
