"""Continue: how well a language model of drums knows what comes next, and whether what it plays settles.

A step is a sixteenth, its symbol the set of nine voices struck; perplexity is e to the mean nats of a step,
from the second of each track on. Tracks are of beats in 4/4, at least seven bars, at most 512 steps. The
published network is trained here and kept in the user's cache; ours is the one that ships, by its graphs.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
import torch
from platformdirs import user_cache_path

from benchmarks.options import parser_of
from benchmarks.progress import progress
from benchmarks.table import Column, Report, Row, Section, screen
from pocket_core.phrases.hvo import A_BAR
from pocket_core.phrases.steps import BITS, Steps, joined_steps
from pocket_export.groove import TITLE, find_data, load
from pocket_export.recordings import SPLITS, Groove
from pocket_export.sources.continuing.data import ROCK, Track, one_drum_tracks, tracks
from pocket_export.sources.continuing.figures import (
    Repeats,
    entropy,
    figures_of,
    interval,
    mean_velocities,
    repeats,
)
from pocket_export.sources.continuing.published import (
    SMALL,
    USUAL,
    Curve,
    Published,
    accuracy_of_net,
    nats_of_net,
    train_published,
)
from pocket_export.sources.continuing.reading import read_by_graphs, settled_nats
from pocket_export.sources.continuing.rivals import (
    Chances,
    Context,
    before,
    best,
    mixture,
    nats_of,
    repeated,
)
from pocket_export.sources.continuing.samples import PRIMER_BARS, SAMPLE_BARS, real, sampled
from pocket_models.drum_rnn import DrumRNN
from pocketd.generators.graphs import Graphs, load_graphs
from pocketd.generators.speaker import Speaker, settling_on

TEMPERATURES = (0.7, 1.0)
KNOWN_CURVE = {1: 510.0, 11: 182.0, 21: 59.0, 31: 28.0, 91: 13.0}
KNOWN_AFTER = {91: 10.34, 500: 6.07, 1000: 4.64}
COLUMNS = (
    Column("perplexity", "perplexity", 2, beside="known"),
    Column("perplexity_low", "from", 2),
    Column("perplexity_high", "to", 2),
    Column("accuracy", "accuracy", 3),
    Column("velocity_mse", "vel. MSE", 4),
    Column("velocity_sd", "vel. SD", 3),
    Column("exact", "same", 3),
    Column("exact_of_four", "of 4", 3),
    Column("exact_of_eight", "of 8", 3),
    Column("apart", "apart", 1),
    Column("alike", "like", 3),
    Column("alike_two", "like two", 3),
    Column("strokes", "strokes", 2),
    Column("bits", "bits", 2),
    Column("nats", "nats", 2),
)


@dataclass(frozen=True, slots=True)
class Split:
    """Tracks to count, to choose by, and to judge by."""

    train: list[Track]
    chosen_by: list[Track]
    test: list[Track]


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table."""
    options = _options(arguments)
    groove = load(find_data(options.data))
    torch.set_num_threads(options.threads)
    rock, every = _split(groove, ROCK), _split(groove, None)
    one = Split(*(one_drum_tracks(part) for part in (every.train, every.chosen_by, every.test)))
    graphs = load_graphs("continue", options.card)
    console = screen()
    sections = [Section("rock, rivals", list(_rivals(rock, options.seed)))]
    with progress(console, "continue", 4) as advance:
        for kind, steps in ((SMALL, options.steps), (USUAL, options.attention_steps)):
            if steps:
                net, curve = train_published(
                    kind, rock.train, steps, seed=options.seed, checkpoint=_kept(kind, groove, options)
                )
                title = f"Drum RNN {kind.name}, as it learns"
                sections.append(Section(title, list(_curve(kind, curve))))
                sections.append(
                    Section(
                        f"rock, Drum RNN {kind.name}", [_published(kind, net, steps, rock.test, options.seed)]
                    )
                )
            advance(1)
        sections.append(
            Section("ours, by the graphs that ship", list(_ours(graphs, rock, every, options.seed)))
        )
        sections.append(Section("one drum, all styles", list(_one_drum(graphs, one, options.seed))))
        advance(1)
        titles = {"rock": rock.test, "all styles": every.test}
        for name, of in titles.items():
            sections.append(Section(f"do bars settle, {name}", list(_settling(graphs, of, options.seed))))
        advance(1)
    report = Report(
        "continue",
        f"{TITLE}, beats in 4/4: {len(rock.train)} tracks of rock to learn from, {len(every.train)} of all",
        f"official: {len(rock.test)} test tracks of rock, {len(every.test)} of all; smoothing and weights "
        "chosen on validation",
        options.seed,
        COLUMNS,
        sections,
        [
            "from, to: 95 %, by bootstrap over files.",
            "network: what it says alone; with its copies: as it plays, and as bars settle.",
            f"settling: {SAMPLE_BARS} bars after four of a test track; same: bars that are the one before; "
            "of 4, of 8: one of so many before; apart: strokes in one of two neighbouring bars alone; "
            "like: Jaccard of a bar's strokes and those before; like two: of those two before; "
            "bits: entropy of the symbols; nats: of a step, as it plays.",
            "vel. SD: ours, learnt about its mean; of the rest, of all strokes; strokes: of a step.",
        ],
    )
    report.print(console)
    if options.json is not None:
        report.write(options.json)
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = parser_of(__doc__, data="the Groove MIDI Dataset", seed="of weights and samples")
    parser.add_argument("--card", type=Path, help="of another model of ours than the one that ships")
    parser.add_argument("--steps", type=int, default=1000, help="that the published 2 x 64 learns; 0: none")
    parser.add_argument(
        "--attention-steps", type=int, default=0, help="likewise of Magenta's 3 x 256 with attention: slow"
    )
    parser.add_argument("--threads", type=int, default=2, help="cores to train on")
    return parser.parse_args(arguments)


