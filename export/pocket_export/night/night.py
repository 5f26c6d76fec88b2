"""One night: gather, aim, learn, judge, promote or not, and report. Whatever breaks, the champion stays.

A night makes way: while a take runs it holds still, within a second, and goes on from its last epoch. What
broke off altogether goes on the next time, from its last epoch too, if champion and takes are what they were.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from pocket_core.errors import DataError, ModelError
from pocket_core.types import Seconds
from pocket_export.card import Taught
from pocket_export.night import order as orders
from pocket_export.night.fine_tune import EPOCHS, Order, fine_tune, usual_recipe
from pocket_export.night.gate import Check, Judged, judge_groove, judge_step, judge_takes
from pocket_export.night.gather import Gathered, finished_takes, gather
from pocket_export.night.judge import groove_lessons, judge, judge_on_groove, time_steps
from pocket_export.night.make_way import MakeWay
from pocket_export.night.order import NightOrder
from pocket_export.night.readers import Found, name_of
from pocket_export.night.take_lessons import Material, make_lessons
from pocket_export.night.targets import Rule, Style
from pocket_export.parity import ParityError
from pocket_export.publish import publish
from pocket_export.read_back import read_back
from pocket_export.recordings import Performance
from pocket_export.train import Epoch, Origin, Training
from pocketd.champion import Nights
from pocketd.config_sections import Retrain
from pocketd.model_shelf import find, read_sheet
from pocketd.onnxfile import LARGEST, read_bytes

TITLE = "What a night made of the champion: it went on learning from this machine's takes."


@dataclass(frozen=True, slots=True)
class Stage:
    """What a night is at."""

    name: str
    share: float  # of it that is done, 0..1
    epoch: Epoch | None = None  # that has just ended


@dataclass(frozen=True, slots=True)
class Plan:
    """What a night is to do."""

    nights: Nights
    takes: Path  # their folder
    retrain: Retrain
    groove: Sequence[Performance]  # train split, to rehearse
    watched: Sequence[Performance]  # validation split, to see what is forgotten
    command: str = "pocketd retrain"  # as the card shall quote it
    seed: int = 1
    epochs: int = EPOCHS
    processes: int = 0  # that read takes; 0: one a core
    promote: bool = True  # False: the gate is asked, and nothing is switched


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a night."""

    folder: Path
    order: NightOrder
    gathered: Gathered
    material: Material
    training: Training | None  # None: there was nothing to learn
    judged: Sequence[Judged] = ()
    checks: Sequence[Check] = ()
    model: Path | None = None  # the challenger
    promoted: bool = False
    seconds: float = 0.0
    waited: float = 0.0  # of these, while somebody played

    @property
    def verdict(self) -> str:
        """Return what came of it, one line."""
        if self.promoted:
            return "promoted: the next take is played by it"
        if self.training is None:
            return "nothing was learnt: " + (self._nothing or "no take teaches anything yet")
        failed = [check for check in self.checks if not check.passed]
        if not failed:
            return "it would be promoted; nothing was switched, as asked"
        return "not promoted: " + "; ".join(f"{check.name}: {check.text}" for check in failed)

    @property
    def _nothing(self) -> str:
        return "" if self.gathered.duets else "no take has been played"


def run_night(plan: Plan, at: datetime, tell: Callable[[Stage], None]) -> Outcome:
    """Do what is to be done tonight; the caller holds the night's lock.

    Args:
        plan: What.
        at: Now, local.
        tell: Called often.

    Raises:
        PocketError: The champion cannot be read, or a file cannot be written.
    """
    began = time.monotonic()
    way = MakeWay(plan.nights, lambda: tell(Stage("a take runs, waiting", 0.0)))
    champion = _champion(plan)
    order, folder = _order(plan, champion, at)
    known: dict[Path, Found] = {}  # takes, so that none is read again behind one that has begun meanwhile
    gathered = way.patiently(lambda: _gather(plan, order, way, tell, known))
    material = way.patiently(lambda: _material(plan, gathered))
    outcome = Outcome(folder, order, gathered, material, None)
    if material.meetings:
        outcome = _learn(plan, outcome, champion, way, tell)
        if plan.promote and all(check.passed for check in outcome.checks) and outcome.model is not None:
            plan.nights.promote(outcome.model, at)
            outcome = replace(outcome, promoted=True)
    return replace(outcome, seconds=time.monotonic() - began, waited=way.waited)


def _champion(plan: Plan) -> Path:
    """Return the model that the night begins with."""
    named = plan.nights.read().champion
    try:
        return find(plan.retrain.start if named is None else plan.nights.place(named))
    except ModelError:
        return find(plan.retrain.start)


def _order(plan: Plan, champion: Path, at: datetime) -> tuple[NightOrder, Path]:
    """Return what to do and where: a night that broke off, if it is still the same, else a new one."""
    order = NightOrder(
        began=at.astimezone().isoformat(timespec="seconds"),
        champion=str(champion),
        sha256=hashlib.sha256(read_bytes(champion, LARGEST)).hexdigest(),
        name=read_sheet(champion).name,
        takes=[name_of(folder) for folder in finished_takes(plan.takes)],
        seed=plan.seed,
        epochs=plan.epochs,
        retrain=plan.retrain.model_dump(mode="json"),
    )
    pointer = plan.nights.read()
    promoted = {plan.nights.night_of(name) for name in (pointer.champion, *pointer.kept)}
    named = {plan.nights.night_of(name) for name in pointer.named}
    for folder in orders.unfinished(plan.nights):
        before = orders.read_order(folder)
        if folder.name in named:  # it broke off behind the switch, or somebody has chosen what there is
            orders.close(folder, promoted=folder.name in promoted)
        elif before is not None and replace(before, began=order.began, takes=order.takes) == order:
            return before, folder
        else:
            orders.give_up(folder)
    return order, orders.begin(plan.nights, order, at)


