"""`pocketd evaluate sources`: one page with pictures of what the sources make beside what drummers play."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from pocket_core.errors import ConfigError
from pocket_export.needs import need
from pocket_export.sources.report.rows import SOURCES
from pocketd.generators.load import load_generator
from pocketd.wholefile import try_place, write_whole

PAGE = Path("report.html")


class Spaces(StrEnum):
    """How spaces are laid out."""

    UMAP = "umap"
    AXES = "axes"


def sources(
    *,
    data: Path | None = typer.Option(
        None, help="The Groove MIDI Dataset: its zip, or a folder with or of it; else where it usually lies."
    ),
    out: Path = typer.Option(PAGE, help="Written: the page, one file that needs nothing else."),
    bars: int = typer.Option(512, min=16, max=65536, help="How many bars each source plays."),
    seed: int = typer.Option(1, min=0, help="Of every chance: the same seed gives the same page."),
    only: str = typer.Option(
        ",".join(SOURCES), help="Which sources, with commas: bars, continue, pattern, groove."
    ),
    spaces: Spaces = typer.Option(
        Spaces.UMAP, help="How spaces are laid out: umap, or axes, their two main ones, which is quick."
    ),
) -> None:
    """Lay what the sources of drums make beside real drums nobody trained on, in one page with pictures.

    Features of the bars and how they are spread, in all and genre by genre, velocities and offsets of each
    voice, the sources' spaces, and what was learnt by heart. A source that does not ship yet says so.
    """
    names = chosen(only)
    try_place(out)
    need("symusic", "matplotlib")
    from pocket_export.groove import find_data, load
    from pocket_export.sources.report.gather import Wish, gather, work
    from pocket_export.sources.report.page import page
    from pocket_export.sources.report.spaces import laid_out, on_axes

    wish = Wish(names, bars, seed)
    groove = load(find_data(data))
    console = Console(highlight=False, markup=False, soft_wrap=True)
    with _shown(console, work(wish)) as watch:
        findings = gather(
            groove, wish, load_generator, watch, layout=on_axes if spaces is Spaces.AXES else laid_out
        )
        watch("drawing", 0)
        text = page(findings)
    write_whole(out, text.encode("utf-8"))
    for judged in findings.rows:
        if judged.apart is None:
            console.print(f"{judged.row.title}: {judged.row.why}")
            continue
        near = judged.apart.overall
        copies = "; copies training bars" if judged.heart is not None and judged.heart.guilty else ""
        console.print(
            f"{judged.row.title}: overlap {near.value:.2f} ({near.low:.2f} to {near.high:.2f}){copies}"
        )
    console.print(f"{out}")


def chosen(only: str) -> tuple[str, ...]:
    """Return the sources that are named, in their usual order.

    Raises:
        ConfigError: One is unknown, or none is named.
    """
    named = {name.strip() for name in only.split(",") if name.strip()}
    unknown = sorted(named - set(SOURCES))
    if unknown or not named:
        what = f"no source is called {', '.join(unknown)}" if unknown else "--only names no source"
        raise ConfigError(f"{what}; there are {', '.join(SOURCES)}")
    return tuple(name for name in SOURCES if name in named)


@contextmanager
def _shown(console: Console, bars: int) -> Iterator[Callable[[str, int], None]]:
    """Show a bar with the time left."""
    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    quiet = not console.is_terminal  # where it would leave an empty line
    with Progress(*columns, console=console, transient=True, disable=quiet) as progress:
        task = progress.add_task("reading", total=bars)
        yield lambda name, done: progress.update(task, advance=done, description=name)