def _split(groove: Groove, style: str | None) -> Split:
    return Split(*(tracks(groove.split(name), style) for name in SPLITS))


def _rivals(split: Split, seed: int) -> Iterator[Row]:
    bar = before(A_BAR)
    chains: dict[str, tuple[tuple[Context, ...], float]] = {
        "unigram": ((), 10.46),
        "bigram": ((before(1),), 8.83),
        "symbol 16 steps ago": ((bar,), 5.59),
    }
    for name, (chain, known) in chains.items():
        counts = best(split.train, split.chosen_by, chain)
        yield _counts_row(name, counts.chances, split.test, seed, known)
    yield _counts_row("n-gram mixture", mixture(split.train, split.chosen_by), split.test, seed, 5.24)
    yield Row("repeat the last bar", {"accuracy": repeated(split.test)}, note="known: .575")


def _counts_row(name: str, chances: Chances, test: Sequence[Track], seed: int, known: float | None) -> Row:
    return Row(
        name,
        _perplexity(nats_of(chances, test), test, seed),
        known={} if known is None else {"perplexity": known},
    )


def _perplexity(nats: Sequence[np.ndarray], test: Sequence[Track], seed: int) -> dict[str, float]:
    low, high = interval(nats, [track.file for track in test], seed)
    whole = float(np.exp(np.concatenate(nats).mean()))
    return {"perplexity": whole, "perplexity_low": low, "perplexity_high": high}


def _curve(kind: Published, curve: Curve) -> Iterator[Row]:
    for step, perplexity in zip(curve.steps, curve.perplexities, strict=True):
        if step in KNOWN_CURVE:
            known = {"perplexity": KNOWN_CURVE[step]} if kind is SMALL else {}
            yield Row(f"step {step}", {"perplexity": perplexity}, known=known)


def _published(kind: Published, net: DrumRNN, steps: int, test: Sequence[Track], seed: int) -> Row:
    known = {"perplexity": KNOWN_AFTER[steps]} if kind is SMALL and steps in KNOWN_AFTER else {}
    return Row(
        f"after {steps} steps",
        {
            **_perplexity(nats_of_net(net, test), test, seed),
            "accuracy": accuracy_of_net(net, test),
        },
        known=known,
    )


def _kept(kind: Published, groove: Groove, options: argparse.Namespace) -> Path:
    cache = user_cache_path("pocketd") / "continue"
    cache.mkdir(parents=True, exist_ok=True)
    steps = options.steps if kind is SMALL else options.attention_steps
    name = f"{kind.name} {steps} {options.seed} {groove.contents[:12]}".replace(" ", "-").replace(",", "")
    return cache / f"{name}.pt"


