from __future__ import annotations

import io
import json
import sys
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from rich.console import Console

from pocket_core.errors import ConfigError, MidiFileError, PocketError
from pocket_core.tempo import Meter, MeterChange, MeterMap, TempoChange, TempoMap
from pocket_core.types import Beats, Port, Seconds
from pocketd.backends.clock import VirtualClock
from pocketd.commands.demo import play, prepare
from pocketd.demo import PULSE, START, STOP, outcome, plan, strikes
from pocketd.journal import LOCK, lock
from pocketd.midifile import read_score, write_score
from pocketd.midiscore import MidiScore
from pocketd.performance import perform
from pocketd.take_content import gather
from tests.daemon.full_disk import files_no_larger_than

DUET = perform(Seconds(9.0))
LOOK_AHEAD = Seconds(0.120)


def quiet() -> Console:
    return Console(file=io.StringIO(), width=120)


def written(folder: Path, **parts: MidiScore) -> dict[str, Path]:
    """Write scores as NAME.mid."""
    for name, score in parts.items():
        write_score(folder / f"{name}.mid", score, score.stream(), name)
    return {name: folder / f"{name}.mid" for name in parts}


def test_the_clock_runs_from_start_to_stop_at_the_score_s_tempo() -> None:
    performance = plan(DUET.drums, DUET.human, LOOK_AHEAD)

    pulses = [cue.at for cue in performance.cues if cue.data == PULSE]

    assert (performance.cues[0].data, performance.cues[-1].data) == (START, STOP)
    assert performance.cues[0].at < pulses[0] == 0.0
    gaps = [b - a for a, b in pairwise(pulses)]
    assert gaps == pytest.approx([60 / 108 / 24] * len(gaps))


def test_the_clock_follows_the_tempo_map() -> None:
    tempo = TempoMap([TempoChange(Beats(0.0), 108.0), TempoChange(Beats(4.0), 54.0)])
    performance = plan(replace(DUET.drums, tempo=tempo), DUET.human, LOOK_AHEAD)

    pulses = [cue.at for cue in performance.cues if cue.data == PULSE]

    assert pulses[24] - pulses[0] == pytest.approx(60 / 108)  # in the count-in
    assert pulses[9 * 24] - pulses[8 * 24] == pytest.approx(60 / 54)  # four beats of count-in, four at 108


def test_drums_come_early_by_the_look_ahead_and_the_musician_on_time() -> None:
    performance = plan(DUET.drums, DUET.human, LOOK_AHEAD)

    drum = next(c for c in performance.cues if c.port is Port.DRUMS and strikes([c.data]))
    chord = next(c for c in performance.cues if c.port is Port.HUMAN and strikes([c.data]))

    assert drum.at == pytest.approx(performance.count_in - LOOK_AHEAD)
    assert chord.at == pytest.approx(performance.count_in + DUET.human.notes[0].at_s)


def test_everything_lies_between_start_and_stop() -> None:
    performance = plan(DUET.drums, DUET.human, Seconds(1.0))

    times = [cue.at for cue in performance.cues]

    assert times == sorted(times)
    assert strikes([c.data for c in performance.cues]) == len(DUET.drums.notes) + len(DUET.human.notes)
    assert performance.count_in >= 1.0


def test_a_short_bar_is_counted_in_more_than_once() -> None:
    drums = replace(DUET.drums, meters=MeterMap([MeterChange(Beats(0.0), Meter(1, 8))]))  # 278 ms

    assert plan(drums, DUET.human, LOOK_AHEAD).count_in_bars == 2


def test_a_tempo_that_no_clock_follows_is_an_error() -> None:
    drums = replace(DUET.drums, tempo=TempoMap([TempoChange(Beats(0.0), 400.0)]))

    with pytest.raises(MidiFileError, match="400 BPM"):
        plan(drums, DUET.human, LOOK_AHEAD)


def test_one_file_without_the_other_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="both"):
        prepare(tmp_path / "h.mid", None, Seconds(20.0), quiet())


