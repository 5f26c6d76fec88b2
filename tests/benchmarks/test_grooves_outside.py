from __future__ import annotations

from pathlib import Path

import mido
import numpy as np
import pytest
from benchmarks.grooves_outside import BARS, beats, outside_rows, riffs

from pocket_core.phrases.generator import Ask
from pocket_core.phrases.kit import GENERAL_MIDI
from pocket_core.phrases.phrase import BAR, Phrase, Stroke
from pocket_core.types import Beats

TPQ = 96


def write(path: Path, *, bars: int = BARS, numerator: int = 4) -> None:
    """Write a bass line in eighths, and a kick on each first beat, a bar of silence before both."""
    file = mido.MidiFile(ticks_per_beat=TPQ)
    for channel, note, every, count in ((0, 40, TPQ // 2, 8 * bars), (9, 36, 4 * TPQ, bars)):
        track = file.add_track(str(channel))
        track.append(mido.MetaMessage("time_signature", numerator=numerator))
        wait = 4 * TPQ
        for _ in range(count):
            track.append(mido.Message("note_on", channel=channel, note=note, velocity=80, time=wait))
            track.append(mido.Message("note_off", channel=channel, note=note, time=10))
            wait = every - 10
    file.save(path)


class Backbeat:
    """A generator that plays a kick on one, a snare on two and four, and keeps what it was asked."""

    name = "backbeat"

    def __init__(self) -> None:
        self.asked: list[Ask] = []

    def phrase(self, ask: Ask) -> Phrase:
        self.asked.append(ask)
        notes = ((0, "kick"), (1, "snare"), (3, "snare"))
        return Phrase(tuple(Stroke(Beats(float(n)), GENERAL_MIDI[v], 90) for n, v in notes), BAR)


def test_a_riff_begins_with_its_first_bar_and_has_its_files_drums(tmp_path: Path) -> None:
    write(tmp_path / "a.mid")

    [riff] = riffs(tmp_path)

    assert (riff.part.onsets[0].beat, len(riff.part.onsets)) == (0.0, 8 * BARS)
    assert riff.drums[:, 0, 0].all()
    assert riff.drums.sum() == BARS


@pytest.mark.parametrize("change", [{"bars": 4}, {"numerator": 3}])
def test_what_does_not_play_through_or_is_in_another_meter_is_left_out(
    tmp_path: Path, change: dict[str, int]
) -> None:
    write(tmp_path / "a.mid", **change)

    assert riffs(tmp_path) == []


def test_a_backbeat_is_found(tmp_path: Path) -> None:
    write(tmp_path / "a.mid")
    rows = outside_rows(Backbeat(), riffs(tmp_path), 1)

    made, own = beats(rows["to riffs, as learnt"]), beats(rows["the riffs' own drums"])

    assert (made["backbeat"], made["downbeat"], made["voices"], made["alike"]) == (1.0, 1.0, 2.0, 1.0)
    assert (own["backbeat"], own["downbeat"], own["strokes"]) == (0.0, 1.0, 1.0)
    assert made["toms"] == 0.0


def test_live_nothing_is_heard_that_was_not_yet_played(tmp_path: Path) -> None:
    write(tmp_path / "a.mid")
    generator = Backbeat()

    outside_rows(generator, riffs(tmp_path), 1)

    live = generator.asked[-BARS:]
    assert all(onset.beat < ask.begin - 0.9 for ask in live for onset in ask.heard)
    assert not live[0].heard
    assert live[8].heard


def test_shares_are_of_all_bars() -> None:
    bars = np.zeros((2, 16, 9), bool)
    bars[0, 0, 4:6] = True

    assert beats([bars])["toms"] == 1.0
    assert beats([bars])["strokes"] == 1.0
