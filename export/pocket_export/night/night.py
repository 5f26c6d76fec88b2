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
from functools import partial
from pathlib import Path

from pocket_core.errors import DataError, ModelError
from pocket_core.types import Seconds
from pocket_export.card import Taught
from pocket_export.night import order as orders
from pocket_export.night.fine_tune import EPOCHS, Order, usual_recipe
from pocket_export.night.gate import Check, Groove, Judged, judge_groove, judge_step, judge_takes
from pocket_export.night.gather import Gathered, gather
from pocket_export.night.judge import groove_lessons, judge, judge_on_groove, time_steps
from pocket_export.night.keep import Kept, keep
from pocket_export.night.make_way import MakeWay
from pocket_export.night.order import NightOrder
from pocket_export.night.start import Start, who_begins
from pocket_export.night.store import Store
from pocket_export.night.take_lessons import Material, make_lessons
from pocket_export.night.targets import Rule, Style
from pocket_export.night.tasks import Found
from pocket_export.night.together import Crew
from pocket_export.parity import ParityError
from pocket_export.publish import publish
from pocket_export.read_back import read_back
from pocket_export.recordings import Performance
from pocket_export.train import Epoch, Origin, Training
from pocket_models.network import Network
from pocketd.champion import Nights, Pointer
from pocketd.config_sections import Retrain
from pocketd.model_shelf import find, read_sheet
from pocketd.onnxfile import LARGEST, read_bytes

