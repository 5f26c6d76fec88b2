"""Models put to the test one after another, with a bar for whoever waits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from pocket_core.errors import ModelError
from pocketd.generators import check as generators
from pocketd.generators.shelf import KINDS, card_path
from pocketd.model_check import Demands, Verdict, Watch, check
from pocketd.model_shelf import NONE, find

WIDE = 240  # columns, where nobody's terminal cuts a line
GRID = f"{NONE!r} is no model but the grid"


def found(name: str) -> Path:
    """Return where a model lies. Raises ModelError where there is none, or it is the grid."""
    if name in KINDS:
        raise ModelError(
            f"{name} makes drums and is no model, which times them; `source: {name}` in the configuration "
            "chooses it, or a controller"
        )
    if name == NONE:
        raise ModelError(
            f"{GRID}: it has no card and nothing to verify; `pocketd models list` names the models"
        )
    return find(name)


def check_all(names: Sequence[str], demands: Demands) -> list[Verdict]:
    """Check one model after another; one that is not there has failed."""
    verdicts = []
    with _progress(len(names)) as watch:
        for n, name in enumerate(names):
            try:
                path = found(name)
            except ModelError as error:
                verdicts.append(Verdict((str(error),), None))
                continue
            verdicts.append(check(path, demands, watch=_after(n, watch)))
    return verdicts


def check_sources(names: Sequence[str]) -> list[generators.Verdict]:
    """Check one source after another."""
    verdicts = []
    with _progress(len(names)) as watch:
        for n, name in enumerate(names):
            card = card_path(name)
            if card is not None:
                verdicts.append(generators.check(card, watch=_after(n, watch)))
    return verdicts


def see_that_it_holds(path: Path, demands: Demands, *, named: str | None = None) -> None:
    """Put one model to the test.

    Args:
        path: Where it lies.
        demands: Of the configuration that it shall be used with.
        named: What it is called in the message.

    Raises:
        ModelError: It does not hold; nothing is written then.
    """
    verdict = check_all([str(path)], demands)[0]
    if verdict.faults:
        more = f" (and {len(verdict.faults) - 1} more)" if len(verdict.faults) > 1 else ""
        raise ModelError(f"{named or path.stem} is not used: {verdict.faults[0]}{more}; nothing was written")


def plain_console() -> Console:
    """Return a console that prints text as it is and, where nobody's terminal is, cuts no line."""
    console = Console(highlight=False, markup=False, soft_wrap=True)
    return (
        console if console.is_terminal else Console(highlight=False, markup=False, soft_wrap=True, width=WIDE)
    )


def _after(n: int, watch: Watch) -> Watch:
    """Return what is told of the model after n others."""
    return lambda share: watch(n + share)


@contextmanager
def _progress(models: int) -> Iterator[Watch]:
    """Show a bar with the time left, drawn between steps: a thread that draws would slow some of them."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    quiet = not console.is_terminal
    with Progress(*columns, console=console, transient=True, disable=quiet, auto_refresh=False) as progress:
        task = progress.add_task("verifying", total=models)
        yield lambda done: progress.update(task, completed=done, refresh=True)
