"""Make two MIDI files out of one drummer: the hands on the cymbals, to be the musician, and the rest.

    python benchmarks/split_drummer.py drummer1/session2/3_rock_100_beat_4-4.mid hands.mid feet.mid
    make demo HUMAN=hands.mid DRUMS=feet.mid

Both are as they were played; pocketd quantises the drums. The split is that of BENCHMARKS' "Follow".
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.duets import HANDS
from pocket_core.errors import PocketError
from pocket_core.voices import VoiceMap
from pocketd.midifile import read_score, write_score


def split(source: Path, hands: Path, feet: Path) -> tuple[int, int]:
    """Write both parts and return how many notes each has; notes outside the nine voices are in neither.

    Raises:
        MidiFileError: The source cannot be read.
    """
    score, voices = read_score(source), VoiceMap()
    counts = []
    for path, is_hands in ((hands, True), (feet, False)):
        notes = tuple(
            note
            for note in score.notes
            if (voice := voices.index(note.note)) is not None and (voice in HANDS) is is_hands
        )
        part = replace(score, name=path.name, notes=notes, messages=())
        write_score(path, part, part.stream(), path.stem)
        counts.append(len(notes))
    return counts[0], counts[1]


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("source", type=Path, help="a drummer's MIDI file, such as one of the Groove dataset")
    parser.add_argument("hands", type=Path, help="written: closed hat, open hat, crash, ride")
    parser.add_argument("feet", type=Path, help="written: kick, snare, toms")
    options = parser.parse_args()
    try:
        counts = split(options.source, options.hands, options.feet)
    except PocketError as error:
        print(f"split_drummer: {error}", file=sys.stderr)
        return error.exit_code
    print(f"{options.hands}: {counts[0]} notes; {options.feet}: {counts[1]} notes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
