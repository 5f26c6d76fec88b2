"""Which model is the champion: one small file, switched at once, and the nights that it points into.

    nights/
        champion.json           the pointer
        2026-11-21-033000/      a night: its challenger's NAME.onnx and card, its report
        .lock                   held while a night is under way
        .change                 held for the moment of a switch
        playing                 held while a take runs

The pointer names a model as `model:` of a configuration does: one that ships by its name, another by its
path, where one that is relative begins at this folder.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, ClassVar, Literal

from platformdirs import user_data_path
from pydantic import ConfigDict, TypeAdapter, ValidationError

from pocket_core.errors import ModelError, PocketError
from pocketd.filelock import take_lock
from pocketd.wholefile import write_whole

CHAMPION = "champion"  # what `model:` says for whoever the pointer points to
FOLLOWER = "follower"  # who ships, and plays until there is a champion
KEPT = 7  # champions that can be gone back to
POINTER, NIGHT_LOCK, CHANGE_LOCK, PLAYING = "champion.json", ".lock", ".change", "playing"
NIGHT = re.compile(r"\d{4}-\d{2}-\d{2}-\d{6}(-\d+)?")  # a night's folder
LEFT_OVER = re.compile(r"\..+\.\d+\.part")  # of a writer that was killed (`pocketd.wholefile`)
OF_A_MODEL = (".onnx", ".json", ".md")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pointer:
    """What champion.json says."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid", strict=True)
    format: Literal[1] = 1
    champion: str | None = None  # None: the follower that ships
    since: str | None = None  # when that was last changed: local, ISO 8601
    songs: Mapping[str, str] = field(default_factory=dict)  # a song to its own model
    shadow: str | None = None  # who is tried silently beside the champion
    kept: tuple[str, ...] = ()  # the nights' champions, newest first; at most KEPT and the one in use

    @property
    def before(self) -> tuple[str, ...]:
        """Those that can be gone back to, newest first."""
        if self.champion is None:
            return ()
        return self.kept[self.kept.index(self.champion) + 1 :] if self.champion in self.kept else self.kept

    @property
    def named(self) -> frozenset[str]:
        """Every model that is pointed to."""
        names = {self.champion, self.shadow, *self.songs.values(), *self.kept}
        return frozenset(name for name in names if name is not None)


_POINTER = TypeAdapter(Pointer)


