"""`pocketd models`: which models there are, what their cards say, whether they hold, and which one plays."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import typer

from pocket_core.types import Seconds
from pocketd import champion_lines, model_list
from pocketd.champion import CHAMPION, NIGHT, Nights, nights_folder
from pocketd.commands.models_use import rollback, use
from pocketd.commands.verifying import check_all, check_sources, found, plain_console
from pocketd.config import Config, load
from pocketd.generators import shelf as sources
from pocketd.generators.check import BARS, LIMIT
from pocketd.generators.check import PASSES as BAR_PASSES
from pocketd.generators.check import Verdict as Made
from pocketd.generators.graphs import LARGEST_CARD
from pocketd.model_check import PASSES, STEPS, Demands, Verdict
from pocketd.model_page import page
from pocketd.model_shelf import NONE, own_folder, read_card, read_sheet
from pocketd.onnxfile import read_bytes
from pocketd.standard import printable

CONFIG = "Your configuration, a YAML file; without it, the one that ships."
FAILED = 1

command = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="The models: what there is, what is in them, which one plays.\n\n"
    "A model is an ONNX file and beside it its card, `NAME.onnx` and `NAME.json`. Some ship with pocketd; "
    "put your own into the folder that `pocketd models list` names, or give their path.\n\n"
    "What the nights have made is named by the night, such as 2026-11-21-033000; the one in use is the "
    "champion.\n\n"
    "Look with `list`, read with `show`, try with `verify`; then `pocketd models use NAME --config FILE` "
    "writes it into your configuration, and `pocketd models rollback` goes back to an earlier champion.",
)


@command.command("list")
def list_models(
    *,
    config: Path | None = typer.Option(None, help=CONFIG),
    as_json: bool = typer.Option(False, "--json", help="Print the same for programs."),
) -> None:
    """Show every model, a line each, and which one the configuration uses.

    *features* is the version of what a model looks at; *usable* says whether this build computes that.
    *hears* says whether it takes note of what the musician plays between the drum hits, too. *validation MAE*
    is its forecast's mean distance to the musician, on recordings that it was chosen by, not trained on.

    Below them are the sources that make drums, which `source:` in the configuration chooses.
    """
    chosen = load(config)
    listed, making = model_list.rows(chosen.model, chosen.takes.song), sources.shelf()
    if as_json:
        rows = [model_list.as_json(row) for row in listed]
        rows += [sources.as_json(each, chosen.source) for each in making]
        print(json.dumps(rows, indent=1))
        return
    console = plain_console()
    console.print(model_list.table(listed), soft_wrap=False)
    for line in model_list.remarks(listed):
        console.print(line)
    console.print(sources.table(making, chosen.source), soft_wrap=False)
    for each in making:
        if each.fault is not None:
            console.print(printable(f"{each.name}: {each.fault}"))
    console.print(printable(_used(chosen, "the shipped configuration" if config is None else str(config))))
    if (root := nights_folder()) is not None:
        for line in champion_lines.lines(Nights(root)):
            console.print(printable(line))
    if (own := own_folder()) is not None:
        console.print(printable(f"Models of your own go to {own}"))


@command.command()
def show(
    name: str = typer.Argument(
        ...,
        metavar="NAME|PATH",
        help="A model's name, a night, champion, the path of an .onnx file; a source, or its card's path.",
    ),
    *,
    as_json: bool = typer.Option(False, "--json", help="Print the card as it is written."),
) -> None:
    """Show a model's card: what it is, from which data and by which command it was made, and its figures.

    Command, seed, commit and the checksum of the data are what it takes to make it again. Figures called
    *validation* are of the recordings that its weights were chosen by, so they flatter a little.
    """
    console, card = plain_console(), sources.card_path(name)
    if card is not None:
        lines, text = sources.page(sources.shelved(card.stem, card)), read_bytes(card, LARGEST_CARD)
    else:
        path = found(name)
        lines, text = page(read_sheet(path), path), read_card(path)
    if as_json:
        print(text.decode().rstrip())
        return
    for line in lines:
        console.print(line)


@command.command()
def verify(
    names: list[str] | None = typer.Argument(
        None,
        metavar="NAME|PATH",
        help="Which models, or sources; without any, all that there are.",
        show_default=False,
    ),
    *,
    config: Path | None = typer.Option(None, help=CONFIG),
) -> None:
    """Put models to the test, without playing a note.

    The file against its card's checksum; the graph and the features against what this build computes; then
    500 steps on made-up features, twice: every answer has to be finite and the same both times, the state has
    to change, and no step may take longer than the configuration's `step_limit_ms` both times. Where nothing
    is known, a model has to stay within what the configuration lets a hit move.

    Of a source the files go against their card's checksums, the graphs against the networks that they were
    exported from, as the card tells; then it makes 12 bars, twice, with every knob turned: they have to be
    the same both times, of strokes of a drum kit, and no bar may take longer than 400 ms both times.

    Exit codes: 0 all hold; 1 one does not, and its line says why and what to do; 2 a configuration that
    cannot be used.
    """
    chosen = load(config)
    asked = names or [*_all(chosen), *sources.KINDS]
    makers = [name for name in asked if sources.card_path(name) is not None]
    models = [name for name in asked if name not in makers]
    console = plain_console()
    wide = max((len(_short(name)) for name in asked), default=0)
    failed = False
    for name, verdict in zip(models, check_all(models, Demands.of(chosen)), strict=True):
        failed |= bool(verdict.faults)
        for line in _told(verdict, chosen):
            console.print(printable(f"{_short(name):<{wide}}  {line}"))
    for name, made in zip(makers, check_sources(makers), strict=True):
        failed |= bool(made.faults)
        for line in _told_of_source(made):
            console.print(printable(f"{_short(name):<{wide}}  {line}"))
    if failed:
        raise typer.Exit(FAILED)


command.command()(use)
command.command()(rollback)


def _used(config: Config, by: str) -> str:
    name = config.model
    if name == NONE:
        return f"In use by {by}: none, the grid"
    if name == CHAMPION:
        return f"In use by {by}: champion"
    if model_list.used_path(name) is None:
        return f"In use by {by}: {name}, which is not there; `pocketd run` plays on the grid instead"
    return f"In use by {by}: {name}"


def _all(config: Config) -> list[str]:
    """Return all models to verify; the configured one is among them, even where it is not there."""
    song = config.takes.song
    asked = [str(row.shelved.path) for row in model_list.rows(config.model, song)]
    missing = config.model != NONE and model_list.used_path(config.model, song) is None
    return [*asked, config.model] if missing else asked


def _told(verdict: Verdict, config: Config) -> Iterator[str]:
    """Return a line for what is wrong, each, and one for how it stepped."""
    for fault in verdict.faults:
        yield f"fails: {fault}"
    steps = verdict.steps
    if steps is not None:
        yield (
            f"{'stepped' if verdict.faults else 'holds'}: {PASSES} times {STEPS} steps, "
            f"p50 {_ms(steps.median)}, p99 {_ms(steps.p99)}, "
            f"longest {_ms(steps.worst)} of {config.step_limit_ms:g} ms; "
            f"where nothing is known {steps.on_nothing * 1000:+.1f} ms"
        )


def _told_of_source(verdict: Made) -> Iterator[str]:
    """Return a line for what is wrong, each, and one for what it made."""
    for fault in verdict.faults:
        yield f"fails: {fault}"
    if verdict.bars is not None:
        yield (
            f"{'made' if verdict.faults else 'holds'}: {BAR_PASSES} times {BARS} bars of the same "
            f"{verdict.bars.strokes} strokes, p50 {_ms(verdict.bars.median)}, "
            f"longest {_ms(verdict.bars.worst)} of {LIMIT * 1000:g} ms"
        )


def _ms(seconds: Seconds) -> str:
    return f"{seconds * 1000:.2f} ms"


def _short(name: str) -> str:
    path = Path(name)
    if path.suffix not in (".onnx", ".json"):
        return name
    return path.parent.name if NIGHT.fullmatch(path.parent.name) else path.stem
