"""Takes that went wrong: may any of them make the drums play worse?

    python benchmarks/poison.py --data DIR [--seeds 2] [--json FILE]

A partner plays a song well on two evenings; on the third something is wrong with every take. Whoever the
night promotes is then put to clean takes that no night has seen, beside the champion before. `worse` is what
may not be: promoted, and further from the partner there.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # run as a file, only this folder is on it

import numpy as np
from numpy.typing import NDArray

from benchmarks.learning import EVENING, LONG, SONG, Partner
from benchmarks.options import parser_of
from benchmarks.progress import progress
from benchmarks.studio import play, record
from benchmarks.table import Column, Report, Row, Section, screen
from pocket_core.predict import ZeroPredictor
from pocket_export.evaluate import follow
from pocket_export.groove import find_data, load
from pocket_export.lesson import Lesson
from pocket_export.night.night import Plan, run_night
from pocket_export.night.store import Folder
from pocket_export.night.take_lessons import Passed, lessons_of_take
from pocket_export.night.targets import Rule
from pocket_export.read_back import read_back
from pocket_export.recordings import Groove
from pocketd.champion import Nights
from pocketd.config import Config
from pocketd.config_sections import Retrain
from pocketd.model import load_predictor
from pocketd.model_shelf import find

CLEAN, POISONED, UNSEEN = 3, 3, 4  # takes: before, on the night, to be put to
COLUMNS = (
    Column("promoted", "promoted", 1),
    Column("before_ms", "champion ms"),
    Column("after_ms", "who plays then ms"),
    Column("worse", "worse", 1),
)
Onsets = NDArray[np.float64]  # (M,) seconds from beat 0, rising


def wrong_click(onsets: Onsets) -> Onsets:
    """Play to another click: a tenth faster."""
    return onsets / 1.1


def shifted(onsets: Onsets) -> Onsets:
    """Come an eighth late, as a part that was dragged along the timeline."""
    return onsets + SONG.pace / 2 * 0.9


def anything(onsets: Onsets) -> Onsets:
    """Play as much, anywhere."""
    return np.sort(_chance(onsets).uniform(0.0, onsets[-1], len(onsets)))


def half(onsets: Onsets) -> Onsets:
    """Leave every other note out."""
    return onsets[_chance(onsets).random(len(onsets)) < 0.5]


def _chance(onsets: Onsets) -> np.random.Generator:
    return np.random.default_rng(round(float(onsets.sum() * 1e6)))


def rushing(onsets: Onsets) -> Onsets:
    """Rush on purpose: up to 60 ms ahead within eight bars, and again."""
    length = 8 * 4 * SONG.pace
    return np.sort(onsets - 0.060 * (onsets % length) / length)


POISONS: dict[str, Callable[[Onsets], Onsets]] = {
    "nothing wrong": lambda onsets: onsets,
    "a wrong click": wrong_click,
    "a shifted part": shifted,
    "random onsets": anything,
    "half the notes missing": half,
    "rushing on purpose": rushing,
}


@dataclass(frozen=True, slots=True)
class Came:
    """What came of a night."""

    promoted: bool
    before_ms: float
    after_ms: float


def night(poison: str, seed: int, groove: Groove, folder: Path) -> Came:
    """Play three evenings, poison the last, and have a night behind it."""
    partner, nights, root = Partner.by_chance(seed), Nights(folder / "nights"), folder / "takes"
    model = find("follower")
    player = load_predictor(model, LONG)
    for n in range(CLEAN + POISONED):
        onsets = partner.onsets(SONG, 1000 * seed + n)
        if n >= CLEAN:
            onsets = np.maximum(POISONS[poison](onsets), 0.0)
        record(
            root,
            SONG,
            onsets,
            config=Config(),
            predictor=player,
            at=EVENING + timedelta(days=n // 2, hours=n),
        )
    plan = Plan(nights, Folder(root), Retrain(), groove.split("train"), groove.split("validation"), seed=seed)
    outcome = run_night(plan, EVENING + timedelta(days=4), lambda _: None)
    clean = [_lesson(partner, 1000 * seed + 500 + n) for n in range(UNSEEN)]
    before = follow(read_back(model), clean).mae_ms
    champion = nights.read().champion
    after = before if champion is None else follow(read_back(Path(nights.place(champion))), clean).mae_ms
    return Came(outcome.promoted, before, after)


def _lesson(partner: Partner, seed: int) -> Lesson:
    made = lessons_of_take(
        play(SONG, partner.onsets(SONG, seed), ZeroPredictor()).duets("clean"), Rule(), keep=False
    )
    if isinstance(made, Passed):
        raise TypeError(made.why)
    return made[0].lesson


def row(poison: str, came: Sequence[Came]) -> Row:
    """Return a line."""
    worse = sum(each.promoted and each.after_ms > each.before_ms for each in came)
    figures = {
        "promoted": float(sum(each.promoted for each in came)),
        "before_ms": float(np.mean([each.before_ms for each in came])),
        "after_ms": float(np.mean([each.after_ms for each in came])),
        "worse": float(worse),
    }
    return Row(poison, figures, "follower", note=f"of {len(came)} nights" + (": WORSE" if worse else ""))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; 1 if anything made the drums play worse."""
    options = _options(arguments)
    console, began = screen(), time.perf_counter()
    groove = load(find_data(options.data))
    seeds = range(options.seed, options.seed + options.seeds)
    rows = []
    with progress(console, "playing and learning", len(POISONS) * options.seeds) as advance:
        for poison in POISONS:
            came = []
            for seed in seeds:
                with tempfile.TemporaryDirectory(prefix="pocketd-poison-") as folder:
                    came.append(night(poison, seed, groove, Path(folder)))
                advance(1)
            rows.append(row(poison, came))
    report = Report(
        "poison",
        f"simulated partners, {CLEAN} clean takes, {POISONED} poisoned ones, {UNSEEN} clean ones to judge by",
        "none",
        options.seed,
        COLUMNS,
        (Section("what was wrong", rows),),
        [
            "champion, who plays then: mean distance of forecasts from the partner in unseen clean takes",
            f"{options.seeds} partners; took {time.perf_counter() - began:.0f} s",
        ],
    )
    report.print(console)
    if options.json:
        report.write(options.json)
    return 1 if any("WORSE" in line.note for line in rows) else 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = parser_of(__doc__, seed="of the first")
    parser.add_argument("--data", type=Path, help="the Groove archive, or a folder with it")
    parser.add_argument("--seeds", type=int, default=2, help="how many partners")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
