"""MIDI files with drums that repeat, byte by byte."""

from __future__ import annotations

import struct
from collections.abc import Sequence

ROCK = (5, 0, 4, 0, 6, 0, 4, 1, 4, 0, 5, 0, 6, 0, 4, 0) * 2
TOMS = (129, 0, 256, 0, 258, 0, 256, 0, 257, 1, 256, 0, 258, 0, 256, 16) * 2
NOTES = {0: 36, 1: 38, 2: 42, 4: 45, 7: 49, 8: 51}
TICKS = 480


def midi(steps: Sequence[int], meter: int = 4) -> bytes:
    """Return a file of format 0 with drums on channel 10, a step a sixteenth."""
    events = [(0, bytes([0xFF, 0x58, 4, meter, 2, 24, 8]))]
    for step, struck in enumerate(steps):
        for bit, note in NOTES.items():
            if struck >> bit & 1:
                events += [(step * 120, bytes([0x99, note, 100])), (step * 120 + 60, bytes([0x89, note, 0]))]
    track, now = b"", 0
    for tick, event in sorted(events, key=lambda each: each[0]):
        delta = tick - now
        track += bytes([0x80 | delta >> 14, 0x80 | delta >> 7 & 0x7F, delta & 0x7F]) + event
        now = tick
    track += b"\x00\xff\x2f\x00"
    return b"MThd" + struct.pack(">IHHH", 6, 0, 1, TICKS) + b"MTrk" + struct.pack(">I", len(track)) + track
