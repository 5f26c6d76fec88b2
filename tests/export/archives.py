"""A small made-up data set laid out as the Groove MIDI Dataset, its players as loose as people."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import mido
import numpy as np

HEADER = "drummer,session,id,style,bpm,beat_type,time_signature,midi_filename,audio_filename,duration,split"
KICK, SNARE, HAT = 36, 38, 42
TICKS = 480


def midi(notes: list[tuple[int, int, int]]) -> bytes:
    """Return a MIDI file of one track at 480 ticks, of (tick, note, velocity) in order of time."""
    track, now = mido.MidiTrack(), 0
    for tick, note, velocity in notes:
        track.append(mido.Message("note_on", note=note, velocity=velocity, channel=9, time=tick - now))
        track.append(mido.Message("note_off", note=note, velocity=0, channel=9, time=0))
        now = tick
    file, content = mido.MidiFile(ticks_per_beat=TICKS), io.BytesIO()
    file.tracks.append(track)
    file.save(file=content)
    return content.getvalue()


def beat(bars: int, chance: np.random.Generator, *, loose: float = 8.0) -> list[tuple[int, int, int]]:
    """Return a rock beat in 4/4, eighths on the hat, each note off by some ticks, hats late by a few."""
    notes = []
    for eighth in range(bars * 8):
        tick = eighth * TICKS // 2
        here = [HAT] + [KICK] * (eighth % 4 == 0) + [SNARE] * (eighth % 4 == 2)
        for note in here:
            off = chance.normal(5.0 if note == HAT else -5.0, loose)
            notes.append((max(round(tick + off), 0), note, int(chance.integers(40, 120))))
    return sorted(notes)


def files(*, bars: int = 8, seed: int = 1) -> dict[str, bytes]:
    """Return the files of a data set by their path: two beats and a fill to train on, two to judge by."""
    chance = np.random.default_rng(seed)
    rows, content = [HEADER], {}
    for drummer, split, kind in (
        (1, "train", "beat"),
        (2, "train", "beat"),
        (2, "train", "fill"),
        (1, "validation", "beat"),
        (2, "test", "beat"),
    ):
        name = f"drummer{drummer}/session1/{len(rows)}_rock_110_{kind}_4-4.mid"
        style = "rock" if kind == "beat" else "rock/fill"
        rows.append(f"drummer{drummer},s,{len(rows)},{style},110,{kind},4-4,{name},,10.0,{split}")
        content[name] = midi(beat(bars if kind == "beat" else 1, chance))
    return {"info.csv": ("\n".join(rows) + "\n").encode(), **content}


def archive(path: Path, content: dict[str, bytes] | None = None) -> Path:
    """Write a data set as the official zip has it; returns the path."""
    with zipfile.ZipFile(path, "w") as file:
        for name, data in (files() if content is None else content).items():
            file.writestr(f"groove/{name}", data)
    return path
