"""Writes the map as one HTML page that needs nothing else: style, program and data are in it.

What comes from outside (file names, genres, licences) enters the page as data alone: as JSON without `<`, `>`
and `&` in a block that no browser runs, or as escaped text. The page may run only the program whose digest
its content security policy names, and may reach nothing but the server that it came from.

Arrays are base64 of little-endian bytes.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pocket_core.phrases.patterns import LEAST_ENTROPY, NEARLY, NOTES, STEPS
from pocket_export.sources.patterns.map_content import MapContent
from pocket_export.sources.patterns.map_places import GRID, REACH, Method, areas, main_genres, places
from pocketd import __version__
from pocketd.generators.pattern import FIRM, SURE

FOLDER = Path(__file__).with_name("page")
#: In the order in which they stand in the page; each uses only what stands before it when it is loaded.
PROGRAM = (
    "data.js",
    "pattern.js",
    "decoder.js",
    "midi.js",
    "link.js",
    "drums.js",
    "player.js",
    "sequencer.js",
    "areas.js",
    "scatter.js",
    "gestures.js",
    "send.js",
    "state.js",
    "choosing.js",
    "showing.js",
    "legend.js",
    "sharing.js",
    "map.js",
)
GENERATOR = "pocketd patterns map"  # how a page is known as ours
#: Of each bit; bit 9 is in no published pattern.
NAMES = (
    "kick",
    "snare",
    "closed hat",
    "low tom",
    "mid tom",
    "open hat",
    "high tom",
    "crash",
    "ride",
    "other",
    "high bongo",
    "low bongo",
    "mute conga",
    "low conga",
)
INSTRUMENTS: tuple[tuple[str, int | None], ...] = tuple(zip(NAMES, NOTES, strict=True))  # name, MIDI note
#: On a light and on a dark ground, told apart by lightness as well as by hue.
COLOURS: tuple[tuple[str, str], ...] = (
    ("#3b62d1", "#7f9cff"),
    ("#cf6a12", "#ffb054"),
    ("#218b6e", "#55d6b0"),
    ("#c2398b", "#ff8fce"),
    ("#7d4fc4", "#b99bff"),
    ("#b3392f", "#ff8578"),
    ("#1f87ad", "#6ecbff"),
    ("#7f7d1c", "#dcd765"),
    ("#8a5a3c", "#d8a888"),
    ("#3f8a2e", "#8edb78"),
    ("#5b6c85", "#a4b6d0"),
    ("#94207a", "#ea86dd"),
)
WORDS = {Method.TSNE: "t-SNE", Method.UMAP: "UMAP"}


def build_page(
    content: MapContent,
    *,
    method: Method = Method.TSNE,
    seed: int = 1,
    progress: Callable[[float], None] = lambda _: None,
) -> str:
    """Return the page.

    The same content, method and seed give the same page, on the same machine; `progress` is told which share
    of the laying out is done, 0..1.

    Raises:
        TrainingMissingError: scikit-learn or umap-learn is not installed.
    """
    return page_of(content, places(content.codes, method, seed, progress), WORDS[method])


def page_of(content: MapContent, flat: NDArray[np.float32], method: str) -> str:
    """Return the page of patterns that have been laid out.

    Args:
        content: What it shows.
        flat: `float32[N, 2]` within -1..1.
        method: How they were laid out, in a word.
    """
    program = "(() => {\n" + "\n".join(_read(name) for name in PROGRAM) + "})();\n"
    style = _read("map.css")
    policy = (
        f"default-src 'none'; script-src {_digest(program)}; style-src {_digest(style)}; "
        "connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'"
    )
    return _fill(
        _read("map.html"),
        {
            "policy": html.escape(policy),
            "generator": html.escape(f"{GENERATOR} {__version__}"),
            "title": html.escape(content.title),
            "count": f"{len(content.patterns):,}",
            "style": style,
            "data": as_json(_data(content, flat, method)),
            "program": program,
        },
    )


def as_json(value: object) -> str:
    """Return JSON that nothing in it can end the block of a page that it stands in."""
    text = json.dumps(value, ensure_ascii=True, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _data(content: MapContent, flat: NDArray[np.float32], method: str) -> Mapping[str, object]:
    genres = main_genres(content.genres)
    number = {genre: index for index, genre in enumerate(genres)}
    groups = np.array([number.get(genre, len(genres)) for genre in content.genres], np.int64)
    weights = [part for layer in content.decoder for part in (layer.weight.ravel(), layer.bias)]
    return {
        "format": 1,
        "title": content.title,
        "method": method,
        "licences": content.licences,
        "steps": STEPS,
        "instruments": [{"name": name, "note": note} for name, note in INSTRUMENTS],
        "genres": [
            {"name": genre, "light": light, "dark": dark}
            for genre, (light, dark) in zip(genres, COLOURS, strict=False)
        ],
        "names": content.names,
        "threshold": content.threshold,
        "firm": FIRM,
        "sure": SURE,
        "leastEntropy": LEAST_ENTROPY - NEARLY,
        "dimensions": content.codes.shape[1],
        "layers": [list(layer.weight.shape) for layer in content.decoder],
        "grid": GRID,
        "reach": REACH,
        "patterns": _base64(content.patterns, "<u2"),
        "codes": _base64(content.codes, "<f4"),
        "places": _base64(flat, "<f4"),
        "groups": _base64(groups, "<u1"),
        "areas": _base64(areas(flat, groups, len(genres)), "<u1"),
        "known": _base64(content.known, "<u2"),
        "weights": _base64(np.concatenate(weights), "<f4"),
    }


def _base64(array: NDArray[np.generic], kind: str) -> str:
    return base64.b64encode(np.ascontiguousarray(array, np.dtype(kind)).tobytes()).decode("ascii")


def _read(name: str) -> str:
    return (FOLDER / name).read_text("utf-8")


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode('utf-8')).digest()).decode('ascii')}'"


def _fill(template: str, parts: Mapping[str, str]) -> str:
    """Put each part in its place, once; what looks like a place in a part is left alone."""
    return re.sub(r"\{\{([a-z]+)\}\}", lambda found: parts[found[1]], template)