class Nights:
    """The folder of the nights.

    Args:
        root: It need not be there.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    @property
    def pointer(self) -> Path:
        """Where the pointer lies."""
        return self.root / POINTER

    def read(self) -> Pointer:
        """Return what the pointer says; where there is none, one that points to nobody.

        Raises:
            ModelError: It is damaged.
        """
        try:
            return _POINTER.validate_json(self.pointer.read_bytes())
        except FileNotFoundError:
            return Pointer()
        except OSError as error:
            raise ModelError(f"{self.pointer}: cannot be read: {error.strerror or error}") from None
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            where = ".".join(str(part) for part in first["loc"]) or "the whole file"
            raise ModelError(
                f"{self.pointer}: {where}: {' '.join(first['msg'].split())}; delete it, and the follower "
                "that ships is the champion until the next night"
            ) from None

    def place(self, name: str) -> str:
        """Return a name in the pointer as `model:` would have it: a path in full, or who ships."""
        return str(self.root / name) if name.endswith(".onnx") else name

    def candidates(self, song: str | None) -> list[str]:
        """Return who shall play a song, as `model:` would have it: the first of them that can.

        Raises:
            ModelError: The pointer is damaged.
        """
        pointer = self.read()
        own = None if song is None else pointer.songs.get(song)
        return [*(self.place(name) for name in (own, pointer.champion) if name is not None), FOLLOWER]

    def shadow(self) -> str | None:
        """Return who is tried silently, as `model:` would have it; None: nobody, or nobody can say."""
        with suppress(ModelError):
            name = self.read().shadow
            return None if name is None else self.place(name)
        return None

    def promote(self, model: Path, at: datetime, *, expecting: Pointer | None = None) -> Pointer | None:
        """Make a night's model the champion: one switch. Then what is older than the last seven is deleted.

        Args:
            model: Its .onnx file, in a night's folder below the root.
            at: Now, local.
            expecting: Whose champion the model was found to be better than; None: whoever it is.

        Returns:
            What the pointer says now; None: another is the champion by now, and nothing was changed.

        Raises:
            ModelError: It is not there, or not in a night's folder; the pointer is damaged.
            PocketError: The pointer cannot be written; it is as it was.
        """
        name = self._relative(model)
        with self._changing():
            was = self.read()
            if expecting is not None and was.champion != expecting.champion:
                return None
            line = () if was.champion is None else (was.champion, *was.before)
            kept = tuple(dict.fromkeys([name, *(old for old in line if self.night_of(old) is not None)]))
            new = replace(was, champion=name, since=_stamp(at), kept=kept[: KEPT + 1])
            self._write(new)
            self._tidy(new)
        return new

    def roll_back(self, at: datetime, *, to: str | None = None) -> Pointer:
        """Go back to the champion before this one; from the oldest, to the follower that ships.

        Args:
            at: Now, local.
            to: A night that is kept, or FOLLOWER; None: the one before.

        Raises:
            ModelError: There is no such one, or the pointer is damaged.
            PocketError: The pointer cannot be written; it is as it was.
        """
        with self._changing():
            was = self.read()
            new = replace(was, champion=self.back(was, to), since=_stamp(at))
            self._write(new)
        return new

    def back(self, pointer: Pointer, to: str | None) -> str | None:
        """Return whom going back leads to. Raises ModelError where there is no such one."""
        if to is None:
            if pointer.champion is None:
                raise ModelError(f"{FOLLOWER}, which ships, is the champion; there is nobody before it")
            return next((name for name in pointer.before if (self.root / name).is_file()), None)
        if to == FOLLOWER:
            return None
        for name in pointer.kept:
            if self.night_of(name) == to and (self.root / name).is_file():
                return name
        there = ", ".join([*filter(None, map(self.night_of, pointer.kept)), FOLLOWER])
        raise ModelError(f"no champion is kept of the night {to!r}; there are: {there}")

    def tidy(self) -> None:
        """Delete the models of nights before the last seven, and what writers that were killed have left.

        Models that are pointed to stay; where the pointer is damaged, all do.

        Raises:
            PocketError: The folder cannot be written to.
        """
        with self._changing(), suppress(ModelError):
            self._tidy(self.read())

    def change(self, edit: Callable[[Pointer], Pointer]) -> Pointer:
        """Write what an edit makes of the pointer.

        Raises:
            ModelError: The pointer is damaged.
            PocketError: The pointer cannot be written; it is as it was.
        """
        with self._changing():
            new = edit(self.read())
            self._write(new)
        return new

    def night_of(self, name: str | None) -> str | None:
        """Return the night that a model in the pointer is of; None: of no night."""
        if name is None or not name.endswith(".onnx"):
            return None
        with suppress(ValueError):
            night, *rest = (self.root / name).relative_to(self.root).parts
            if len(rest) == 1 and NIGHT.fullmatch(night):
                return night
        return None

    def folders(self) -> list[Path]:
        """Return the folders of all nights, newest first."""
        with suppress(OSError):
            return sorted((each for each in self.root.iterdir() if NIGHT.fullmatch(each.name)), reverse=True)
        return []

    def lock_night(self) -> BinaryIO | None:
        """Begin a night, which is over once what is returned is closed; None: another one is under way.

        Raises:
            PocketError: The folder cannot be written to.
        """
        return self._lock(NIGHT_LOCK)

    def hold_playing(self) -> BinaryIO | None:
        """Say that a take runs, until what is returned is closed; None: for the moment, another says so.

        Raises:
            PocketError: The folder cannot be written to.
        """
        return self._lock(PLAYING)

    def somebody_plays(self) -> bool:
        """Say whether a take runs; one whose process has died does not."""
        if not (self.root / PLAYING).exists():
            return False
        try:
            held = self.hold_playing()
        except PocketError:  # not ours to write; so nobody of ours holds it
            return False
        if held is None:
            return True
        held.close()
        return False

    def _lock(self, name: str, *, wait: bool = False) -> BinaryIO | None:
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            return take_lock(self.root / name, wait=wait)
        except OSError as error:
            raise PocketError(
                f"cannot write to {self.root}: {error.strerror or error}; see who owns it"
            ) from error

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """Keep others from changing the pointer between what is read and what is written."""
        held = self._lock(CHANGE_LOCK, wait=True)
        try:
            yield
        finally:
            if held is not None:
                held.close()

    def _write(self, pointer: Pointer) -> None:
        write_whole(self.pointer, _POINTER.dump_json(pointer, indent=1) + b"\n")
        with suppress(OSError):  # no such thing on Windows
            folder = os.open(self.root, os.O_RDONLY)
            try:
                os.fsync(folder)  # what is deleted next is no longer pointed to, whenever the power goes
            finally:
                os.close(folder)

    def _relative(self, model: Path) -> str:
        path = self.root / model
        try:
            name = path.relative_to(self.root).as_posix()
        except ValueError:
            name = ""
        if self.night_of(name) is None:
            raise ModelError(f"{model} is no model in a night's folder below {self.root}")
        for part in (path, path.with_suffix(".json")):
            if not part.is_file():
                raise ModelError(f"{part}: no such file; a champion is a model with its card")
        return name

    def _tidy(self, pointer: Pointer) -> None:
        """Delete the models of older nights, but none that is pointed to; reports stay. Likewise leftovers.

        Whoever writes below the root holds the night or the change, and both are ours.
        """
        for folder in (self.root, *self.folders()):
            with suppress(OSError):  # they may as well stay, here and below
                for path in folder.iterdir():
                    if LEFT_OVER.fullmatch(path.name):
                        path.unlink()
        pointed = {self.root / name for name in pointer.named}
        for folder in self.folders()[KEPT:]:
            models = list(folder.glob("*.onnx"))
            if pointed.isdisjoint(models):  # else an encoder stays with its model
                for path in (model.with_suffix(ending) for model in models for ending in OF_A_MODEL):
                    with suppress(OSError):
                        path.unlink(missing_ok=True)


def nights_folder() -> Path | None:
    """Return where the user's nights lie, whether or not it exists; None: this user has no home."""
    place = user_data_path("pocketd", appauthor=False) / "nights"
    return place if place.is_absolute() else None


def _stamp(at: datetime) -> str:
    return at.astimezone().isoformat(timespec="seconds")
