"""A drum pattern of two bars as 32 integers, one a sixteenth, whose bits are 14 instruments.

The code of Tikhonov's "Drum Patterns from Latent Space". Which bit is which instrument is recovered from its
published MIDI files; source: altsoph/drum_space. Bit 9 is in none of them: it is never set here, nor heard.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from pocket_core.phrases.kit import Kit
from pocket_core.phrases.phrase import SIXTEENTH, Phrase, Stroke, phrase_of
from pocket_core.types import Beats

STEPS = 32  # sixteenths: two bars of 4/4
BITS = 14
CELLS = STEPS * BITS  # cell = step * BITS + bit
LENGTH = Beats(STEPS * SIXTEENTH)
LEAST_ENTROPY = 1.30  # bits; source: the least that altsoph's filter kept is 1.2988, the next below 1.2911
NEARLY = 0.005  # bits: what is rounded to 1.30 passes
UNHEARD = 9  # the bit without an instrument
DIGEST = 8  # bytes that a pattern is known by

Pattern = tuple[int, ...]  # of STEPS, each 0..16383

#: The General MIDI note of each bit; source: as above.
NOTES: tuple[int | None, ...] = (36, 38, 42, 41, 45, 46, 48, 49, 51, None, 60, 61, 62, 64)
#: Notes that count as another: LSTMetallica's simplification, and edges and rims of Roland's kits.
SAME_AS: Mapping[int, int] = {
    35: 36,
    **dict.fromkeys((37, 40), 38),
    43: 41,
    47: 45,
    50: 48,
    44: 42,
    **dict.fromkeys((57, 52), 49),
    **dict.fromkeys((59, 53, 55), 51),
    22: 42,
    26: 46,
    58: 41,
}
#: The bit of a General MIDI note, -1 where there is none.
BIT_OF_NOTE: NDArray[np.int8] = np.array(
    [NOTES.index(SAME_AS.get(note, note)) if SAME_AS.get(note, note) in NOTES else -1 for note in range(128)],
    np.int8,
)
#: The bit of each of the nine voices, which has its crash on 55 as Roland has.
BIT_OF_VOICE: tuple[int, ...] = tuple(NOTES.index(note) for note in (36, 38, 42, 46, 41, 45, 48, 49, 51))
VOICE_OF_BIT: Mapping[int, int] = {bit: voice for voice, bit in enumerate(BIT_OF_VOICE)}

_AS_GENERAL_MIDI = Kit()
_LOUD = tuple((104, 80, 92, 80)[step % 4] for step in range(STEPS))  # where nobody says how loud


def bit_of(note: int, kit: Kit = _AS_GENERAL_MIDI) -> int | None:
    """Return the bit that a note of a kit is in; None: it is in none."""
    voice = kit.voice(note)
    if voice is not None:
        return BIT_OF_VOICE[voice]
    bit = int(BIT_OF_NOTE[note])
    return bit if bit >= 0 else None


def note_of(bit: int, kit: Kit = _AS_GENERAL_MIDI) -> int | None:
    """Return the note that a bit is played with: by the kit where it is a voice's, else by General MIDI."""
    voice = VOICE_OF_BIT.get(bit)
    return NOTES[bit] if voice is None else kit.notes[voice]


def phrase_of_pattern(steps: Sequence[int], kit: Kit, velocities: NDArray[np.int64] | None = None) -> Phrase:
    """Return a pattern as a phrase of two bars.

    Args:
        steps: 32 integers; bits from 14 on are not looked at.
        kit: Its notes.
        velocities: `int64[32, 14]`, 1..127; None: beats are louder than what is between them.

    Raises:
        ValueError: They are not 32.
    """
    if len(steps) != STEPS:
        raise ValueError(f"a pattern has {STEPS} steps, not {len(steps)}")
    strokes = []
    for step, struck in enumerate(steps):
        for bit in range(BITS):
            note = note_of(bit, kit)
            if struck >> bit & 1 and note is not None:
                velocity = _LOUD[step] if velocities is None else int(velocities[step, bit])
                strokes.append(Stroke(Beats(step * SIXTEENTH), note, velocity))
    return phrase_of(strokes, LENGTH)


def pattern_of(phrase: Phrase, kit: Kit = _AS_GENERAL_MIDI) -> Pattern:
    """Return the first two bars of a phrase as a pattern; a shorter one is repeated.

    Strokes fall on their nearest sixteenth, the one past the end on the first; those of no instrument are
    left out.
    """
    steps = [0] * STEPS
    for stroke in phrase.filling(LENGTH).strokes:
        bit = bit_of(stroke.note, kit)
        if bit is not None:
            steps[round(stroke.beat / SIXTEENTH) % STEPS] |= 1 << bit
    return tuple(steps)


def entropy(steps: Sequence[int]) -> float:
    """Return the entropy of how often each step occurs, in bits, 0..5: 0 where all are the same."""
    count = len(steps)
    return -sum(n / count * math.log2(n / count) for n in sorted(Counter(steps).values())) + 0.0


def varied(steps: Sequence[int]) -> bool:
    """Return whether a pattern has the entropy of one that is not trivial."""
    return entropy(steps) >= LEAST_ENTROPY - NEARLY


def canonical(steps: Sequence[int]) -> Pattern:
    """Return the least of all rotations: the same for two patterns that are one, begun at another step."""
    twice = (*steps, *steps)
    count = len(steps)
    least = min(twice)
    return min((twice[n : n + count] for n in range(count) if twice[n] == least), default=())


def digest(steps: Sequence[int]) -> bytes:
    """Return what a pattern is known by, whatever step it begins at: 8 bytes, the same on every machine."""
    content = np.array(canonical(steps), "<u2").tobytes()
    return blake2b(content, digest_size=DIGEST).digest()


def cells_of_patterns(patterns: Iterable[Sequence[int]]) -> NDArray[np.float32]:
    """Return patterns as what a network is told, `float32[N, 448]`: 1 is struck, 0 is not."""
    steps = np.array([tuple(pattern) for pattern in patterns], np.int64).reshape(-1, STEPS, 1)
    return (steps >> np.arange(BITS) & 1).astype(np.float32).reshape(-1, CELLS)


def patterns_of_cells(cells: NDArray[np.float32], threshold: float = 0.5) -> list[Pattern]:
    """Return cells as patterns: what is above the threshold is struck."""
    struck = cells.reshape(-1, STEPS, BITS) > threshold
    codes = (struck.astype(np.int64) << np.arange(BITS)).sum(2)
    return [tuple(code) for code in codes.tolist()]
