"""Run a command as a user would, in this process."""

from __future__ import annotations

from collections.abc import Mapping

from typer import Typer
from typer.testing import CliRunner, Result


def call(
    app: Typer, *words: object, answer: str | None = None, env: Mapping[str, str] | None = None
) -> Result:
    """Run it and return how it ended; `answer` is typed in."""
    return CliRunner().invoke(app, [str(word) for word in words], input=answer, env=env)


def done(result: Result) -> Result:
    """Return it if all went well; raise what was raised."""
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result
