"""What a night did, for people and for programs: report.txt, report.json and report.html in its folder."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from pocket_export.night.night import Outcome
from pocket_export.night.order import TEXT, finish
from pocketd.wholefile import write_whole

PAGE = "report.html"


def write_report(outcome: Outcome) -> None:
    """Write all three; report.json is the last, for a folder that has it is a night that is over.

    Raises:
        PocketError: They cannot be written.
    """
    from pocket_export.night.page import page

    write_whole(outcome.folder / TEXT, (as_text(outcome) + "\n").encode())
    write_whole(outcome.folder / PAGE, page(outcome).encode())
    said = json.dumps(as_json(outcome), indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    finish(outcome.folder, said.encode())


def as_text(outcome: Outcome) -> str:
    """Return what there is to say, line by line."""
    return "\n".join(_lines(outcome))


def as_json(outcome: Outcome) -> dict[str, Any]:
    """Return the same as plain data."""
    order, training = outcome.order, outcome.training
    return {
        "format": 1,
        "night": outcome.folder.name,
        "began": order.began,
        "seconds": round(outcome.seconds, 1),
        "waited_seconds": round(outcome.waited, 1),
        "verdict": outcome.verdict,
        "promoted": outcome.promoted,
        "remarks": list(outcome.remarks),
        "store": order.store,
        "champion": {"model": order.champion, "sha256": order.sha256},
        "challenger": None if outcome.model is None else outcome.model.name,
        "kept_share": outcome.kept,
        "takes": [*_learnt(outcome), *_passed(outcome), *_unread(outcome)],
        "epochs": []
        if training is None
        else [
            {
                "epoch": epoch.number,
                "loss": _number(epoch.loss),
                "watched_mae_ms": _number(epoch.figure_ms),
                "seconds": round(epoch.seconds, 1),
            }
            for epoch in training.history
        ],
        "checks": [asdict(check) for check in outcome.checks],
        "retrain": order.retrain,
    }


def _lines(outcome: Outcome) -> Iterator[str]:
    material = outcome.material
    yield f"night {outcome.folder.name}: {outcome.verdict}"
    yield from outcome.remarks
    yield ""
    yield f"takes      {outcome.order.store}"
    yield f"champion   {outcome.order.champion}"
    if outcome.model is not None:
        yield f"challenger {outcome.model}"
    yield (
        f"learnt from {material.meetings} meetings of {material.learnt} takes, "
        f"judged by {material.to_judge} others"
    )
    if outcome.held_back:
        yield outcome.held_back
    for take in _learnt(outcome):
        song = f", {take['song']}" if take["song"] else ""
        yield f"  {take['take']}{song}: {take['learnt']} to learn, {take['judged']} to judge by"
    for take in [*_passed(outcome), *_unread(outcome)]:
        yield f"  {take['take']} passed over: {take['why']}"
    if outcome.checks:
        yield ""
    for check in outcome.checks:
        yield f"{'  ok  ' if check.passed else '  NO  '}{check.name}: {check.text}"
    yield ""
    waited = f", {outcome.waited:.0f} s of them waiting for takes to end" if outcome.waited >= 1 else ""
    yield f"took {outcome.seconds:.0f} s{waited}"


def _learnt(outcome: Outcome) -> list[dict[str, Any]]:
    return [
        {
            "take": take.about.take,
            "song": take.about.song,
            "learnt": take.to_learn,
            "judged": take.to_judge,
        }
        for take in outcome.material.takes
    ]


def _passed(outcome: Outcome) -> list[dict[str, Any]]:
    return [
        {"take": part.about.take, "song": part.about.song, "why": part.why}
        for part in outcome.material.passed
    ]


def _unread(outcome: Outcome) -> list[dict[str, Any]]:
    return [{"take": part.take, "song": None, "why": part.why} for part in outcome.gathered.unread]


def _number(value: float) -> float | None:
    return round(value, 4) if math.isfinite(value) else None
