"""`pocketd patterns map` and `show`: draw the pattern space as a page, and serve it to this machine."""

from __future__ import annotations

import webbrowser
from pathlib import Path

import typer
from rich.console import Console

from pocket_core.errors import ConfigError, DataError
from pocket_export.sources.patterns.map_content import thin_out
from pocket_export.sources.patterns.map_page import GENERATOR, WORDS, build_page
from pocket_export.sources.patterns.map_places import Method
from pocket_export.sources.patterns.map_read import read_content, read_patterns
from pocket_export.sources.patterns.map_server import MapServer
from pocketd.commands.patience import patience
from pocketd.commands.render import refuse_overwriting
from pocketd.generators.graphs import generator_folder
from pocketd.standard import printable
from pocketd.wholefile import try_place, write_whole

PATTERNS, PAGE = Path("patterns.tsv"), Path("map.html")
SHIPPED = "pattern.tsv"  # beside the space that ships
MOST = 10_000  # patterns that are drawn; laying out as many takes about two minutes on one core
LARGEST = 2**27  # bytes of a page

_PORT = typer.Option(0, min=0, max=65535, help="Of --serve; 0 takes a free one.")


def draw_map(
    *,
    patterns: Path | None = typer.Option(
        None,
        help="What `pocketd patterns distil` has written; without, patterns.tsv here, else those that ship.",
    ),
    model: Path | None = typer.Option(None, help="The space's card, a .json; without it, that which ships."),
    out: Path = typer.Option(PAGE, help="Where the page goes."),
    method: Method = typer.Option(Method.TSNE, help="tsne or umap."),
    seed: int = typer.Option(
        1, min=0, max=2**32 - 1, help="The same seed on the same machine: the same map."
    ),
    most: int = typer.Option(MOST, min=1, help="Draw at most so many patterns, by lot."),
    title: str = typer.Option("The pattern space", help="Over the page."),
    serve: bool = typer.Option(False, "--serve", help="Then serve it here, so that it can send to pocketd."),
    port: int = _PORT,
    open_: bool = typer.Option(False, "--open", help="Open it in the browser."),
) -> None:
    """Draw the pattern space as one page that needs nothing else: see, hear and morph patterns.

    Patterns that the network thinks alike lie together; areas say where genres are at home. The page works
    from a file, offline. With --serve it can also send a pattern to the running pocketd.
    """
    patterns = patterns or (PATTERNS if PATTERNS.exists() else generator_folder() / SHIPPED)
    refuse_overwriting([patterns, *([] if model is None else [model])], [out])
    try_place(out)
    console = Console(highlight=False, markup=False, soft_wrap=True)
    content = thin_out(read_content(read_patterns(patterns), model, title), most, seed)
    doing = f"laying out {len(content.patterns):,} patterns by {WORDS[method]}"
    with patience(doing, after_s=0.0) as progress:
        progress(0.0)
        page = build_page(content, method=method, seed=seed, progress=progress).encode("utf-8")
    write_whole(out, page)
    said = f"{len(content.patterns):,} patterns of {patterns}, {len(page) / 2**20:.1f} MiB"
    console.print(printable(f"wrote {out}: {said}"))
    if serve:
        _serve(page, port, console, open_=open_)
    elif open_:
        webbrowser.open(out.resolve().as_uri())


def show(
    page: Path = typer.Argument(PAGE, metavar="MAP.html", help="What `pocketd patterns map` has written."),
    *,
    port: int = _PORT,
    open_: bool = typer.Option(False, "--open", help="Open it in the browser."),
) -> None:
    """Serve a map that was drawn before to this machine, so that it can send to the running pocketd."""
    _serve(_read(page), port, Console(highlight=False, markup=False, soft_wrap=True), open_=open_)


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
    except OSError as error:
        raise DataError(
            f"cannot read {path}: {error.strerror or error}; draw it: pocketd patterns map"
        ) from error
    if f'<meta name="generator" content="{GENERATOR} '.encode() not in data[:4096] or len(data) > LARGEST:
        raise DataError(f"{path} is no map of pocketd's; draw one: pocketd patterns map")
    return data


def _serve(page: bytes, port: int, console: Console, *, open_: bool) -> None:
    """Serve a page until somebody has had enough."""
    try:
        server = MapServer(page, port=port)
    except OSError as error:
        raise ConfigError(
            f"port {port} cannot be had: {error.strerror or error}; leave out --port"
        ) from error
    with server:
        console.print(
            f"{server.address}\nfor this machine alone, until Ctrl-C; what you send goes to its pocketd"
        )
        if open_:
            webbrowser.open(server.address)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            console.print("ended")
