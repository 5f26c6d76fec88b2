"""`pocketd run`: the daemon."""

from __future__ import annotations

import faulthandler
import logging
import os
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from pocket_core.errors import MidiFileError, ModelError
from pocket_core.types import Seconds
from pocketd.backends.choose import open_backend
from pocketd.backends.protocol import Backend
from pocketd.config import Config, load
from pocketd.notify import notifier
from pocketd.requests import Requests
from pocketd.standard import STANDARD, let_go_of_output, printable

if TYPE_CHECKING:  # the rest, and numpy with it, is imported once the ports are open
    from pocket_core.habits import Habits
    from pocketd.casting import Cast
    from pocketd.reload import Reloaded
    from pocketd.sources.file_part import FilePart

log = logging.getLogger(__name__)

DESK_PATIENCE = Seconds(10.0)  # for finishing the take, at exit


def command(
    config: Path | None = typer.Option(
        None, help="Your configuration, a YAML file; without it, the one that ships."
    ),
    require_model: bool = typer.Option(
        False, "--require-model", help="End with exit code 4 where the model cannot be loaded."
    ),
    no_record: bool = typer.Option(
        False, "--no-record", help="Keep no take of what is played, whatever the configuration says."
    ),
) -> None:
    """Be the effect: open the ports and play until SIGTERM or Ctrl-C.

    Its ports: drums (from the DAW, with its clock), human (the musician), control (controllers that move
    amount, bypass and feel; a clock, too) and out (to the drum sampler). Each run of the DAW's transport is
    kept as a take. SIGHUP reads configuration and model again.

    Exit codes: 0 ended as asked; 2 a configuration that cannot be used; 3 no MIDI system, or a port is taken;
    4 no model, with --require-model; 1 anything else.
    """
    logging.basicConfig(format="pocketd: %(message)s", level=logging.WARNING)
    faulthandler.enable(STANDARD[-1])  # where it hung, when a watchdog ends it
    requests = Requests()
    _listen(requests)
    told = notifier(os.environ)
    chosen = _read(config, no_record)
    backend = open_backend(chosen)  # first: others can connect now
    try:
        from pocketd.casting import make_cast
        from pocketd.champion import Nights, nights_folder
        from pocketd.champion_watch import ChampionWatch
        from pocketd.copyist import Copyist
        from pocketd.desk import spawn_desk
        from pocketd.loop import Loop
        from pocketd.reload import Reloader
        from pocketd.sources.choice import Choice
        from pocketd.sources.file_part import read_file

        nights = nights_folder()
        watch = None if nights is None else ChampionWatch(Nights(nights), chosen)  # before: it may change now
        file = read_file(chosen)
        cast, like = make_cast(chosen), _habits(chosen)
        if require_model and cast.fault is not None:
            raise ModelError(cast.fault)
    except BaseException:
        backend.close()
        raise
    _tell(chosen, backend, cast, like, file)
    helpers = spawn_desk(chosen)
    reloader = Reloader(lambda: _reload(config, no_record))
    loop = Loop(
        chosen,
        backend,
        cast.player,
        outbox=helpers.outbox,
        requests=requests,
        reloader=reloader,
        watch=watch,
        notifier=told,
        copyist=Copyist(cast),
        habits=like.habits,
        source=Choice(chosen, chosen.settings(backend.timing), file, helpers.line),
    )
    loop.fault("model file", cast.fault or "")
    loop.fault("like", like.fault or "")
    try:
        loop.run()
    finally:
        told.close()
        if helpers.desk is not None:
            helpers.desk.wait(DESK_PATIENCE)


def _listen(requests: Requests) -> None:
    """Turn signals into requests."""

    def stop(*_: object) -> None:
        requests.stop = True

    def reload(*_: object) -> None:
        requests.reload = True

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, reload)


def _read(path: Path | None, no_record: bool) -> Config:
    config = load(path)
    if no_record:
        config = config.model_copy(update={"takes": config.takes.model_copy(update={"record": False})})
    return config


def _reload(path: Path | None, no_record: bool) -> Reloaded:
    from pocketd.casting import make_cast
    from pocketd.reload import Reloaded
    from pocketd.sources.file_part import read_file, warning

    config = _read(path, no_record)
    cast, file = make_cast(config), read_file(config)
    if said := warning(file, config):
        log.warning("%s", said)
    return Reloaded(config, None if cast.fault is not None else cast, cast.fault, file)


@dataclass(frozen=True, slots=True)
class _Like:
    """The drummer whom the drums shall be like, or nobody and why."""

    habits: Habits
    fault: str | None = None  # one line


def _habits(config: Config) -> _Like:
    from pocket_core.habits import UNKNOWN

    try:
        return _Like(config.habits())
    except MidiFileError as error:  # the drums go on
        return _Like(UNKNOWN, str(error))


def _tell(config: Config, backend: Backend, cast: Cast, like: _Like, file: FilePart) -> None:
    """Say that it plays; nobody has to hear it."""
    try:
        _say(config, backend, cast, like, file)
    except OSError as error:
        let_go_of_output()
        log.warning("standard output: %s; playing all the same", error.strerror or error)


def _say(config: Config, backend: Backend, cast: Cast, like: _Like, file: FilePart) -> None:
    from pocketd.sources.file_part import warning

    if (said := warning(file, config)) and file.why not in (cast.fault or ""):  # a reader's fault, too
        print(f"pocketd: {printable(said)}", file=sys.stderr)
    if cast.fault is not None:
        print(f"pocketd: {printable(cast.fault)}; {cast.instead}", file=sys.stderr)
    if like.fault is not None:
        print(f"pocketd: {printable(like.fault)}; the drums are like nobody", file=sys.stderr)
    ports = ", ".join(backend.port_names)
    print(
        f"ready: ports {ports} via {backend.name}, look-ahead {config.look_ahead_ms:g} ms, "
        f"model {cast.player.name}",
        flush=True,
    )
