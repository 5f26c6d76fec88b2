"""Draw what each source of drums makes, by the very commands that the README shows: docs/source-*.png.

    python benchmarks/sources_plot.py [--only bars,groove] [FOLDER]

The riff that `groove` answers is made up here: a strummed guitar over four bars, as uneven as by hand.
"""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # run as a file, only this folder is on it

from pocket_core.errors import ConfigError, PocketError
from pocket_core.phrases.phrase import SIXTEENTH, Phrase, Stroke, phrase_of
from pocket_core.tempo import steady
from pocket_core.types import Beats
from pocketd.commands.generate import command
from pocketd.generators.phrase_file import phrase_bytes
from pocketd.wholefile import write_whole

DOCS = Path(__file__).resolve().parents[1] / "docs"
RIFF, BPM = "riff.mid", 96.0
#: What the README shows, by the name of the source.
COMMANDS: Mapping[str, str] = {
    "bars": "pocketd generate bars --from rock --to funk --steps 8 --out way.mid --plot way.png",
    "continue": "pocketd generate continue --primer jazz --bars 6 --out on.mid --plot on.png",
    "pattern": "pocketd generate pattern --from rock --to latin --temperature 0 --out map.mid --plot map.png",
    "groove": f"pocketd generate groove --human {RIFF} --out drums.mid --plot drums.png",
}
#: Bars of sixteenths: `X` is loud, `x` is usual, `o` is soft.
STRUMMED = ("X.o.X.oxo.x.X.o.", "X.o.X.oxo.x.X.xx", "X.o.X.oxo.x.X.o.", "X.oxX.ox..x.X.xx")
SOUNDS = {"X": 112, "x": 88, "o": 56}
LATE = (0.0, 0.012, -0.008, 0.02, 0.006, -0.014, 0.016)  # beats, of one note after the other
LOWEST = 40  # a bass guitar's lowest string


def riff() -> Phrase:
    """Return the guitar, a note a strum."""
    struck = [(n, sign) for n, sign in enumerate("".join(STRUMMED)) if sign in SOUNDS]
    strokes = (
        Stroke(Beats(n * SIXTEENTH), LOWEST, SOUNDS[sign], Beats(LATE[k % len(LATE)]))
        for k, (n, sign) in enumerate(struck)
    )
    return phrase_of(strokes, Beats(4.0 * len(STRUMMED)))


def draw(source: str, folder: Path) -> Path:
    """Run a source's command and return the picture of it, in a folder of its own.

    Raises:
        PocketError: The command fails.
    """
    write_whole(folder / RIFF, phrase_bytes(riff(), steady(BPM), "riff"))
    _, _, *words = shlex.split(COMMANDS[source])
    files = [str(folder / word) if word.endswith((".mid", ".png")) else word for word in words]
    command(files, standalone_mode=False)
    return next(Path(file) for file in files if file.endswith(".png"))


def main(arguments: Sequence[str] | None = None) -> int:
    """Draw them."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("folder", type=Path, nargs="?", default=DOCS)
    parser.add_argument("--only", default=",".join(COMMANDS), help="sources, with commas between")
    options = parser.parse_args(arguments)
    wanted = options.only.split(",")
    if unknown := [name for name in wanted if name not in COMMANDS]:
        raise ConfigError(f"no source is called {unknown[0]!r}; there are {', '.join(COMMANDS)}")
    for source in wanted:
        with TemporaryDirectory() as folder:
            data = draw(source, Path(folder)).read_bytes()
        picture = options.folder / f"source-{source}.png"
        write_whole(picture, data)
        print(f"wrote {picture}, {len(data) / 1000:.0f} kB")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except PocketError as error:
        print(f"sources_plot: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
