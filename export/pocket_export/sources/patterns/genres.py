"""The genre of a MIDI file, as far as its name and its folders say it."""

from __future__ import annotations

import re
from collections.abc import Mapping

UNKNOWN = "unknown"

#: A word of a name, or two that stand together, and the genre that it means; the longest counts first.
WORDS: Mapping[str, str] = {
    "rock": "rock",
    "rocknroll": "rock",
    "indie": "rock",
    "grunge": "rock",
    "punk": "punk",
    "metal": "metal",
    "thrash": "metal",
    "doom": "metal",
    "deathmetal": "metal",
    "blackmetal": "metal",
    "heavy": "metal",
    "pop": "pop",
    "disco": "disco",
    "funk": "funk",
    "funky": "funk",
    "soul": "soul",
    "motown": "soul",
    "rnb": "soul",
    "blues": "blues",
    "bluesy": "blues",
    "boogie": "blues",
    "shuffle": "blues",
    "jazz": "jazz",
    "jazzy": "jazz",
    "swing": "jazz",
    "bebop": "jazz",
    "bigband": "jazz",
    "latin": "latin",
    "salsa": "latin",
    "samba": "latin",
    "bossa": "latin",
    "bossanova": "latin",
    "mambo": "latin",
    "rumba": "latin",
    "reggaeton": "latin",
    "tango": "latin",
    "reggae": "reggae",
    "ska": "reggae",
    "dub": "reggae",
    "hiphop": "hiphop",
    "rap": "hiphop",
    "trap": "hiphop",
    "house": "electronic",
    "techno": "electronic",
    "trance": "electronic",
    "electro": "electronic",
    "electronic": "electronic",
    "edm": "electronic",
    "dance": "electronic",
    "dubstep": "electronic",
    "dnb": "electronic",
    "drumnbass": "electronic",
    "drumandbass": "electronic",
    "jungle": "electronic",
    "breakbeat": "electronic",
    "country": "country",
    "bluegrass": "country",
    "folk": "folk",
    "celtic": "folk",
    "gospel": "gospel",
    "afrobeat": "afro",
    "afrocuban": "afro",
    "neworleans": "neworleans",
    "classical": "classical",
    "march": "march",
}
MOST_WORDS = 3  # that stand together
_BETWEEN = re.compile(r"[^a-z]+")


def genre_of(name: str) -> str:
    """Return the genre of a file.

    The file's own name is asked first, then its folders, from the nearest on; in each the longest words that
    mean something, of those the first.

    Args:
        name: A path, with slashes.
    """
    for part in reversed(name.lower().removesuffix(".mid").split("/")):
        words = [word for word in _BETWEEN.split(part) if word]
        for count in range(MOST_WORDS, 0, -1):
            for begin in range(len(words) - count + 1):
                genre = WORDS.get("".join(words[begin : begin + count]))
                if genre is not None:
                    return genre
    return UNKNOWN
