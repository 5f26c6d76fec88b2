"""A phrase as a MIDI file on General MIDI's drum channel, and as lines of text to look at."""

from __future__ import annotations

from collections.abc import Iterator

import mido

from pocket_core.phrases.kit import Kit
from pocket_core.phrases.phrase import BAR, SIXTEENTH, Phrase, Stroke
from pocket_core.tempo import TempoMap
from pocket_core.types import Beats
from pocket_core.voices import VOICES
from pocketd.midifile import OUT_TICKS, file_bytes, set_tempo, track_name

CHANNEL = 9  # General MIDI's drum channel, counted from 0
LENGTH = Beats(0.125)  # of a note; a repeat of it ends it earlier
LOUD, SOFT = 80, 40  # velocities from which a sign in the text is another
RELEASE = 64


def phrase_bytes(phrase: Phrase, tempo: TempoMap, title: str, *, straight: bool = False) -> bytes:
    """Return a phrase as a MIDI file of type 1: a conductor track, then the drums.

    Args:
        phrase: In 4/4.
        tempo: Its tempo, and how it changes.
        title: Of both tracks.
        straight: Leave out the offsets: every stroke is on its grid position.
    """
    conductor = [
        (0, track_name(title)),
        (0, mido.MetaMessage("time_signature", numerator=4, denominator=4)),
    ]
    for change in tempo.until(phrase.length):
        conductor.append((round(change.beat * OUT_TICKS), set_tempo(change.bpm)))
    part = [(0, track_name(title))]
    for on, off, stroke in _placed(phrase, straight=straight):
        note = {"channel": CHANNEL, "note": stroke.note}
        part.append((on, mido.Message("note_on", velocity=stroke.velocity, **note)))
        part.append((off, mido.Message("note_off", velocity=RELEASE, **note)))
    part.sort(key=lambda event: (event[0], event[1].type == "note_on"))
    part.append((round(phrase.length * OUT_TICKS), mido.MetaMessage("marker", text="end")))
    return file_bytes([conductor, part], OUT_TICKS)


def drawn(phrase: Phrase, kit: Kit, bars: int) -> Iterator[str]:
    """Yield a phrase as text, bar after bar: a line for each voice that plays, a sign for each sixteenth.

    `X` is loud, `x` is usual and `o` is soft.

    Args:
        phrase: In 4/4.
        kit: Which note is of which voice.
        bars: At most so many.
    """
    count = min(bars, round(phrase.length / BAR))
    cut = phrase.cut(Beats(0.0), Beats(count * BAR))
    rows = {voice: ["."] * (16 * count) for voice in VOICES}
    played = set()
    for stroke in cut.strokes:
        number = kit.voice(stroke.note)
        if number is not None:
            played.add(VOICES[number])
            sign = "X" if stroke.velocity >= LOUD else "x" if stroke.velocity >= SOFT else "o"
            rows[VOICES[number]][min(round(stroke.beat / SIXTEENTH), 16 * count - 1)] = sign
    for voice in (voice for voice in reversed(VOICES) if voice in played):
        cells = "".join(rows[voice])
        yield f"{voice:>10} |{'|'.join(cells[n : n + 16] for n in range(0, len(cells), 16))}|"


def _placed(phrase: Phrase, *, straight: bool) -> Iterator[tuple[int, int, Stroke]]:
    """Yield when each note begins and ends, in ticks; none overlaps its repeat or lies outside the phrase."""
    ends: dict[int, list[tuple[int, Stroke]]] = {}
    last = round(phrase.length * OUT_TICKS)
    for stroke in phrase.strokes:
        on = round((stroke.beat + (0.0 if straight else stroke.offset)) * OUT_TICKS)
        on = min(max(on, 0), last - 1)
        ends.setdefault(stroke.note, []).append((on, stroke))
    for strokes in ends.values():
        strokes.sort(key=lambda placed: placed[0])
        later = [on for on, _ in strokes[1:]] + [last]
        for (on, stroke), following in zip(strokes, later, strict=True):
            if following > on:
                yield on, min(on + round(LENGTH * OUT_TICKS), following), stroke
