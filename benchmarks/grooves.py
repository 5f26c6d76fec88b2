"""How near drums to a groove are to the drummer's own: the official test split, two bars, one bar on.

Each row says what it knows. "Two bars" is the paper's task, by the networks that never remember; "8 bars
before" has what the drummer himself played there as well; "free running" has what the model made of it, and
begins with nothing; "live" gets the groove of two bars before, since nobody has heard the next two.
Thresholds are chosen on validation, each row's by its own view; free running has those that ship. The
networks without a memory have them twice: for the F1 of all, as they ship, and so that no voice is lost.

The tables below are of the validation split: what becomes of drums that hear themselves (`grooves_free`);
and of riffs that are no drums (`grooves_outside`), where freedoom's files are.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # run as a file, only this folder is on it

import numpy as np
from numpy.typing import NDArray

from benchmarks.grooves_free import (
    LEARNT,
    MANNERS,
    Manner,
    Runs,
    chosen,
    measured,
    onsets_of,
    played,
    print_free,
    run,
)
from benchmarks.grooves_outside import beats, outside_rows, print_outside, riffs
from benchmarks.options import parser_of
from benchmarks.table import Column, Report, Row, Section, print_grid, screen
from pocket_core.phrases.generator import MEMORY, Ask
from pocket_core.phrases.groove_features import MEMORY_BARS, MEMORY_STEPS, Asked, feature_rows
from pocket_core.phrases.hvo import A_BAR, COUNT, cells_from, flattened, phrase_of_cells
from pocket_core.phrases.kit import Kit
from pocket_core.phrases.phrase import BAR
from pocket_core.types import Beats
from pocket_core.voices import VOICES
from pocket_export.groove import load, locate
from pocket_export.sources.grooves.lessons import targets
from pocket_export.sources.grooves.scores import ENOUGH, FAIR_ALONE, Score, best_thresholds, score
from pocket_export.sources.grooves.vae_lessons import split
from pocket_export.sources.grooves.windows import (
    Recording,
    View,
    Window,
    recordings,
    shown,
    tempos,
    windows,
)
from pocket_export.sources.patterns.data import MULTITRACK, SHIPS
from pocketd.generators.graphs import Graphs, load_graphs
from pocketd.generators.groove import UNHEARD, Groove

Array = NDArray[np.float32]
Bools = NDArray[np.bool_]

TWO_BARS = Beats(2 * BAR)
LATER = 2  # bars: from the third on there has been something to remember
TIMED, WARM_UP = 1000, 50  # generations that are timed
VIEWS = {
    "+ drummer's 8 bars before": View(),
    "+ live: groove of 2 bars ago": View(from_before=True),
}
FREE = "free running"
COLUMNS = (
    Column("f1", "F1", 3, beside="known"),
    Column("f1_later", "bars 3+", 3),
    Column("accuracy", "accuracy", 3, beside="known"),
    Column("mae_ms", "ms", beside="known"),
    Column("all_mae_ms", "all", beside="known"),
    Column("velocity_mse", "vel.", 4, beside="known"),
    Column("offset_sd", "SD", 3),
    Column("offset_real_sd", "real", 3),
    Column("likeness", "alike", 3),
)
SOLAR = (0.59, 0.66, 0.73, 0.22, 0.02, 0.0, 0.13, 0.05, 0.31)  # F1 of each voice


@dataclass(frozen=True, slots=True)
class Answered:
    """What a row says of the test windows."""

    said: Array  # (N, 32, 27), hits as chances
    struck: Bools  # (N, 32, 9)


def answer(graphs: Graphs, x: Array) -> Array:
    """Return what the network with a memory says of windows, one at a time as live, `float32[N, 32, 27]`."""
    return np.concatenate([graphs.run("answer", x=row[None])["said"] for row in x])


def answer_alone(graphs: Graphs, x: Array) -> Array:
    """Return what the networks without a memory say of windows, likewise."""
    return np.concatenate([graphs.run("alone", x=row[None])["said"] for row in x])


def decode(graphs: Graphs, x: Array) -> Array:
    """Return what comes back of the grooves through the autoencoder, `float32[N, 32, 27]`."""
    grooves, wanted = split(x)
    found = []
    for groove, want in zip(grooves, wanted, strict=True):
        z = graphs.run("encode", groove=groove[None])["mean"]
        found.append(graphs.run("decode", z=z, wanted=want[None])["said"])
    return np.concatenate(found)


def free_running(graphs: Graphs, of: Sequence[Window]) -> Answered:
    """Return what is made of each file from its beginning on, with nothing of the drummer's but his groove.

    Args:
        graphs: Of the generator.
        of: Windows in order; of each the first bar is remembered.
    """
    limits = {
        graph: np.array(graphs.card.settings[key], np.float32)
        for graph, key in (("answer", "thresholds"), ("alone", "alone_thresholds"))
    }
    said, struck, made = [], [], np.zeros((0, 3 * COUNT), np.float32)
    for window in of:
        if window.bar == 0:
            made = np.zeros((0, 3 * COUNT), np.float32)
        begin = window.bar * A_BAR
        past = cells_from(made).cut(begin - MEMORY_STEPS, begin)
        asked = Asked(window.recording.bpm, window.bar)
        x = feature_rows(flattened(window.cells), past, window.known, asked, flattened(window.past()))
        graph = "answer" if window.known else "alone"
        answered = graphs.run(graph, x=x[None])["said"][0]
        said.append(answered)
        struck.append(answered[:, :COUNT] >= limits[graph])
        hits = struck[-1][:A_BAR].astype(np.float32)
        made = np.concatenate([made, answered[:A_BAR] * np.tile(hits, 3)])
        made[-A_BAR:, :COUNT] = hits
    return Answered(np.stack(said), np.stack(struck))


def likeness(of: Sequence[Window], struck: Bools) -> float:
    """Return how like the bar before a bar is: the mean Jaccard index of what is struck in both."""
    found = []
    for n in range(1, len(of)):
        if of[n].bar != of[n - 1].bar + 1 or of[n].recording is not of[n - 1].recording:
            continue
        one, other = struck[n - 1, :A_BAR], struck[n, :A_BAR]
        if (either := (one | other).sum()) > 0:
            found.append((one & other).sum() / either)
    return float(np.mean(found)) if found else 0.0


def figures(of: Sequence[Window], real: Array, answered: Answered) -> tuple[dict[str, float], Score]:
    """Return a row's figures, and the whole score."""
    bpm = tempos(of)
    found = score(real, answered.said, answered.struck, bpm)
    later = np.array([window.bar >= LATER for window in of])
    after = score(real[later], answered.said[later], answered.struck[later], bpm[later])
    keys = ("f1", "accuracy", "mae_ms", "all_mae_ms", "velocity_mse", "offset_sd", "offset_real_sd")
    row = {key: float(getattr(found, key)) for key in keys}
    return {**row, "f1_later": after.f1, "likeness": likeness(of, answered.struck)}, found