def test_longer_files_are_cut_and_it_says_so(tmp_path: Path) -> None:
    files = written(tmp_path, human=DUET.human, drums=DUET.drums)
    console = quiet()

    performance = prepare(files["human"], files["drums"], Seconds(5.0), console)

    assert performance.length < 5.0 + 4.0
    assert max(n.at_s for n in performance.drums.notes) < 5.0
    assert isinstance(console.file, io.StringIO)
    assert "cut" in console.file.getvalue()


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The whole demo on the loopback back end, in virtual time: its folder, and what it printed."""
    out = tmp_path_factory.mktemp("demo") / "out"
    console = quiet()
    performance = prepare(None, None, Seconds(9.0), console)
    play(performance, None, "none", out, clock=VirtualClock(), console=console)
    assert isinstance(console.file, io.StringIO)
    return out, console.file.getvalue()


def test_the_table_tells_distance_and_events(played: tuple[Path, str]) -> None:
    _, text = played

    assert "synthetic" in text
    for word in ("quantised", "pocketd", "MAE ms", "SD ms", "events in", "out", "late", "lost"):
        assert word in text


def test_no_hit_is_lost_and_the_files_line_up(played: tuple[Path, str]) -> None:
    out, _ = played

    shifted, quantised = read_score(out / "drums.mid"), read_score(out / "drums-quantised.mid")

    assert len(shifted.notes) == len(quantised.notes) == len(DUET.drums.notes)
    assert max(abs(a.at_s - b.at_s) for a, b in zip(shifted.notes, quantised.notes, strict=True)) < 0.12
    assert len(read_score(out / "human.mid").notes) == len(DUET.human.notes)


def test_the_outcome_is_on_the_time_of_the_files(played: tuple[Path, str]) -> None:
    out, _ = played
    (journal,) = out.glob("takes/*/*/journal.jsonl")

    result = outcome(gather(journal), plan(DUET.drums, DUET.human, LOOK_AHEAD))

    score = sorted({round(note.at_s, 3) for note in DUET.drums.notes})
    assert [round(r.nominal_s, 3) + 0.0 for r in result.records] == pytest.approx(score, abs=0.002)
    assert (result.records[0].bar, result.records[0].beat) == (1, 1.0)
    for record in result.records:
        assert record.committed_s == pytest.approx(record.nominal_s + record.played_ms / 1000)
        assert record.human_s is None or abs(record.human_s - record.nominal_s) < 0.1


def test_the_picture_is_there(played: tuple[Path, str]) -> None:
    out, text = played

    assert (out / "performance.png").read_bytes().startswith(b"\x89PNG")
    assert "performance.png" in text


def test_the_take_was_kept(played: tuple[Path, str]) -> None:
    out, _ = played

    reports = [json.loads(path.read_text()) for path in out.glob("takes/*/*/take.json")]

    assert [r["summary"]["events_in"] for r in reports] == [len(DUET.drums.notes)]
    assert not (out / LOCK).exists()


def test_without_matplotlib_there_is_a_table_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    console = quiet()

    performance = prepare(None, None, Seconds(4.0), console)
    play(performance, None, "none", tmp_path, clock=VirtualClock(), console=console)

    assert isinstance(console.file, io.StringIO)
    assert "No picture" in console.file.getvalue()
    assert (tmp_path / "drums.mid").exists()


def test_two_demos_in_one_folder_would_show_each_other_s_take(tmp_path: Path) -> None:
    performance = prepare(None, None, Seconds(4.0), quiet())

    other = lock(tmp_path)
    assert other is not None
    with other, pytest.raises(PocketError, match="another demo"):
        play(performance, None, "none", tmp_path, clock=VirtualClock(), console=quiet())

    assert not (tmp_path / "config.yaml").exists()


def test_a_folder_that_cannot_be_written_to_is_told_before_anything_is_played(tmp_path: Path) -> None:
    (tmp_path / "takes").touch()
    performance = prepare(None, None, Seconds(4.0), quiet())

    with pytest.raises(PocketError, match="takes: File exists"):
        play(performance, None, "none", tmp_path, clock=VirtualClock(), console=quiet())


def test_a_take_that_the_disk_had_no_room_for_is_not_shown_as_if_it_were_whole(tmp_path: Path) -> None:
    performance = prepare(None, None, Seconds(4.0), quiet())

    with files_no_larger_than(8000), pytest.raises(PocketError, match="is not whole"):
        play(performance, None, "none", tmp_path, clock=VirtualClock(), console=quiet())
