"""The data set as it was last read, kept in one file, so that it need not be parsed again.

The file: SHA-256 of all that follows, 32 bytes; a line of JSON, `{"key", "contents", "recordings"}`; then,
each for all recordings in order, beats as `<f8` and voices, notes and velocities as `u1`. With no file,
a damaged one or another key the data set is parsed, and the file written anew.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from platformdirs import user_cache_path

from pocket_core.errors import PocketError
from pocket_core.tempo import Meter
from pocket_export.recordings import Groove, Performance
from pocketd.wholefile import write_whole

FORMAT = 1  # raise it where other things are read, or written otherwise
FILE = "groove.cache"
DIGEST_BYTES = 32  # of SHA-256
COLUMNS = (("beats", "<f8"), ("voices", "u1"), ("notes", "u1"), ("velocities", "u1"))


def cache_file() -> Path:
    """Return where this user's cache is, whether or not it exists."""
    return user_cache_path("pocketd", appauthor=False) / FILE


def recall(sha256: str, file: Path) -> Groove | None:
    """Return the data set of an archive, or None where the file does not hold it whole.

    Args:
        sha256: Of the archive.
        file: As `remember` wrote it; it need not exist.
    """
    try:
        data = file.read_bytes()
    except OSError:
        return None
    if hashlib.sha256(data[DIGEST_BYTES:]).digest() != data[:DIGEST_BYTES]:
        return None
    head, _, body = data[DIGEST_BYTES:].partition(b"\n")
    said = json.loads(head)
    if said["key"] != _key(sha256):
        return None
    return Groove(sha256, said["contents"], _unpacked(said["recordings"], body))


def remember(groove: Groove, file: Path) -> None:
    """Write a data set whole, for `recall`; where nothing can be written, it will be parsed again."""
    recordings = [_words(performance) for performance in groove.performances]
    said = {"key": _key(groove.sha256), "contents": groove.contents, "recordings": recordings}
    data = json.dumps(said).encode() + b"\n"
    for name, kind in COLUMNS:
        data += b"".join(getattr(p, name).astype(kind).tobytes() for p in groove.performances)
    with contextlib.suppress(PocketError, OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        write_whole(file, hashlib.sha256(data).digest() + data)


def _key(sha256: str) -> list[int | str]:
    try:
        parser = version("symusic")  # versions may differ in which of two notes at once they drop
    except PackageNotFoundError:
        parser = "none"
    return [FORMAT, parser, sha256]


def _words(performance: Performance) -> dict[str, Any]:
    p = performance
    return {
        "name": p.name,
        "drummer": p.drummer,
        "style": p.style,
        "beat_type": p.beat_type,
        "split": p.split,
        "bpm": p.bpm,
        "meter": [p.meter.numerator, p.meter.denominator],
        "duration_s": p.duration_s,
        "length": len(p.beats),
    }


def _unpacked(recordings: list[dict[str, Any]], body: bytes) -> tuple[Performance, ...]:
    lengths = [words.pop("length") for words in recordings]
    columns: dict[str, list[NDArray[Any]]] = {}
    at = 0
    for name, kind in COLUMNS:
        whole = np.frombuffer(body, kind, sum(lengths), at)
        at += whole.nbytes
        whole = whole.astype(np.float64 if name == "beats" else np.int64)
        columns[name] = np.split(whole, np.cumsum(lengths)[:-1])
    performances = []
    for i, words in enumerate(recordings):
        told = {**words, "meter": Meter(*words["meter"])}
        played: dict[str, Any] = {name: columns[name][i] for name, _ in COLUMNS}
        performances.append(Performance(**told, **played))
    return tuple(performances)
