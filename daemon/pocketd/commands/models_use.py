"""`pocketd models use` and `rollback`: play by another model, here, for one song, or silently beside."""

from __future__ import annotations

import shlex
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import typer

from pocket_core.errors import ConfigError, ModelError, PocketError
from pocketd import service
from pocketd.champion import CHAMPION, NIGHT, Nights, Pointer, nights_folder
from pocketd.champion_lines import title
from pocketd.commands.verifying import found, plain_console, see_that_it_holds
from pocketd.config import Config, load, parse
from pocketd.config_file import FIRST_LINE, read_config, write_config
from pocketd.model_check import Demands
from pocketd.model_shelf import NONE, in_config, own_folder
from pocketd.standard import printable
from pocketd.yaml_edit import set_key

BETWEEN_TAKES = "A running daemon that plays by the champion takes it over within seconds, between takes."


def use(
    name: str | None = typer.Argument(
        None,
        metavar="NAME|PATH",
        help="A model's name, a night, champion, the path of an .onnx file, or none.",
        show_default=False,
    ),
    *,
    config: Path | None = typer.Option(
        None, help="Your configuration, which is written to; it is made where it is missing."
    ),
    reload: bool = typer.Option(
        False, "--reload", help="Have the daemon that systemd runs for you take it over at once."
    ),
    song: str | None = typer.Option(
        None, help="For this song only, wherever the configuration says champion; NAME champion undoes it."
    ),
    shadow: bool | None = typer.Option(
        None, "--shadow/--no-shadow", help="Try it silently beside the champion, or nobody any more."
    ),
) -> None:
    """Play by another model: verify it, and write it into your configuration.

    Only the value of `model:` changes; comments, order and all else stay as they are. A model that does not
    hold is refused, and nothing is written. `pocketd models use none --config FILE` is for no model at all,
    `pocketd models use champion --config FILE` for whoever the nights have chosen.

    A running daemon takes it over when it is told to: `systemctl --user reload pocketd`, or SIGHUP.

    With `--song` or `--shadow` your configuration stays as it is: it is written down beside the champion, and
    a running daemon takes it over by itself, between takes.

    Exit codes: 0 it is written; 1 it cannot be written, or there is no daemon to reload; 2 a configuration
    that cannot be used; 4 a model that cannot.
    """
    if name is None and not (shadow is False and song is None):
        raise ConfigError("name a model; `pocketd models list` has them all")
    if song is not None or shadow is not None:
        if reload or (song is not None and shadow is not None):
            raise ConfigError("give one of --song, --shadow and --reload")
        _point(name, config, song)
        return
    _configure(str(name), config, reload=reload)


def rollback(
    *,
    to: str | None = typer.Option(
        None, metavar="NIGHT", help="To this night's champion, or to follower, which ships."
    ),
    config: Path | None = typer.Option(
        None, help="Your configuration, a YAML file; without it, the one that ships."
    ),
) -> None:
    """Go back to the champion before this one.

    Again goes further back, at last to the `follower` that ships. The last seven are kept;
    `pocketd models list` names them. Who comes back is verified first.

    Exit codes: 0 done; 1 it cannot be written; 4 there is nobody to go back to, or they do not hold.
    """
    nights = _nights()
    demands = Demands.of(load(config))
    name = nights.back(nights.read(), to)
    if name is not None:
        see_that_it_holds(nights.root / name, demands, named=title(nights, name))
    new = nights.roll_back(datetime.now().astimezone(), to=to)
    console = plain_console()
    console.print(printable(f"the champion is {title(nights, new.champion)}"))
    console.print(BETWEEN_TAKES)


def _point(name: str | None, config: Path | None, song: str | None) -> None:
    """Write a song's model down, or who is tried beside the champion."""
    nights = _nights()
    value = None if name in (None, CHAMPION) else _entry(str(name), nights, Demands.of(load(config)))
    if song is None:
        if value is not None and value == nights.read().champion:
            raise ModelError(f"{name} is the champion; nobody is tried beside themselves")
        nights.change(lambda pointer: replace(pointer, shadow=value))
        said = (
            "nobody is tried beside the champion" if value is None else f"{name} is tried beside the champion"
        )
    else:
        nights.change(lambda pointer: _for_song(pointer, song, value))
        said = f"song {song} is played by {CHAMPION if value is None else name}"
    console = plain_console()
    console.print(printable(said))
    console.print(BETWEEN_TAKES)


def _for_song(pointer: Pointer, song: str, value: str | None) -> Pointer:
    songs = {other: name for other, name in pointer.songs.items() if other != song}
    return replace(pointer, songs=songs if value is None else {**songs, song: value})


def _entry(name: str, nights: Nights, demands: Demands) -> str:
    """Return what the pointer shall say for a model that holds."""
    path = found(name)
    see_that_it_holds(path, demands, named=name)
    value = in_config(path)
    root = nights.root.absolute()
    return Path(value).relative_to(root).as_posix() if root in Path(value).parents else value


def _nights() -> Nights:
    root = nights_folder()
    if root is None:
        raise PocketError("this user has no home folder, and so no nights; set XDG_DATA_HOME")
    return Nights(root)


def _configure(name: str, config: Path | None, *, reload: bool) -> None:
    """Write `model:` into a configuration."""
    if config is None:
        raise ConfigError(
            "name the configuration to write to with --config FILE; pocketd finds none of yours by itself "
            "(without --config, `pocketd run` reads the one that ships). Or --song SONG, for one song, or "
            "--shadow, to try it in silence: these are not in the configuration"
        )
    chosen, before = read_config(config)
    if reload:
        _see_that_it_plays_by(config)
    value = NONE if name == NONE else _held(name, chosen)
    after = set_key(FIRST_LINE if before is None else before, "model", value, str(config))
    parse(after, str(config))
    console = plain_console()
    if after == before:
        console.print(printable(f"{config} says model: {value} already; nothing was written"))
    else:
        write_config(config, after)
        was = "" if before is None else f", where it was {chosen.model}"
        console.print(printable(f"wrote model: {value} to {config}{was}"))
    if reload:
        service.reload_service()
        console.print("told the daemon; `journalctl --user -u pocketd` has what it says")
    else:
        quoted = shlex.quote(str(config))
        console.print(printable(f"Next: pocketd run --config {quoted}"))
        console.print("or, where it runs by that file: systemctl --user reload pocketd (or send it SIGHUP)")


def _held(name: str, config: Config) -> str:
    """Return what `model:` shall say for a model that holds. Raises ModelError where it does not."""
    path = found(name)
    see_that_it_holds(path, Demands.of(config), named=CHAMPION if name == CHAMPION else None)
    if name == CHAMPION:
        return CHAMPION
    if NIGHT.fullmatch(path.parent.name):
        raise ModelError(
            f"{name} is a night's, and nights are tidied up: copy its files to {own_folder()} and use that, "
            f"or `pocketd models rollback --to {path.parent.name}`"
        )
    return in_config(path)


def _see_that_it_plays_by(config: Path) -> None:
    """See to it that the running daemon would read this file, before anything is written."""
    its = service.find_service().config
    if its is None or its.resolve() != config.resolve():
        raise PocketError(
            f"the running daemon plays by {its or 'the shipped configuration'}, not by {config}; nothing was "
            f"written: leave out --reload, or `pocketd service install --config {config}`"
        )