NO_GROOVE = "the Groove dataset is not here: `pocketd data fetch groove`, once"
TITLE = "What a night made of the champion: it went on learning from takes."


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
    takes: Store
    retrain: Retrain
    groove: Sequence[Performance]  # train split, to rehearse
    watched: Sequence[Performance]  # validation split, to see what is forgotten
    command: str = "pocketd retrain"  # as the card shall quote it
    seed: int = 1
    epochs: int = EPOCHS
    processes: int = 0  # that read takes; 0: one a core
    scheduler: str | None = None  # of a Dask cluster, whose workers read instead
    promote: bool = True  # False: the gate is asked, and nothing is switched


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a night."""

    folder: Path
    order: NightOrder
    gathered: Gathered
    material: Material
    training: Training | None  # None: there was nothing to learn
    kept: float = 1.0  # the share of what was learnt that the challenger keeps, for Groove's sake
    judged: Sequence[Judged] = ()
    checks: Sequence[Check] = ()
    model: Path | None = None  # the challenger
    promoted: bool = False
    seconds: float = 0.0
    waited: float = 0.0  # of these, while somebody played
    remarks: Sequence[str] = ()  # what was not as it should be, a line each
    watched: str = "Groove"  # what the figure of an epoch is of

    @property
    def held_back(self) -> str:
        """Return why the challenger is not all that was learnt, one line; empty: it is."""
        if self.kept == 1.0:
            return ""
        return f"kept {self.kept:.0%} of what it learnt, for with all of it too much of Groove was forgotten"

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


def run_night(plan: Plan, at: datetime, tell: Callable[[Stage], None], crew: Crew | None = None) -> Outcome:
    """Do what is to be done tonight; the caller holds the night's lock.

    Args:
        plan: What.
        at: Now, local.
        tell: Called often.
        crew: Other processes that train along; None: there are none.

    Raises:
        PocketError: What ships cannot be read, nor where takes lie, or a file cannot be written.
    """
    began = time.monotonic()
    way = MakeWay(plan.nights, lambda: tell(Stage("a take runs, waiting", 0.0)))
    start = who_begins(plan.nights, plan.retrain.start)
    tell(Stage("looking for takes", 0.0))
    takes = way.patiently(plan.takes.takes)
    order, folder = _order(plan, start, takes, at)
    known: dict[str, Found] = {}  # takes, so that none is read again behind one that has begun meanwhile
    gathered = way.patiently(lambda: _gather(plan, order, way, tell, known))
    material = way.patiently(lambda: _material(plan, start, gathered))
    outcome = Outcome(folder, order, gathered, material, None, remarks=start.remarks)
    if not plan.watched:
        remarks = (*start.remarks, f"nothing can be promoted, for {NO_GROOVE}")
        outcome = replace(outcome, remarks=remarks, watched="the takes themselves")
    if material.meetings:
        outcome = _learn(plan, outcome, start, way, tell=tell, crew=crew or Crew())
        if plan.promote and all(check.passed for check in outcome.checks):
            outcome = _promote(plan.nights, outcome, start.pointer, at)
    plan.nights.tidy()
    return replace(outcome, seconds=time.monotonic() - began, waited=way.waited)


def _promote(nights: Nights, outcome: Outcome, pointer: Pointer | None, at: datetime) -> Outcome:
    """Switch to the challenger, if the champion is still the one that the night began with."""
    if outcome.model is None:
        return outcome
    why = f"{nights.pointer} was damaged as the night began; delete it"
    if pointer is not None:
        try:
            if nights.promote(outcome.model, at, expecting=pointer) is not None:
                return replace(outcome, promoted=True)
            why = "another was made the champion meanwhile; nothing was switched"
        except ModelError as error:
            why = str(error)
    return replace(outcome, checks=[*outcome.checks, Check("the switch", False, why)])


def _order(plan: Plan, start: Start, takes: Sequence[str], at: datetime) -> tuple[NightOrder, Path]:
    """Return what to do and where: a night that broke off, if it is still the same, else a new one."""
    champion, pointer = start.model, start.pointer
    order = NightOrder(
        began=at.astimezone().isoformat(timespec="seconds"),
        champion=str(champion),
        sha256=hashlib.sha256(read_bytes(champion, LARGEST)).hexdigest(),
        name=read_sheet(champion).name,
        store=str(plan.takes),
        takes=takes,
        seed=plan.seed,
        epochs=plan.epochs,
        retrain=plan.retrain.model_dump(mode="json", exclude={"takes"}),
    )
    night_of = plan.nights.night_of
    named = set() if pointer is None else {night_of(name) for name in pointer.named}
    promoted = set() if pointer is None else {night_of(name) for name in (pointer.champion, *pointer.kept)}
    for folder in orders.unfinished(plan.nights):
        before = orders.read_order(folder)
        if folder.name in named:  # it broke off behind the switch, or somebody has chosen what there is
            orders.close(folder, promoted=folder.name in promoted)
        elif before is not None and replace(before, began=order.began, takes=order.takes) == order:
            return before, folder
        elif pointer is not None:  # else it may be pointed to
            orders.give_up(folder)
    return order, orders.begin(plan.nights, order, at)


def _gather(
    plan: Plan, order: NightOrder, way: MakeWay, tell: Callable[[Stage], None], known: dict[str, Found]
) -> Gathered:
    def watch(share: float) -> None:
        tell(Stage("reading takes", share))
        way.look()

    return gather(
        plan.takes,
        order.takes,
        watch,
        hours=plan.retrain.hours,
        processes=plan.processes,
        scheduler=plan.scheduler,
        known=known,
    )


def _material(plan: Plan, start: Start, gathered: Gathered) -> Material:
    retrain = plan.retrain
    usual = rule_of(retrain, None)
    rules = {song: rule_of(retrain, song) for song in retrain.songs}
    return make_lessons(gathered.duets, rules, usual, learnt=read_sheet(start.model).songs)


def rule_of(retrain: Retrain, song: str | None) -> Rule:
    """Return how targets are made of a song, or of all that have no rule of their own."""
    own = retrain.songs.get(song) if song is not None else None
    style = retrain.style if own is None or own.style is None else own.style
    a = retrain.a if own is None or own.a is None else own.a
    b = retrain.b if own is None or own.b is None else own.b
    floor = Seconds(retrain.sigma_floor_ms / 1000)
    return Rule(Style(style), a, None if b == "off" else float(b), floor)


def _learn(
    plan: Plan, outcome: Outcome, start: Start, way: MakeWay, *, tell: Callable[[Stage], None], crew: Crew
) -> Outcome:
    """Train a challenger, and have it judged."""
    order = outcome.order
    recipe = usual_recipe(order.name, epochs=order.epochs, seed=order.seed)
    checkpoint = outcome.folder / f"{order.name}.checkpoint.pt"
    alone = crew.company.size == 1  # else the others are in its midst, and it cannot begin again without them
    rest = way.look if alone else way.wait

    def watch(share: float, epoch: Epoch | None) -> None:
        tell(Stage("learning", share, epoch))
        rest()

    def learn() -> Training:
        net = read_back(start.model, dropout=recipe.dropout)
        lesson = Order(order.name, outcome.material.lessons, plan.groove, plan.watched, recipe)
        train = partial(crew.train, net, lesson, watch, checkpoint=checkpoint, origin=_origin(plan, outcome))
        try:
            return train(resume=True)
        except DataError:  # a checkpoint that is damaged, or of another night
            checkpoint.unlink(missing_ok=True)
            return train(resume=False)

    training = way.patiently(learn) if alone else way.steadily(learn)
    return _put_to_the_gate(plan, replace(outcome, training=training), training, start, way=way, tell=tell)


def _put_to_the_gate(
    plan: Plan,
    outcome: Outcome,
    training: Training,
    start: Start,
    *,
    way: MakeWay,
    tell: Callable[[Stage], None],
) -> Outcome:
    """Let a challenger keep what does not forget Groove, export it, and compare it with the champion."""
    before, after = read_back(start.model), training.net
    rival = before if start.rival in (None, start.model) else read_back(start.rival)
    to_follow, to_humanise = way.patiently(lambda: groove_lessons(plan.watched))
    chosen_by = to_follow or [take.lesson for take in outcome.material.lessons]

    def on_groove(net: Network) -> Groove:
        tell(Stage("trying it on Groove", 0.0))
        return judge_on_groove(net, to_follow, to_humanise)

    def weigh_forgetting() -> Kept:
        was, shipped = on_groove(before), find(outcome.order.name)
        usual = was if shipped == start.model else on_groove(read_back(shipped))
        return keep(before, after, lambda net: judge_groove(was, on_groove(net), usual))

    if to_follow:
        kept = way.patiently(weigh_forgetting)
        after.load_state_dict(kept.weights)
    else:
        kept = Kept(1.0, [Check("forgets nothing", False, NO_GROOVE)], after.state_dict())
    outcome = replace(outcome, kept=kept.share)
    try:
        taught = _taught(outcome.material)
        model = way.patiently(
            lambda: publish(training, chosen_by, outcome.folder, title=TITLE, taught=taught)
        )
    except ParityError as error:
        return replace(outcome, checks=[Check("says what its network says", False, str(error))])

    apart = () if start.pointer is None else tuple(start.pointer.songs)

    def weigh() -> tuple[list[Judged], list[Check]]:
        tell(Stage("judging", 0.0))
        said = "to 1e-5 over 2,000 steps"
        judged = judge(outcome.material.lessons, rival, after, way.look)
        checks = [
            Check("says what its network says", True, said),
            *judge_takes(judged, apart, dict.fromkeys(lesson.song for lesson in outcome.material.lessons)),
        ]
        if start.rival is None:
            text = f"{start.remarks[0]}; `pocketd models rollback` leads to one that can be"
            checks.append(Check("compared with the champion", False, text))
        checks += kept.checks
        tell(Stage("judging", 0.8))
        checks.append(judge_step(*time_steps(start.model, model, way.look)))
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
    takes = outcome.material.learnt
    return Origin(
        model=outcome.order.name,
        command=plan.command,
        commit="",
        data=f"model {outcome.order.sha256[:12]}, {takes} take{'' if takes == 1 else 's'}"
        + (f", of {', '.join(songs)}" if songs else "")
        + (f"; {len(plan.groove)} files of Groove rehearsed" if plan.groove else ""),
        data_sha256="",
        contents_sha256="",
    )
