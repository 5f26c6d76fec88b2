"""`pocketd render`: the effect on two MIDI files."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import typer
from rich.console import Console

from pocket_core.errors import ConfigError, ModelError
from pocket_core.habits import UNKNOWN
from pocket_core.predict import Predictor
from pocket_core.settings import Settings
from pocket_core.types import Seconds
from pocketd.commands.patience import patience
from pocketd.like import read_habits
from pocketd.midifile import read_score, score_bytes
from pocketd.midiscore import nobody
from pocketd.model import load_predictor
from pocketd.render import TRANSPORT, Rendered, render
from pocketd.summary import remarks, report_bytes, table
from pocketd.wholefile import write_together

UNHURRIED = Seconds(math.inf)  # a slow machine shall render the same as a fast one


def command(
    *,
    human: Path | None = typer.Option(
        None, help="The musician's MIDI file, placed by its own tempo; without one nobody plays along."
    ),
    drums: Path = typer.Option(..., help="The drum track's MIDI file; its tempo and meter rule."),
    out: Path = typer.Option(..., help="Where the shifted drums go, a MIDI file."),
    report: Path | None = typer.Option(None, help="Where a report goes: every timestep, as JSON."),
    model: str = typer.Option(
        "follower",
        help="A model that ships (`pocketd models list`), the path of an .onnx file, or none: the grid.",
    ),
    amount: float = typer.Option(
        1.0, help="How much of the offset is played, 0 to 1: 0 is a metronome, 1 glued."
    ),
    lookahead_ms: float = typer.Option(
        120.0, help="How far ahead the effect sees, and so how early a hit can be, 20 to 1000."
    ),
    late_commit: bool = typer.Option(True, help="Let what the musician plays move hits that still wait."),
    expressive: float = typer.Option(
        0.0, help="How much each drum goes its own way where nobody plays, 0 to 1."
    ),
    dynamics: float = typer.Option(0.0, help="How much of a drummer's dynamics is played, 0 to 1."),
    like: Path | None = typer.Option(
        None, help="MIDI file of a drummer whom the drums shall be like, played to a click and not quantised."
    ),
    transport_ms: float = typer.Option(
        TRANSPORT * 1000, help="How long an onset of the musician takes to move a drum hit, 0 to 1000."
    ),
) -> None:
    """Render a musician and a drum track to drums in the pocket, faster than real time.

    Without a musician the drums are humanised: try --expressive 1 --dynamics 1, and --like with a recorded
    drummer.
    The same files give the same bytes. Drums that are not on a grid are quantised first.
    """
    settings = Settings(
        look_ahead=Seconds(within("--lookahead-ms", lookahead_ms, 20, 1000) / 1000),
        amount=within("--amount", amount, 0, 1),
        late_commit=late_commit,
        expressive=within("--expressive", expressive, 0, 1),
        dynamics=within("--dynamics", dynamics, 0, 1),
    )
    transport = Seconds(within("--transport-ms", transport_ms, 0, 1000) / 1000)
    written = [path for path in (out, report) if path is not None]
    refuse_overwriting([path for path in (human, drums, like) if path is not None], written)
    predictor = load_predictor(model, step_limit=UNHURRIED)
    drum_score = read_score(drums)
    human_score = nobody(drum_score) if human is None else read_score(human)
    habits = UNKNOWN if like is None else read_habits(like, settings.voices)
    with patience("rendering") as progress:
        rendered = render(
            human_score, drum_score, settings, predictor, transport, habits=habits, progress=progress
        )
    _refuse_faults(predictor)
    files = {out: score_bytes(drum_score, rendered.output, f"{drums.stem} in the pocket")}
    if report is not None:
        files[report] = report_bytes(rendered, settings, transport, predictor)
    write_together(files)
    console = Console(highlight=False, markup=False)
    for line in _remarks(rendered):
        console.print(line, soft_wrap=True)
    title = f"{drums.name} to {human_score.name if human is None else human.name}, model {predictor.name}"
    console.print(table(title, rendered.summary, rendered.counts))
    console.print(f"wrote {' and '.join(map(str, written))}", soft_wrap=True)


def _refuse_faults(predictor: Predictor) -> None:
    faults = getattr(predictor, "faults", 0)
    if faults:
        raise ModelError(
            f"model {predictor.name} gave no usable offset in {faults} steps; "
            "nothing was written, choose another"
        )


def _remarks(rendered: Rendered) -> Iterator[str]:
    yield from remarks(rendered.drums, rendered.human)
    if rendered.human.notes and rendered.summary.pocketd is None:
        yield f"{rendered.human.name} never meets a drum: check that both files start at the same place."
    if rendered.before_start:
        yield f"{rendered.before_start} messages left before the file begins; they are written at its start."


def within(option: str, value: float, lowest: float, highest: float) -> float:
    """Return an option's value if it may be had.

    Raises:
        ConfigError: It is outside its range, or not a number.
    """
    if not lowest <= value <= highest:
        raise ConfigError(f"{option} {value:g} is outside {lowest:g} to {highest:g}; choose a value inside")
    return value


def refuse_overwriting(inputs: list[Path], outputs: list[Path]) -> None:
    """See to it that nothing is written over what is read, or twice.

    Raises:
        ConfigError: It would be.
    """
    for i, path in enumerate(outputs):
        if any(path.resolve() == other.resolve() for other in (*inputs, *outputs[:i])):
            raise ConfigError(f"{path} is named twice, once to be written; write somewhere else")
