"""`pocketd models`: which models there are, what their cards say, whether they hold, and which one plays."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from pocket_core.errors import ConfigError, ModelError, PocketError
from pocket_core.types import Seconds
from pocketd import model_list, service
from pocketd.config import Config, load, parse
from pocketd.model_check import PASSES, STEPS, Demands, Verdict, Watch, check
from pocketd.model_page import page
from pocketd.model_shelf import NONE, find, in_config, own_folder, read_card, read_sheet
from pocketd.standard import printable
from pocketd.wholefile import write_whole
from pocketd.yaml_edit import set_key

CONFIG = "Your configuration, a YAML file; without it, the one that ships."
WIDE = 240  # columns, where nobody's terminal cuts a line
FAILED = 1
FIRST_LINE = b"# What is not said here is as in the config.yaml that ships; it explains every key.\n"
GRID = f"{NONE!r} is no model but the grid"

command = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="The models: what there is, what is in them, which one plays.\n\n"
    "A model is an ONNX file and beside it its card, `NAME.onnx` and `NAME.json`. Some ship with pocketd; "
    "put your own into the folder that `pocketd models list` names, or give their path.\n\n"
    "Look with `list`, read with `show`, try with `verify`; then `pocketd models use NAME --config FILE` "
    "writes it into your configuration.",
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
    """
    configured = load(config).model
    listed = model_list.rows(configured)
    if as_json:
        print(json.dumps([model_list.as_json(row) for row in listed], indent=1))
        return
    console = _console()
    console.print(model_list.table(listed), soft_wrap=False)
    for line in model_list.remarks(listed):
        console.print(line)
    console.print(
        printable(_used(configured, "the shipped configuration" if config is None else str(config)))
    )
    if (own := own_folder()) is not None:
        console.print(printable(f"Models of your own go to {own}"))


@command.command()
def show(
    name: str = typer.Argument(
        ..., metavar="NAME|PATH", help="A model's name, or the path of an .onnx file."
    ),
    *,
    as_json: bool = typer.Option(False, "--json", help="Print the card as it is written."),
) -> None:
    """Show a model's card: what it is, from which data and by which command it was made, and its figures.

    Command, seed, commit and the checksum of the data are what it takes to make it again. Figures called
    *validation* are of the recordings that its weights were chosen by, so they flatter a little.
    """
    path = _found(name)
    sheet = read_sheet(path)
    if as_json:
        print(read_card(path).decode().rstrip())
        return
    console = _console()
    for line in page(sheet, path):
        console.print(line)


