"""The champion in words: who it is, who can be gone back to, who plays which song, who is tried beside it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pocket_core.errors import ModelError
from pocketd.champion import FOLLOWER, Nights, Pointer


def lines(nights: Nights) -> Iterator[str]:
    """Yield what the pointer says, for people."""
    try:
        pointer = nights.read()
    except ModelError as error:
        yield f"Champion: {FOLLOWER}, for {error}"
        return
    yield f"Champion: {_champion(nights, pointer)}"
    before = [title(nights, name) for name in pointer.before]
    if not before and pointer.champion is not None:
        before = [FOLLOWER]
    if before:
        yield f"Before it: {', '.join(before)}; `pocketd models rollback` goes back"
    for song, name in sorted(pointer.songs.items()):
        yield f"Song {song}: {title(nights, name)}"
    if pointer.shadow is not None:
        yield f"Silently beside it: {title(nights, pointer.shadow)}"


def _champion(nights: Nights, pointer: Pointer) -> str:
    if pointer.champion is None and pointer.since is None:
        return f"{FOLLOWER}, until a night has found a better one"
    return f"{title(nights, pointer.champion)}, since {_moment(pointer.since)}"


def title(nights: Nights, name: str | None) -> str:
    """Return what a person calls a model in the pointer: its night, or its own name."""
    if name is None:
        return FOLLOWER
    return nights.night_of(name) or Path(name).name.removesuffix(".onnx")


def _moment(since: str | None) -> str:
    return "ever" if since is None else since[:16].replace("T", " ")
