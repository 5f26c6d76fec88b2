"""The one command, `pocketd`: collects the sub-commands and turns errors into a line and an exit code."""

from __future__ import annotations

import importlib
import sys
from importlib.metadata import entry_points
from typing import Any, NoReturn

import typer

from pocket_core.errors import PocketError
from pocketd import __version__
from pocketd.standard import hold_streams, let_go_of_output, printable

#: Sub-command to the module that holds it; loaded only when asked for, so that `run` starts fast.
COMMANDS = {
    "demo": "pocketd.commands.demo",
    "ports": "pocketd.commands.ports",
    "run": "pocketd.commands.run",
    "doctor": "pocketd.commands.doctor",
    "calibrate": "pocketd.commands.calibrate",
    "render": "pocketd.commands.render",
    "generate": "pocketd.commands.generate",
    "models": "pocketd.commands.models",
    "takes": "pocketd.commands.takes",
    "service": "pocketd.commands.service",
}
OTHERS = "Training"  # over the commands that other packages bring
INTERRUPTED = 130  # as a shell reports SIGINT


def build(asked: str | None) -> typer.Typer:
    """Return the command line with the asked sub-command loaded, or with all where none is."""
    app = typer.Typer(
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode="markdown",  # paragraphs of a help text are filled
        help="A drum machine that listens: each drum hit leaves where this musician wants it.\n\n"
        "Begin with `pocketd demo`, then `pocketd ports`, then `pocketd run`; where nothing moves, "
        "`pocketd doctor`. "
        "`pocketd COMMAND --help` explains each.",
        epilog=None if asked in COMMANDS else _settings(),
    )
    app.callback()(_root)
    for name in [asked] if asked in COMMANDS else COMMANDS:
        _add(app, name, importlib.import_module(COMMANDS[name]).command)
    if asked not in COMMANDS:
        for entry in sorted(entry_points(group="pocketd.commands"), key=lambda e: e.name):
            _add(app, entry.name, entry.load(), OTHERS)
    return app


def _settings() -> str:
    from pocketd.config import default_path  # slow to import; the commands that want it do so themselves

    return f"Every setting is explained in {default_path()}; your own file needs only what you change."


def _add(app: typer.Typer, name: str, command: Any, panel: str | None = None) -> None:
    """Add a command, or a family of them such as `pocketd models`."""
    if isinstance(command, typer.Typer):
        app.add_typer(command, name=name, rich_help_panel=panel)
    else:
        app.command(name, rich_help_panel=panel)(command)


def _tell_version(asked: bool) -> None:
    if asked:
        print(f"pocketd {__version__}")
        raise typer.Exit


def _root(
    version: bool = typer.Option(
        False, "--version", help="Print the version and leave.", is_eager=True, callback=_tell_version
    ),
) -> None:
    pass  # the option's callback has done it


def main() -> None:
    """Run the command line; never a traceback for what is the user's to mend."""
    hold_streams()
    asked = sys.argv[1] if len(sys.argv) > 1 else None
    try:
        try:
            build(asked)()
        finally:
            if sys.stdout is not None:
                sys.stdout.flush()
    except PocketError as error:
        _end(str(error), error.exit_code)
    except BrokenPipeError:  # whoever read has had enough, as `head` has
        let_go_of_output()
        sys.exit(PocketError.exit_code)
    except OSError as error:  # a file's are told by their readers and writers; so it is the output
        let_go_of_output()
        _end(f"{error.strerror or error}: {error.filename or 'standard output'}", PocketError.exit_code)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


def _end(text: str, code: int) -> NoReturn:
    print(f"pocketd: {printable(text)}", file=sys.stderr)
    sys.exit(code)