def _gather(
    plan: Plan, order: NightOrder, way: MakeWay, tell: Callable[[Stage], None], known: dict[Path, Found]
) -> Gathered:
    def watch(share: float) -> None:
        tell(Stage("reading takes", share))
        way.look()

    folders = [plan.takes / name for name in order.takes]
    return gather(folders, watch, hours=plan.retrain.hours, processes=plan.processes, known=known)


def _material(plan: Plan, gathered: Gathered) -> Material:
    retrain = plan.retrain
    usual = rule_of(retrain, None)
    rules = {song: rule_of(retrain, song) for song in retrain.songs}
    learnt = learnt_songs(plan.nights)
    return make_lessons(gathered.duets, rules, usual, learnt=learnt)


def rule_of(retrain: Retrain, song: str | None) -> Rule:
    """Return how targets are made of a song, or of all that have no rule of their own."""
    own = retrain.songs.get(song) if song is not None else None
    style = retrain.style if own is None or own.style is None else own.style
    a = retrain.a if own is None or own.a is None else own.a
    b = retrain.b if own is None or own.b is None else own.b
    floor = Seconds(retrain.sigma_floor_ms / 1000)
    return Rule(Style(style), a, None if b == "off" else float(b), floor)


def learnt_songs(nights: Nights) -> list[str]:
    """Return the songs that the champion was taught in its night."""
    named = nights.read().champion
    if named is None:
        return []
    try:
        return read_sheet(Path(nights.place(named))).songs
    except ModelError:
        return []


def _learn(
    plan: Plan, outcome: Outcome, champion: Path, way: MakeWay, tell: Callable[[Stage], None]
) -> Outcome:
    """Train a challenger, export it and put it to the gate."""
    order, folder = outcome.order, outcome.folder
    recipe = usual_recipe(order.name, epochs=order.epochs, seed=order.seed)
    before = read_back(champion)
    checkpoint = folder / f"{order.name}.checkpoint.pt"

    def watch(share: float, epoch: Epoch | None) -> None:
        tell(Stage("learning", share, epoch))
        way.look()

    def learn() -> Training:
        net = read_back(champion, dropout=recipe.dropout)
        lesson = Order(order.name, outcome.material.lessons, plan.groove, plan.watched, recipe)
        try:
            return fine_tune(
                net, lesson, watch, checkpoint=checkpoint, resume=True, origin=_origin(plan, outcome)
            )
        except DataError:  # a checkpoint that is damaged, or of another night
            checkpoint.unlink(missing_ok=True)
            return fine_tune(net, lesson, watch, checkpoint=checkpoint, origin=_origin(plan, outcome))

    training = way.patiently(learn)
    after = training.net
    outcome = replace(outcome, training=training)
    to_follow, to_humanise = way.patiently(lambda: groove_lessons(plan.watched))
    chosen_by = to_follow or [take.lesson for take in outcome.material.lessons]
    try:
        taught = _taught(outcome.material)
        model = way.patiently(lambda: publish(training, chosen_by, folder, title=TITLE, taught=taught))
    except ParityError as error:
        return replace(outcome, checks=[Check("says what its network says", False, str(error))])

    def weigh() -> tuple[list[Judged], list[Check]]:
        tell(Stage("judging", 0.0))
        said = "to 1e-5 over 2,000 steps"
        judged = judge(outcome.material.lessons, before, after, way.look)
        checks = [Check("says what its network says", True, said), *judge_takes(judged, order.seed)]
        tell(Stage("judging", 0.4))
        if to_follow:
            was = judge_on_groove(before, to_follow, to_humanise)
            tell(Stage("judging", 0.6))
            checks += judge_groove(was, judge_on_groove(after, to_follow, to_humanise))
        else:
            text = "the Groove dataset is not here: `pocketd data fetch groove`, once"
            checks.append(Check("forgets nothing", False, text))
        tell(Stage("judging", 0.8))
        checks.append(judge_step(*time_steps(champion, model, way.look)))
        return judged, checks

    judged, checks = way.patiently(weigh)
    return replace(outcome, judged=judged, checks=checks, model=model)


def _taught(material: Material) -> Taught:
    """Return the songs and, where targets have no mean, how late the musician was in the newest take."""
    songs = sorted({lesson.song for lesson in material.lessons if lesson.song})
    bias = {
        lesson.song: round(lesson.bias * 1000, 3)
        for lesson in material.lessons
        if lesson.song and lesson.style is Style.VARIANCE
    }
    return Taught(tuple(songs), bias)


def _origin(plan: Plan, outcome: Outcome) -> Origin:
    songs = sorted({lesson.song for lesson in outcome.material.lessons if lesson.song})
    return Origin(
        model=outcome.order.name,
        command=plan.command,
        commit="",
        data=f"model {outcome.order.sha256[:12]}, {len(outcome.order.takes)} takes of this machine's"
        + (f", of {', '.join(songs)}" if songs else "")
        + (f"; {len(plan.groove)} files of Groove rehearsed" if plan.groove else ""),
        data_sha256="",
        contents_sha256="",
    )
