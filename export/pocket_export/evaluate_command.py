"""`pocketd evaluate`: how close a model's forecasts come, by BENCHMARKS' Follow, without the engine.

`pocketd evaluate sources` judges those who make the drums instead.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from pocket_core.errors import DataError
from pocket_core.features import GROOVE, OFFSET_SCALE
from pocket_core.types import Seconds
from pocket_export.needs import need
from pocket_export.sources.report.command import sources
from pocketd.model import load_predictor
from pocketd.wholefile import write_whole

if TYPE_CHECKING:
    from pocket_export.lesson import Lesson
    from pocket_export.step_through import Figures, Played

#: Figure, heading, digits.
COLUMNS = (
    ("steps", "steps", 0),
    ("mae_ms", "MAE ms", 2),
    ("sd_ms", "SD ms", 2),
    ("centred_mae_ms", "centred", 2),
    ("drummer_mae_ms", "drummer", 2),
    ("stroke_mae_ms", "stroke", 2),
    ("chance_accuracy", "chance", 3),
    ("velocity_mse", "veloc.", 4),
)
REMARKS = (
    "MAE, SD: musician's onset - forecast where both play; centred: each file's mean error removed",
    "drummer: MAE of the drummer's own offset - forecast, every timestep",
    "stroke: MAE of each stroke's own offset - what is said of its voice, whomever the forecast follows",
    "chance: share of timesteps at which it is right about whether the musician plays",
    "veloc.: mean squared error of each stroke's velocity, 0..1",
    "The engine's figures, with late commit: benchmarks/follow.py",
)


class Split(StrEnum):
    """What to judge by."""

    VALIDATION = "validation"
    TEST = "test"


@dataclass(frozen=True, slots=True)
class _Row:
    name: str
    figures: Figures
    drummer: str | None = None  # of whom alone; None: all


def evaluate(
    context: typer.Context,
    *,
    model: str | None = typer.Option(
        None, help="A model's name, the path of an .onnx file, or none for the grid.", show_default="required"
    ),
    split: Split = typer.Option(
        Split.VALIDATION, help="validation to choose by; test once, when a model is done."
    ),
    data: Path | None = typer.Option(
        None, help="The Groove MIDI Dataset: its zip, or a folder with or of it; else where it usually lies."
    ),
    json_to: Path | None = typer.Option(
        None, "--json", metavar="FILE", help="Write the figures there as well."
    ),
) -> None:
    """Score a model's forecasts: musician, drummer, chance and velocities, in all and by drummer.

    The model is stepped through ONNX Runtime over each drummer's duets with themselves, hands against feet.
    """
    if context.invoked_subcommand is not None:
        return
    if model is None:
        context.fail("Missing option '--model'.")
    need("symusic")
    from pocket_export.curriculum import validation_duets
    from pocket_export.groove import TITLE, find_data, load
    from pocket_export.step_through import figures, step_through

    predictor = load_predictor(model, Seconds(math.inf))
    groove = load(find_data(data))
    lessons = validation_duets(groove.split(split))
    if not lessons:
        raise DataError(f"no file of the {split} split has drums and cymbals; choose another --split")
    console = Console(highlight=False, markup=False, soft_wrap=True)
    with _shown(console, predictor.name, sum(map(len, lessons))) as advance:
        played = [step_through(predictor, lesson, advance) for lesson in lessons]
    rows = [_Row(name, figures(known)) for name, known in _rivals(lessons)]
    rows.append(_Row(predictor.name, figures(played)))
    drummers = sorted({p.lesson.source.drummer for p in played}, key=lambda name: (len(name), name))
    for drummer in drummers:
        theirs = [p for p in played if p.lesson.source.drummer == drummer]
        rows.append(_Row(predictor.name, figures(theirs), drummer))
    faults = int(getattr(predictor, "faults", 0))
    console.print(f"{TITLE}, {split} split, {len(lessons)} files, hands against feet")
    console.print(_table(rows))
    for remark in REMARKS:
        console.print(remark)
    if faults:
        console.print(f"{faults} steps gave no forecast and count as 0: {getattr(predictor, 'fault', '')}")
    if json_to is not None:
        about = {
            "benchmark": "evaluate",
            "model": predictor.name,
            "sha256": getattr(predictor, "sha256", None),
            "data": TITLE,
            "contents_sha256": groove.contents,
            "split": str(split),
            "faults": faults,
            "rows": [_as_json(row) for row in rows],
        }
        text = json.dumps(about, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
        write_whole(json_to, text.encode("utf-8"))


def _rivals(lessons: Sequence[Lesson]) -> Iterator[tuple[str, list[Played]]]:
    """Yield what is to be beaten: the grid, and what the groove template expects."""
    from pocket_export.step_through import Played

    drums = [lesson.deaf() for lesson in lessons]
    yield "quantised", [Played(lesson, np.zeros(len(lesson))) for lesson in drums]
    yield (
        "groove template",
        [Played(lesson, lesson.x[:, GROOVE].astype(np.float64) / OFFSET_SCALE) for lesson in drums],
    )


def _table(rows: Sequence[_Row]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("", no_wrap=True)
    for _, heading, _ in COLUMNS:
        table.add_column(heading, justify="right", no_wrap=True)
    for row in rows:
        values = ((getattr(row.figures, key), digits) for key, _, digits in COLUMNS)
        name = f"  {row.drummer}" if row.drummer else row.name
        table.add_row(name, *("" if v is None else f"{v:,.{digits}f}" for v, digits in values))
    return table


def _as_json(row: _Row) -> dict[str, object]:
    said = {key: value for key, value in asdict(row.figures).items() if value is not None}
    return {"name": f"{row.name} {row.drummer}" if row.drummer else row.name, **said}


@contextmanager
def _shown(console: Console, name: str, steps: int) -> Iterator[Callable[[int], None]]:
    """Show a bar with the time left."""
    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    quiet = not console.is_terminal  # where it would leave an empty line
    with Progress(*columns, console=console, transient=True, disable=quiet) as progress:
        task = progress.add_task(name, total=steps)
        yield lambda count: progress.advance(task, count)


app = typer.Typer()
app.callback(invoke_without_command=True)(evaluate)
app.command()(sources)