def known_rows(of: Sequence[Window], real: Array) -> list[Row]:
    """Return silence, and the drummer's hits on the grid and with the groove's velocity and offset."""
    hits, nothing = real[..., :COUNT] > 0.5, np.zeros_like(real)
    flat = np.stack([flattened(window.cells) for window in of])
    copied = np.concatenate(
        [real[..., :COUNT], np.repeat(flat[..., 1:2], COUNT, 2), np.repeat(flat[..., 2:], COUNT, 2)], 2
    )
    rows = []
    for name, said, struck, known, keys in (
        ("silence", nothing, np.zeros_like(hits), {"accuracy": 0.869}, ("accuracy", "f1")),
        ("his hits, on the grid", nothing, hits, {"all_mae_ms": 22.6}, ("all_mae_ms",)),
        (
            "his hits, the groove copied",
            copied.astype(np.float32),
            hits,
            {"all_mae_ms": 5.5, "velocity_mse": 0.038},
            ("all_mae_ms", "velocity_mse", "offset_sd", "offset_real_sd", "likeness"),
        ),
    ):
        found, _ = figures(of, real, Answered(said, struck))
        rows.append(Row(name, {key: found[key] for key in keys}, known=known))
    return rows


def timed(graphs: Graphs, of: Sequence[Window], *, remembers: bool) -> str:
    """Return how long one generation takes, all of its turns and what is about them, in words."""
    generator, taken = Groove(graphs, Kit()), []
    asks = [ask_of(window, remembers=remembers) for window in of]
    for n in range(WARM_UP + TIMED):
        began = perf_counter()
        generator.phrase(asks[n % len(asks)])
        taken.append(1000 * (perf_counter() - began))
    median, late = np.percentile(taken[WARM_UP:], (50, 99))
    where = "with a memory" if remembers else "where nobody has played yet"
    return (
        f"One generation {where}, two bars, on one thread of ONNX Runtime: median {median:.2f} ms, "
        f"p99 {late:.2f} ms of {TIMED}."
    )


def ask_of(window: Window, *, remembers: bool) -> Ask:
    """Return what a daemon would ask for a window's two bars.

    Args:
        window: Which.
        remembers: Live, behind the drummer's bars and to a musician who plays his groove; else where nobody
            has played anything yet, which networks without a memory answer.
    """
    recording, begin = window.recording, Beats(window.bar * BAR)
    if not remembers:
        return Ask(begin, TWO_BARS, bpm=recording.bpm)
    heard = tuple(
        o for o in onsets_of(flattened(recording.cells)) if begin - MEMORY <= o.beat < begin - UNHEARD
    )
    past = phrase_of_cells(recording.cells.cut(0, window.bar * A_BAR), Kit()).strokes
    before = tuple(stroke for stroke in past if stroke.beat >= begin - MEMORY)
    return Ask(begin, TWO_BARS, heard, before, bpm=recording.bpm)


