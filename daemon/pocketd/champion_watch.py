"""Notices another champion, or another song's, and loads and tries it beside whoever plays.

All that touches the disk is an errand's. None begins while the transport runs, and the trial of a model is
broken off where a take begins, to be made anew behind it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pocket_core.errors import ModelError, PocketError
from pocket_core.types import Seconds
from pocketd.casting import Cast, make_cast
from pocketd.champion import CHAMPION, Nights
from pocketd.config import Config
from pocketd.errand import Errand
from pocketd.model import OnnxPredictor
from pocketd.model_check import Demands, Watch, check
from pocketd.model_shelf import candidates, find

LOOK_EVERY = Seconds(1.0)
TRIES = 2

Mark = tuple[int, int, int] | None  # of the pointer's file, by which a change is seen; None: there is none


@dataclass(frozen=True, slots=True)
class Found:
    """What a look has found."""

    cast: Cast | None  # who is to play from here on; None: whoever plays
    fault: str = ""  # why it is not who was asked for, one line


@dataclass(frozen=True, slots=True)
class _Seen:
    mark: Mark
    song: str | None
    config: Config | None = None  # by which it was looked; None: of the start, or it may be old
    found: Found | None = None  # None: nothing is new


class _InTheWayError(PocketError):
    """A take has begun."""


class ChampionWatch:
    """Told of the loop's turns, in its thread.

    Args:
        nights: The folder with the pointer.
        config: By which whoever plays was loaded, just now.
        try_out: Says what is wrong with a model, one line, or None; tests have their own.
        errand: Looks and loads; None: one of its own.
    """

    def __init__(
        self,
        nights: Nights,
        config: Config,
        *,
        try_out: Callable[[Path, Config, Watch], str | None] | None = None,
        errand: Errand[_Seen | None] | None = None,
    ) -> None:
        self._nights = nights
        self._try_out = try_out or first_fault
        self._errand = errand or Errand[_Seen | None]("champion")
        self._seen: _Seen | None = _Seen(self._mark(), config.takes.song)
        self._held: set[str] = set()  # sha256 of models that have been tried and held
        self._next = Seconds(0.0)
        self._asked = config.takes.song  # the song of the newest look
        self._in_the_way = False

    def make_way(self) -> None:
        """Break a trial off: the transport runs. For every turn of the loop."""
        self._in_the_way = True

    def turn(self, now: Seconds, config: Config, song: str | None, cast: Cast) -> Found | None:
        """Take in what the last look has found, and look again once a second, or at once for another song.

        To be called while the transport stands.

        Args:
            now: On any steady clock.
            config: As it is now.
            song: Which is played now.
            cast: Who there is now.

        Returns:
            What is new, once; None: nothing.
        """
        self._in_the_way = False
        outcome = self._errand.take()
        if isinstance(outcome, PocketError):
            return Found(None, str(outcome))
        if outcome is not None and outcome.song == song and outcome.config == config:  # else it is old
            self._seen = outcome
            if outcome.found is not None:
                return outcome.found
        due = now >= self._next or song != self._asked
        if config.model == CHAMPION and due and not self._errand.under_way:
            self._next, self._asked = Seconds(now + LOOK_EVERY), song
            self._errand.start(lambda: self._look(self._seen, config, song, cast))
        return None

    def forget(self) -> None:
        """Somebody else has loaded a model: find out anew whether it is whom the pointer says."""
        self._seen = None

    def wait(self) -> None:
        """Let a look come to its end."""
        self._errand.wait()

    def _look(self, seen: _Seen | None, config: Config, song: str | None, playing: Cast) -> _Seen | None:
        mark = self._mark()
        same_song = seen is None or song == seen.song
        if seen is not None and mark == seen.mark and same_song:
            return _Seen(mark, song, config)
        takes = config.takes.model_copy(update={"song": song})
        try:
            found = self._find(config.model_copy(update={"takes": takes}), playing, same_song)
        except _InTheWayError:
            return None
        return _Seen(mark, song, config, found)

    def _find(self, config: Config, playing: Cast, same_song: bool) -> Found:
        cast = make_cast(config)
        fault = cast.fault or self._untrusted(config, cast)
        if fault is None:
            return Found(None if cast.is_as(playing) else cast)
        if same_song or cast.fault is None:
            return Found(None, f"{fault}; model {playing.player.name} goes on")
        return Found(cast, f"{fault}; {cast.instead}")  # another song's model should not

    def _untrusted(self, config: Config, cast: Cast) -> str | None:
        """Return what is wrong with a model when it steps; each is tried once."""
        model = cast.reader or cast.player
        if not isinstance(model, OnnxPredictor) or model.sha256 in self._held:
            return None
        try:
            fault = self._try_out(find(candidates(config.takes.song)[0]), config, self._go_on)
        except ModelError as error:  # it has gone in this moment
            fault = str(error)
        if fault is None:
            self._held.add(model.sha256)
            return None
        return f"the champion does not hold: {fault}"

    def _go_on(self, _: float) -> None:
        if self._in_the_way:
            raise _InTheWayError

    def _mark(self) -> Mark:
        try:
            state = self._nights.pointer.stat()
        except OSError:
            return None
        return state.st_mtime_ns, state.st_ino, state.st_size


def first_fault(model: Path, config: Config, watch: Watch) -> str | None:
    """Return the first thing that is wrong with a model both times that it is tried, or None.

    On a busy machine a good model may look slow once. `watch` is told how far it is, and may raise.
    """
    for _ in range(TRIES):
        faults = check(model, Demands.of(config), watch=watch).faults
        if not faults:
            return None
    return faults[0]
