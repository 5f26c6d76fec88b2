"""A whole night, on a small data set and made-up takes; and what may come between."""

from __future__ import annotations

import hashlib
import html
import json
import threading
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from pocket_export.groove import load
from pocket_export.night import judge
from pocket_export.night import order as orders
from pocket_export.night.gate import Check, Groove, Judged
from pocket_export.night.night import Plan, Stage, run_night
from pocket_export.night.report import as_json, write_report
from pocket_export.night.store import Folder, Store
from pocket_export.night.take_lessons import TakeLesson
from pocket_export.night.tasks import Found, read
from pocket_models.follower import Follower
from pocket_models.network import Network
from pocketd.champion import Nights
from pocketd.config_sections import Retrain
from pocketd.model_shelf import find, read_sheet
from tests.export.archives import archive
from tests.export.night.partners import NOON, song, take


@pytest.fixture(scope="module")
def evening(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two takes of a song with a feel of its own."""
    root = tmp_path_factory.mktemp("evening")
    for n in range(2):
        take(root, of=song(32), minutes=n, late=0.045, seed=n)
    return root


@pytest.fixture
def plan(tmp_path: Path, evening: Path, monkeypatch: pytest.MonkeyPatch) -> Plan:
    monkeypatch.setattr(judge, "STEPS", 5)  # a step's time is not what is tested
    groove = load(archive(tmp_path / "groove.zip"))
    return Plan(
        Nights(tmp_path / "nights"),
        Folder(evening),
        Retrain(start="lstm"),
        groove.split("train"),
        groove.split("validation"),
        epochs=2,
        processes=1,
    )


def silent(stage: Stage) -> None:
    pass


def test_a_night_makes_a_model_of_the_takes_and_asks_the_gate(plan: Plan) -> None:
    outcome = run_night(plan, NOON, silent)

    assert outcome.model is not None
    sheet = read_sheet(outcome.model)
    assert sheet.name == "lstm"
    assert sheet.songs == ["evening"]
    assert {check.name for check in outcome.checks} >= {"enough to judge by", "better than the champion"}
    write_report(outcome)
    assert not list(outcome.folder.glob("*.pt"))


def test_the_same_night_again_makes_the_same_model(plan: Plan, tmp_path: Path) -> None:
    once = run_night(plan, NOON, silent)
    again = run_night(replace(plan, nights=Nights(tmp_path / "others")), NOON, silent)

    assert once.model is not None
    assert again.model is not None
    assert once.model.read_bytes() == again.model.read_bytes()


def test_who_passes_every_check_is_the_champion(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    everything_passes(monkeypatch)

    outcome = run_night(plan, NOON, silent)

    assert outcome.promoted
    assert outcome.model is not None
    assert Path(plan.nights.place(plan.nights.read().champion or "")) == outcome.model


def test_on_groove_no_model_is_judged_twice(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    judged: list[Network] = []

    def on_groove(net: Network, *_: object) -> Groove:
        judged.append(net)
        return Groove(10.0, 10.0)

    monkeypatch.setattr("pocket_export.night.night.judge_on_groove", on_groove)

    run_night(plan, NOON, silent)

    assert len(judged) == 2  # who ships, who is the champion too, and the challenger


def test_one_check_that_fails_leaves_the_champion(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    everything_passes(monkeypatch)
    monkeypatch.setattr(
        "pocket_export.night.night.judge_step", lambda *_: Check("as fast", False, "it takes a year")
    )

    outcome = run_night(plan, NOON, silent)

    assert not outcome.promoted
    assert "it takes a year" in outcome.verdict
    assert plan.nights.read().champion is None


def test_the_next_night_begins_with_the_new_champion(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    everything_passes(monkeypatch)
    first = run_night(plan, NOON, silent)

    second = run_night(plan, NOON, silent)

    assert first.model is not None
    assert second.order.champion == str(first.model)


def test_a_night_without_takes_changes_nothing(plan: Plan, tmp_path: Path) -> None:
    outcome = run_night(replace(plan, takes=Folder(tmp_path / "none")), NOON, silent)

    assert outcome.verdict == "nothing was learnt: no take has been played"
    assert plan.nights.read().champion is None


def test_without_the_groove_dataset_nobody_is_promoted_and_the_way_out_is_said(plan: Plan) -> None:
    outcome = run_night(replace(plan, groove=(), watched=()), NOON, silent)

    (check,) = [check for check in outcome.checks if check.name == "forgets nothing"]
    assert not check.passed
    assert "pocketd data fetch groove" in check.text


def test_a_take_that_begins_stops_the_night_within_a_second_and_it_goes_on_behind_it(plan: Plan) -> None:
    player = Player(plan.nights)
    stages: list[tuple[float, str]] = []

    def tell(stage: Stage) -> None:
        stages.append((time.monotonic(), stage.name))
        if stage.name == "learning" and player.began is None:
            player.play(3.0)

    outcome = run_night(plan, NOON, tell)

    assert player.began is not None
    assert player.ended is not None
    waits = [at for at, name in stages if name == "a take runs, waiting"]
    assert 0 < waits[0] - player.began < 1.0
    meanwhile = [name for at, name in stages if waits[0] < at < player.ended]
    assert "learning" not in meanwhile
    assert outcome.waited > 1.0
    assert len(outcome.training.history if outcome.training else ()) == 2


def test_a_take_that_begins_while_takes_are_read_has_none_of_them_read_again(
    plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    player = Player(plan.nights)
    asked: list[str] = []
    stages: list[str] = []

    def asking(store: Store, take: str) -> Found:
        asked.append(take)
        if player.began is None:
            player.play(1.0)
        return read(store, take)

    monkeypatch.setattr("pocket_export.night.tasks.read", asking)

    outcome = run_night(plan, NOON, lambda stage: stages.append(stage.name))

    assert "a take runs, waiting" in stages[: stages.index("learning")]
    assert [take[-6:] for take in asked] == ["120100", "120000"]
    assert [duet.about.take[-6:] for duet in outcome.gathered.duets] == ["120000", "120100"]


def test_a_night_that_broke_off_goes_on_from_its_last_epoch(plan: Plan) -> None:
    with pytest.raises(BrokenOffError):
        run_night(plan, NOON, break_off(lambda stage: stage.epoch is not None and stage.epoch.number == 1))
    (folder,) = orders.unfinished(plan.nights)
    ends: list[int] = []

    outcome = run_night(plan, NOON, lambda s: ends.append(s.epoch.number) if s.epoch is not None else None)

    assert outcome.folder == folder
    assert outcome.training is not None
    assert [epoch.number for epoch in outcome.training.history] == [1, 2]


def test_a_night_broken_off_anywhere_makes_the_same_model_in_the_end(plan: Plan, tmp_path: Path) -> None:
    whole = run_night(replace(plan, nights=Nights(tmp_path / "others")), NOON, silent)
    for name in ("reading takes", "learning", "judging"):
        with pytest.raises(BrokenOffError):
            run_night(plan, NOON, break_off_at(name))

    outcome = run_night(plan, NOON, silent)

    assert outcome.model is not None
    assert whole.model is not None
    assert digest(outcome.model) == digest(whole.model)


def test_a_checkpoint_that_is_damaged_costs_the_epochs_and_no_more(plan: Plan) -> None:
    with pytest.raises(BrokenOffError):
        run_night(plan, NOON, break_off(lambda stage: stage.epoch is not None))
    (folder,) = orders.unfinished(plan.nights)
    (folder / "lstm.checkpoint.pt").write_bytes(b"half")

    outcome = run_night(plan, NOON, silent)

    assert outcome.training is not None
    assert len(outcome.training.history) == 2


def test_a_night_that_broke_off_goes_on_with_its_own_takes_whatever_was_played_since(
    plan: Plan, tmp_path: Path
) -> None:
    root = tmp_path / "takes"
    take(root, of=song(24), late=0.045)
    with pytest.raises(BrokenOffError):
        run_night(replace(plan, takes=Folder(root)), NOON, break_off(lambda stage: stage.epoch is not None))
    (before,) = orders.unfinished(plan.nights)
    take(root, of=song(24), minutes=1, late=0.045)

    outcome = run_night(replace(plan, takes=Folder(root)), NOON, silent)

    assert outcome.folder == before
    assert len(outcome.order.takes) == 1


def test_another_configuration_makes_a_new_night_of_one_that_broke_off(plan: Plan) -> None:
    with pytest.raises(BrokenOffError):
        run_night(plan, NOON, break_off(lambda stage: stage.epoch is not None))

    outcome = run_night(replace(plan, retrain=Retrain(start="lstm", style="variance")), NOON, silent)

    assert outcome.order.retrain["style"] == "variance"
    assert outcome.training is not None
    assert not orders.unfinished(plan.nights) or orders.unfinished(plan.nights) == [outcome.folder]


def test_a_night_that_broke_off_and_is_a_shadow_is_not_said_to_be_promoted(plan: Plan) -> None:
    with pytest.raises(BrokenOffError):
        run_night(plan, NOON, break_off_at("judging"))
    (folder,) = orders.unfinished(plan.nights)
    plan.nights.change(lambda pointer: replace(pointer, shadow=f"{folder.name}/lstm.onnx"))

    run_night(plan, NOON, silent)

    said = json.loads((folder / "report.json").read_text())
    assert not said["promoted"]
    assert (folder / "lstm.onnx").exists()
    assert not list(folder.glob("*.pt"))


@pytest.mark.parametrize("name", [r"$\foo$", "<script>alert(1)</script>", "五線譜", "a $b$ c"])
def test_a_song_of_any_name_is_reported(plan: Plan, tmp_path: Path, name: str) -> None:
    root = tmp_path / "takes"
    take(root, of=song(24, name=name), late=0.045)
    outcome = run_night(replace(plan, takes=Folder(root), epochs=1), NOON, silent)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a font without its letters
        write_report(outcome)

    page = (outcome.folder / "report.html").read_text()
    assert html.escape(name) in page
    assert "<script>" not in page


def test_what_the_pointer_points_to_is_never_tidied_away(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    everything_passes(monkeypatch)
    first = run_night(plan, NOON, silent)  # and no report: it broke off behind the switch

    run_night(plan, NOON, silent)

    assert first.model is not None
    assert first.model.exists()
    assert "broke off" in json.loads((first.folder / "report.json").read_text())["verdict"]


def test_a_take_that_cannot_be_read_is_named_and_the_others_are_learnt(plan: Plan, tmp_path: Path) -> None:
    root = tmp_path / "takes"
    good, bad = take(root, minutes=0, of=song(24)), take(root, minutes=1)
    (bad / "journal.jsonl").write_text("{}\n")

    outcome = run_night(replace(plan, takes=Folder(root)), NOON, silent)

    (unread,) = outcome.gathered.unread
    assert unread.take == f"{bad.parent.name}/{bad.name}"
    assert [lesson.source.about.take for lesson in outcome.material.lessons] == [
        f"{good.parent.name}/{good.name}"
    ]
    assert outcome.model is not None
    assert ", 1 take," in (read_sheet(outcome.model).data or "")


def test_the_report_says_it_all_three_times(plan: Plan) -> None:
    outcome = run_night(plan, NOON, silent)

    write_report(outcome)

    said = as_json(outcome)
    text = (outcome.folder / "report.txt").read_text()
    page = (outcome.folder / "report.html").read_text()
    for check in said["checks"]:
        assert check["name"] in text
        assert check["name"].replace("'", "&#x27;") in page
    assert [row["take"] for row in said["takes"]] == [f"2026-11-20/12{n:02}00" for n in range(2)]
    assert page.count("data:image/png;base64,") == 3
    assert not orders.unfinished(plan.nights)


def test_going_back_during_a_night_is_not_overruled(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    everything_passes(monkeypatch)
    first = run_night(plan, NOON, silent)

    def go_back(stage: Stage) -> None:
        if stage.name == "judging" and plan.nights.read().champion is not None:
            plan.nights.roll_back(NOON)

    second = run_night(plan, NOON, go_back)

    assert first.promoted
    assert not second.promoted
    assert "another was made the champion meanwhile" in second.verdict
    assert plan.nights.read().champion is None


@pytest.mark.parametrize("ending", [".onnx", ".json"])
def test_a_champion_that_cannot_be_read_is_told_and_the_night_begins_with_who_ships(
    plan: Plan, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    everything_passes(monkeypatch)
    first = run_night(plan, NOON, silent)
    assert first.model is not None
    first.model.with_suffix(ending).write_bytes(b"damaged")
    seen = rivals(monkeypatch)

    second = run_night(plan, NOON, silent)

    assert seen == ["follower"]  # which the daemon plays meanwhile
    assert Path(second.order.champion) == find("lstm")
    assert "the champion cannot play" in as_json(second)["remarks"][0]
    assert second.promoted


def test_a_champion_of_other_features_is_told_too(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    everything_passes(monkeypatch)
    first = run_night(plan, NOON, silent)
    assert first.model is not None
    card = first.model.with_suffix(".json")
    card.write_text(json.dumps({**json.loads(card.read_text()), "features_version": 99}))

    second = run_night(plan, NOON, silent)

    assert "wants features v99" in second.remarks[0]
    assert second.promoted


def test_a_champion_that_plays_but_cannot_learn_is_not_beaten_by_guess(
    plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    everything_passes(monkeypatch)
    first = run_night(plan, NOON, silent)
    assert first.model is not None
    card = first.model.with_suffix(".json")
    card.write_text(json.dumps({**json.loads(card.read_text()), "name": "mine"}))  # of no network here

    second = run_night(plan, NOON, silent)

    assert "cannot go on learning" in second.remarks[0]
    assert not second.promoted
    assert "compared with the champion" in second.verdict


def test_a_damaged_pointer_ends_no_night_but_nothing_is_switched(
    plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    everything_passes(monkeypatch)
    first = run_night(plan, NOON, silent)  # and no report
    plan.nights.pointer.write_text("{")

    second = run_night(plan, NOON, silent)

    assert first.model is not None
    assert first.model.exists()
    assert not second.promoted
    assert "delete it" in second.verdict
    assert plan.nights.pointer.read_text() == "{"
    write_report(second)
    for name in ("report.txt", "report.html"):
        assert "follower plays meanwhile" in (second.folder / name).read_text()


def test_a_song_with_a_model_of_its_own_is_left_alone(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    plan.nights.change(lambda pointer: replace(pointer, songs={"evening": "lstm"}))

    outcome = run_night(plan, NOON, silent)

    (check,) = [check for check in outcome.checks if check.name == "enough to judge by"]
    assert not check.passed
    assert "not judged: evening, which a model of its own plays" in check.text


def test_every_night_tidies_up(plan: Plan, tmp_path: Path) -> None:
    old = [plan.nights.root / f"2026-10-{day:02}-033000" for day in range(1, 9)]
    for folder in old:
        folder.mkdir(parents=True)
        (folder / "lstm.onnx").write_text("refused")
        (folder / "report.json").write_text("{}")
    (plan.nights.root / ".champion.json.4711.part").write_text("half")

    run_night(replace(plan, takes=Folder(tmp_path / "none")), NOON, silent)

    assert [(folder / "lstm.onnx").exists() for folder in old] == [False, False, *[True] * 6]
    assert not list(plan.nights.root.glob(".*.part"))


def rivals(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return who is compared with, as it happens."""
    seen: list[str] = []

    def watch(takes: Sequence[TakeLesson], champion: Network, *rest: Any) -> list[Judged]:
        seen.append("follower" if isinstance(champion, Follower) else type(champion).__name__)
        return judge.judge(takes, champion, *rest)

    monkeypatch.setattr("pocket_export.night.night.judge", watch)
    return seen


def everything_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the gate be of one mind; what it measures is measured all the same."""
    good = Check("good", True, "so it is")
    monkeypatch.setattr("pocket_export.night.night.judge_takes", lambda *_: [good])
    monkeypatch.setattr("pocket_export.night.night.judge_groove", lambda *_: [good])
    monkeypatch.setattr("pocket_export.night.night.judge_step", lambda *_: good)


class BrokenOffError(Exception):
    """Whatever ends a process."""


def break_off_at(name: str) -> Callable[[Stage], None]:
    return break_off(lambda stage: stage.name == name)


def break_off(when: Callable[[Stage], bool]) -> Callable[[Stage], None]:
    def tell(stage: Stage) -> None:
        if when(stage):
            raise BrokenOffError

    return tell


class Player:
    """Holds the lock of a take that runs, for a while."""

    def __init__(self, nights: Nights) -> None:
        self._nights = nights
        self.began: float | None = None
        self.ended: float | None = None

    def play(self, seconds: float) -> None:
        held = self._nights.hold_playing()
        assert held is not None
        self.began = time.monotonic()
        threading.Timer(seconds, self._stop, (held,)).start()

    def _stop(self, held: BinaryIO) -> None:
        self.ended = time.monotonic()
        held.close()


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