def measure(
    graphs: Graphs, test: Sequence[Window], validation: Sequence[Window]
) -> tuple[list[Row], dict[str, Score]]:
    """Return the rows of a generator, and their whole scores."""
    real, chosen_by = targets(test), targets(validation)
    rows, scores = list[Row](), dict[str, Score]()

    def add(name: str, answered: Answered) -> None:
        row, scores[name] = figures(test, real, answered)
        rows.append(Row(name, row))

    def both(name: str, view: View, say: Callable[[Graphs, Array], Array], *fair: float) -> None:
        there = say(graphs, np.stack([shown(window, view) for window in validation]))
        thresholds = best_thresholds(chosen_by, there[..., :COUNT], *fair)
        said = say(graphs, np.stack([shown(window, view) for window in test]))
        add(name, Answered(said, said[..., :COUNT] >= thresholds))

    both("two bars of groove", View(remembers=False), answer_alone, FAIR_ALONE, ENOUGH)
    both("the same, fair to rare voices", View(remembers=False), answer_alone, 1.0, ENOUGH)
    for name, view in VIEWS.items():
        both(name, view, answer)
    add(FREE, free_running(graphs, test))
    both("through the autoencoder", View(remembers=False), decode)
    return rows, scores


def free_running_on(generator: Groove, of: Sequence[Recording], seed: int) -> dict[str, Runs]:
    """Return what becomes of the generator's drums where it hears itself, beside the drummers' own."""
    return {"the drummers": played(of), **{m.name: run(generator, of, m, seed) for m in MANNERS}}


def beside_riffs(
    generator: Groove, free: Mapping[str, Runs], of: Sequence[Recording], folder: Path, seed: int
) -> tuple[dict[str, dict[str, float]], int]:
    """Return whether there is a beat in answers to drummers and to riffs, and how many riffs there are."""
    found = riffs(folder)
    live = Manner("to drummers, as learnt, live", live=True)
    runs = {
        "the drummers": free["the drummers"],
        "to drummers, as learnt": free[LEARNT.name],
        live.name: run(generator, of, live, seed),
        **(outside_rows(generator, found, seed) if found else {}),
    }
    return {name: beats(each) for name, each in runs.items()}, len(found)


def main(argv: Sequence[str] | None = None) -> None:
    """Measure, print, and write what was asked for."""
    parser = parser_of(__doc__, data="the Groove MIDI Dataset", seed="of what is drawn in free running")
    parser.add_argument("--card", type=Path, help="another generator's card, NAME.json")
    asked = parser.parse_args(argv)
    groove = load(locate(asked.data))
    test, validation = (windows(recordings(groove.split(name))) for name in ("test", "validation"))
    graphs = load_graphs("groove", asked.card)
    real = targets(test)
    rows, scores = measure(graphs, test, validation)
    hits = real[..., :COUNT] > 0.5
    late = [window for window in test if window.bar >= MEMORY_BARS][:WARM_UP]
    remarks = (
        *(timed(graphs, late, remembers=remembers) for remembers in (True, False)),
        f"Of the drummers themselves a bar is like the last by {likeness(test, hits):.3f}.",
        "ms: mean error in time of strokes that are rightly struck; all: of all the drummer's; vel.: MSE.",
        "SD: of offsets, sixteenths; alike: Jaccard index of a bar and the one before.",
    )
    published = Row(
        "solar-shadow",
        {"f1": 0.621, "accuracy": 0.896, "mae_ms": 13.7, "all_mae_ms": 15.6, "velocity_mse": 0.0479},
    )
    generator, files = Groove(graphs, Kit()), chosen(recordings(groove.split("validation")))
    runs = free_running_on(generator, files, asked.seed)
    free = {name: measured(each) for name, each in runs.items()}
    outside, count = beside_riffs(generator, runs, files, asked.data / MULTITRACK / SHIPS, asked.seed)
    report = Report(
        "grooves",
        f"Groove MIDI Dataset, beats in 4/4, {len(test)} windows of two bars",
        "test; thresholds: validation",
        asked.seed,
        COLUMNS,
        [
            Section("known", known_rows(test, real)),
            Section("published weights, threshold .5 (quoted)", [published], reference=True),
            Section(graphs.card.name, rows),
        ],
        remarks,
        {"free_running_validation": free, "beats": outside},
    )
    console = screen()
    report.print(console)
    lines = [("solar-shadow", *(f"{f1:.2f}" for f1 in SOLAR))]
    lines += [(name, *(f"{f1:.2f}" for f1 in found.voice_f1)) for name, found in scores.items()]
    print_grid(console, "F1 of each voice", VOICES, lines)
    print_free(console, free)
    print_outside(console, outside, count)
    if asked.json is not None:
        report.write(asked.json)


if __name__ == "__main__":
    main()