@command.command()
def verify(
    names: list[str] | None = typer.Argument(
        None,
        metavar="NAME|PATH",
        help="Which models; without any, all that there are.",
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

    Exit codes: 0 all hold; 1 one does not, and its line says why and what to do; 2 a configuration that
    cannot be used.
    """
    chosen = load(config)
    asked = names or _all(chosen.model)
    verdicts = _check_all(asked, Demands.of(chosen))
    console = _console()
    wide = max((len(_short(name)) for name in asked), default=0)
    for name, verdict in zip(asked, verdicts, strict=True):
        for line in _told(verdict, chosen):
            console.print(printable(f"{_short(name):<{wide}}  {line}"))
    if any(verdict.faults for verdict in verdicts):
        raise typer.Exit(FAILED)


@command.command()
def use(
    name: str = typer.Argument(
        ..., metavar="NAME|PATH", help="A model's name, the path of an .onnx file, or none."
    ),
    *,
    config: Path | None = typer.Option(
        None, help="Your configuration, which is written to; it is made where it is missing."
    ),
    reload: bool = typer.Option(
        False, "--reload", help="Have the daemon that systemd runs for you take it over at once."
    ),
) -> None:
    """Play by another model: verify it, and write it into your configuration.

    Only the value of `model:` changes; comments, order and all else stay as they are. A model that does not
    hold is refused, and nothing is written. `pocketd models use none --config FILE` is for no model at all.

    A running daemon takes it over when it is told to: `systemctl --user reload pocketd`, or SIGHUP.

    Exit codes: 0 it is written; 1 it cannot be written, or there is no daemon to reload; 2 a configuration
    that cannot be used; 4 a model that cannot.
    """
    if config is None:
        raise ConfigError(
            "name the configuration to write to with --config FILE; pocketd finds none of yours by itself "
            "(without --config, `pocketd run` reads the one that ships)"
        )
    chosen, before = _read(config)
    if reload:
        _see_that_it_plays_by(config)
    value = NONE if name == NONE else _held(name, chosen)
    after = set_key(FIRST_LINE if before is None else before, "model", value, str(config))
    parse(after, str(config))
    console = _console()
    if after == before:
        console.print(printable(f"{config} says model: {value} already; nothing was written"))
    else:
        _write(config, after)
        was = "" if before is None else f", where it was {chosen.model}"
        console.print(printable(f"wrote model: {value} to {config}{was}"))
    if reload:
        service.reload_service()
        console.print("told the daemon; `journalctl --user -u pocketd` has what it says")
    else:
        quoted = shlex.quote(str(config))
        console.print(printable(f"Next: pocketd run --config {quoted}"))
        console.print("or, where it runs by that file: systemctl --user reload pocketd (or send it SIGHUP)")


def _found(name: str) -> Path:
    if name == NONE:
        raise ModelError(
            f"{GRID}: it has no card and nothing to verify; `pocketd models list` names the models"
        )
    return find(name)


def _used(configured: str, by: str) -> str:
    if configured == NONE:
        return f"In use by {by}: none, the grid"
    if model_list.used_path(configured) is None:
        return f"In use by {by}: {configured}, which is not there; `pocketd run` plays on the grid instead"
    return f"In use by {by}: {configured}"


def _all(configured: str) -> list[str]:
    """Return all models to verify; the configured one is among them, even where it is not there."""
    asked = [str(row.shelved.path) for row in model_list.rows(configured)]
    missing = configured != NONE and model_list.used_path(configured) is None
    return [*asked, configured] if missing else asked


def _check_all(names: Sequence[str], demands: Demands) -> list[Verdict]:
    """Check one model after another; one that is not there has failed."""
    verdicts = []
    with _progress(len(names)) as watch:
        for n, name in enumerate(names):
            try:
                path = _found(name)
            except ModelError as error:
                verdicts.append(Verdict((str(error),), None))
                continue
            verdicts.append(check(path, demands, watch=_after(n, watch)))
    return verdicts


def _after(n: int, watch: Watch) -> Watch:
    """Return what is told of the model after n others."""
    return lambda share: watch(n + share)


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


def _ms(seconds: Seconds) -> str:
    return f"{seconds * 1000:.2f} ms"


def _short(name: str) -> str:
    return Path(name).stem if Path(name).suffix == ".onnx" else name


def _read(path: Path) -> tuple[Config, bytes | None]:
    """Return a configuration and its bytes; the shipped one and None where there is no file yet."""
    if not path.exists():
        return load(None), None
    config = load(path)
    try:
        return config, path.read_bytes()
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}; check who may read it") from None


def _held(name: str, config: Config) -> str:
    """Return what `model:` shall say for a model that holds.

    Raises:
        ModelError: It does not.
    """
    path = _found(name)
    verdict = _check_all([str(path)], Demands.of(config))[0]
    if verdict.faults:
        more = f" (and {len(verdict.faults) - 1} more)" if len(verdict.faults) > 1 else ""
        raise ModelError(f"{path.stem} is not used: {verdict.faults[0]}{more}; nothing was written")
    return in_config(path)


def _write(path: Path, data: bytes) -> None:
    """Write a configuration whole; a missing folder is made."""
    try:
        path.parent.mkdir(exist_ok=True)
    except OSError as error:
        raise PocketError(f"cannot write {path}: {error.strerror}; name a file that is yours") from None
    write_whole(path, data)


def _see_that_it_plays_by(config: Path) -> None:
    """See to it that the running daemon would read this file, before anything is written."""
    its = service.find_service().config
    if its is None or its.resolve() != config.resolve():
        raise PocketError(
            f"the running daemon plays by {its or 'the shipped configuration'}, not by {config}; nothing was "
            "written: leave out --reload, or name that file in `systemctl --user edit pocketd`"
        )


def _console() -> Console:
    console = Console(highlight=False, markup=False, soft_wrap=True)
    return (
        console if console.is_terminal else Console(highlight=False, markup=False, soft_wrap=True, width=WIDE)
    )


@contextmanager
def _progress(models: int) -> Iterator[Watch]:
    """Show a bar with the time left, drawn between steps: a thread that draws would slow some of them."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    quiet = not console.is_terminal
    with Progress(*columns, console=console, transient=True, disable=quiet, auto_refresh=False) as progress:
        task = progress.add_task("verifying", total=models)
        yield lambda done: progress.update(task, completed=done, refresh=True)