def _ours(graphs: Graphs, rock: Split, every: Split, seed: int) -> Iterator[Row]:
    usual = mean_velocities(every.train)
    for name, test in (("rock", rock.test), ("all styles", every.test)):
        found = figures_of(read_by_graphs(graphs, test), test, seed)
        yield Row(
            f"{name}: network",
            {
                "perplexity": found.perplexity,
                "perplexity_low": found.low,
                "perplexity_high": found.high,
                "accuracy": found.accuracy,
                "velocity_mse": found.velocity_mse,
                "velocity_sd": found.spread,
            },
            model="continue",
        )
        yield Row(
            f"{name}: with its copies",
            _perplexity(settled_nats(graphs, test, settling_on(graphs, "step")), test, seed),
            model="continue",
        )
        errors, loud = _velocity_errors(test, usual)
        yield Row(
            f"{name}: mean velocity of place",
            {"velocity_mse": float((errors**2).mean()), "velocity_sd": float(loud.std())},
        )


def _velocity_errors(test: Sequence[Track], usual: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    off, loud = [], []
    for track in test:
        struck = BITS[track.steps.symbols[1:]] > 0
        told = usual[np.arange(1, len(track.steps)) % A_BAR]
        off.append((track.steps.velocities[1:] - told)[struck])
        loud.append(track.steps.velocities[1:][struck])
    return np.concatenate(off), np.concatenate(loud)


def _one_drum(graphs: Graphs, split: Split, seed: int) -> Iterator[Row]:
    unigram = best(split.train, split.chosen_by, ())
    yield _counts_row("unigram", unigram.chances, split.test, seed, None)
    yield _counts_row("n-gram mixture", mixture(split.train, split.chosen_by), split.test, seed, None)
    yield Row("repeat the last bar", {"accuracy": repeated(split.test)})
    found = figures_of(read_by_graphs(graphs, split.test, one_drum=True), split.test, seed)
    figures = {
        "perplexity": found.perplexity,
        "perplexity_low": found.low,
        "perplexity_high": found.high,
        "accuracy": found.accuracy,
        "velocity_mse": found.velocity_mse,
    }
    yield Row("ours: network", figures, model="continue")
    nats = settled_nats(graphs, split.test, settling_on(graphs, "one_step"), one_drum=True)
    yield Row("ours: with its copies", _perplexity(nats, split.test, seed), model="continue")


def _settling(graphs: Graphs, test: Sequence[Track], seed: int) -> Iterator[Row]:
    yield Row("real", _repeats(graphs, test, real(test)))
    speaker = Speaker(graphs)
    for temperature in TEMPERATURES:
        name = f"ours, temperature {temperature:g}"
        pieces = sampled(speaker, test, temperature, seed)
        yield Row(name, _repeats(graphs, test, pieces), model="continue")


def _repeats(graphs: Graphs, test: Sequence[Track], pieces: Sequence[Steps]) -> dict[str, float]:
    """Return the figures of pieces that come after the first bars of tracks."""
    found: Repeats = repeats(pieces)
    struck = np.concatenate([piece.velocities[BITS[piece.symbols] > 0] for piece in pieces])
    primed = PRIMER_BARS * A_BAR
    whole = [
        replace(track, steps=joined_steps([track.steps.cut(0, primed), piece]))
        for track, piece in zip(test, pieces, strict=True)
    ]
    nats = settled_nats(graphs, whole, settling_on(graphs, "step"))
    return {
        "exact": found.exact,
        "exact_of_four": found.exact_of_four,
        "exact_of_eight": found.exact_of_eight,
        "apart": found.apart,
        "alike": found.alike,
        "alike_two": found.alike_two,
        "velocity_sd": float(struck.std()),
        "strokes": float(np.concatenate([BITS[piece.symbols].sum(1) for piece in pieces]).mean()),
        "bits": entropy(pieces),
        "nats": float(np.concatenate([one[primed - 1 :] for one in nats]).mean()),
    }


if __name__ == "__main__":
    sys.exit(main())
