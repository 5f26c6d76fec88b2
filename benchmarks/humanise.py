"""How like a drummer the drums are with nobody playing: BENCHMARKS' "Humanise"."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # run as a file, only this folder is on it

from rich.console import Console

from benchmarks.duets import ARCHIVE
from benchmarks.humanise_data import load
from benchmarks.humanise_fair import check_fair
from benchmarks.humanise_known import KNOWN, QUOTED, allowed
from benchmarks.humanise_models import ModelHumaniser
from benchmarks.humanise_rivals import Linear, fit_linear, quantised, running_mean
from benchmarks.humanise_scores import Hits, as_errors, by_history, by_windows, figures
from benchmarks.options import parser_of
from benchmarks.players import SHIPPED, predictor, weights
from benchmarks.progress import progress
from benchmarks.scores import Compared, by_drummer, pair
from benchmarks.table import Column, Report, Row, Section, print_compared, print_drummers, screen
from benchmarks.windows import Humaniser, Sheet, cut
from pocket_core.errors import PocketError

COLUMNS = (
    Column("mae_ms", "MAE ms", beside="known"),
    Column("mae_ms_low", "from"),
    Column("mae_ms_high", "to"),
    Column("centred_mae_ms", "centred"),
    Column("mse_16ths", "MSE 16ths", 4, beside="known"),
    Column("velocity_mse", "vel. MSE", 4, beside="known"),
    Column("timing_kl", "time KL"),
    Column("velocity_kl", "vel. KL"),
    Column("sd_ratio", "SD ratio"),
)
HISTORY = "(history)"  # how the name of a row ends that knows the file's earlier bars
FAIR_BARS = 8  # of a file that shows who peeks
QUANTISED, LINEAR, RUNNING_MEAN = "quantised", "linear", f"running mean {HISTORY}"


@dataclass(frozen=True, slots=True)
class Scored:
    """A row, what it was made of, and the rival that it has to beat."""

    row: Row
    files: Sequence[Hits]
    against: str | None = None


def rivals(sheets: Sequence[Sheet], linear: Linear, seed: int, *, test: bool) -> list[Scored]:
    """Return the rows of the rivals: two by windows, one by history."""
    alone = {
        QUANTISED: [by_windows(sheet, quantised(cut(sheet))) for sheet in sheets],
        LINEAR: [by_windows(sheet, linear.windows(cut(sheet))) for sheet in sheets],
        RUNNING_MEAN: [
            by_history(sheet, played) for sheet, played in zip(sheets, running_mean(sheets), strict=True)
        ],
    }
    return [
        Scored(
            Row(name, figures(files, seed), known=KNOWN[name] if test else {}),
            files,
            None if name == QUANTISED else QUANTISED,
        )
        for name, files in alone.items()
    ]


def model_rows(
    name: str, humaniser: Humaniser, sheets: Sequence[Sheet], seed: int, console: Console
) -> list[Scored]:
    """Return a model's two rows: by windows, then by history.

    Raises:
        ContractError: The model does not return one finite offset a note.
    """
    alone: list[Hits] = []
    known: list[Hits] = []
    with progress(console, f"{name} plays", sum(sheet.steps.size for sheet in sheets)) as advance:
        for sheet in sheets:
            alone.append(by_windows(sheet, humaniser.windows(cut(sheet))))
            [played] = humaniser.history([sheet])
            known.append(by_history(sheet, played))
            advance(sheet.steps.size)
    return [
        Scored(Row(f"{name} (windows)", figures(alone, seed), name), alone, LINEAR),
        Scored(Row(f"{name} {HISTORY}", figures(known, seed), name), known, RUNNING_MEAN),
    ]


def play_models(
    names: Sequence[str], sheets: Sequence[Sheet], seed: int, console: Console
) -> tuple[list[Scored], list[Row]]:
    """Return the rows of the models, each as expected and as uneven as a real drummer, and of those missing.

    Raises:
        ContractError: A model plays by what it may not know.
    """
    probe = min((s for s in sheets if s.bars >= FAIR_BARS), key=lambda s: s.steps.size, default=None)
    scored: list[Scored] = []
    missing: list[Row] = []
    for name in names:
        try:
            model = predictor(name)
        except PocketError as error:
            missing.append(Row(name, model=name, note=f"not measured: {error}"))
            continue
        expected = ModelHumaniser(model)
        playing = {name: expected}
        if expected.speaks_of_voices:
            playing[f"{name} sampled"] = ModelHumaniser(model, expressive=1.0)
        for title, humaniser in playing.items():
            if probe is not None:
                check_fair(title, humaniser, probe, seed)
            scored += model_rows(title, humaniser, sheets, seed, console)
    return scored, missing


def paired(scored: Sequence[Scored], seed: int) -> list[Compared]:
    """Compare every row with the rival it has to beat, file by file."""
    named = {s.row.name: as_errors(s.files) for s in scored}
    return [
        Compared(s.row.name, s.against, pair(named[s.row.name], named[s.against], seed))
        for s in scored
        if s.against is not None
    ]


def differing(scored: Sequence[Scored]) -> list[str]:
    """Name the known figures that were not met."""
    return [
        f"{s.row.name}: {key} is {s.row.figures[key]:g}, known is {value:g}"
        for s in scored
        for key, value in s.row.known.items()
        if abs(s.row.figures[key] - value) > allowed(s.row.name, key)
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; 1 if a known figure is not met."""
    options = _options(arguments)
    console = screen()
    began = time.perf_counter()
    test = options.split == "test"
    sheets = load(options.data, options.split, console)
    train, validation = (
        [window for sheet in load(options.data, split, console) for window in cut(sheet)]
        for split in ("train", "validation")
    )
    linear = fit_linear(train, validation)
    scored = rivals(sheets, linear, options.seed, test=test)
    more, missing = play_models(options.model or SHIPPED, sheets, options.seed, console)
    scored += more
    pairs = paired(scored, options.seed)
    wrong = differing(scored)
    drummers = {s.row.name: by_drummer(as_errors(s.files)) for s in scored}
    remarks = [
        "windows: two bars and nothing else; history: the file's earlier bars are known as they were played",
        "from, to: 95 % bootstrap interval of MAE over files; centred: MAE less each file's mean error",
        "sampled: with the unevenness that the model expects of a drummer (`expressive: 1`)",
        "vel.: velocity, 0..1; KL: Gaussian, real || played, none without spread; SD ratio: played / real",
        f"linear: fitted to {len(train):,} windows of train, penalties {linear.timing_penalty:g} for timing "
        f"and {linear.velocity_penalty:g} for velocity chosen on validation",
    ]
    if test:
        remarks.append(
            "NOT reproduced: " + "; ".join(wrong)
            if wrong
            else "known rows reproduce: quantised, running mean to the last digit, linear to .05 ms and .0005"
        )
    report = Report(
        "humanise",
        f"Groove MIDI Dataset v1.0.0 ({ARCHIVE}), 4/4, beats and fills: {len(sheets)} files, "
        f"{sum(len(cut(sheet)) for sheet in sheets):,} windows of two bars",
        options.split,
        options.seed,
        COLUMNS,
        (
            Section("windows", [s.row for s in scored if not s.row.name.endswith(HISTORY)] + missing),
            Section("history", [s.row for s in scored if s.row.name.endswith(HISTORY)]),
            *(
                [Section("known, not re-run; GrooVAE's as remembered", _quoted(), reference=True)]
                if test
                else []
            ),
        ),
        remarks,
        {
            "paired": [compared.as_json() for compared in pairs],
            "by_drummer": drummers,
            "weights": weights(options.model or SHIPPED),
        },
    )
    report.print(console)
    print_drummers(console, "MAE ms by drummer", drummers)
    print_compared(console, "the rival's", pairs)
    console.print(f"took {time.perf_counter() - began:.0f} s")
    if options.json:
        report.write(options.json)
    return 1 if wrong else 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = parser_of(__doc__, data=ARCHIVE, seed="of the bootstrap; nothing else is left to chance")
    parser.add_argument("--split", choices=("test", "validation"), default="test")
    parser.add_argument("--model", action="append", help=f"repeat for more; default {' and '.join(SHIPPED)}")
    return parser.parse_args(arguments)


def _quoted() -> list[Row]:
    return [Row(name, known=values) for name, values in QUOTED.items()]


if __name__ == "__main__":
    try:
        sys.exit(main())
    except PocketError as error:
        print(f"humanise: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
