"""What more processes bring a night: the same gradients, the same figures, less time.

    python benchmarks/together.py --data DIR [--hours 4] [--learn 0.5] [--json FILE]

Takes of a simulated partner are read by processes of this machine's, as a night does by itself, and by the
workers of a Dask cluster that runs here. A night's fine-tuning is done by one process and by several, which
meet as `torchrun` has them meet. All of them share the cores of this machine: with two cores two is the most
that can be gained, and a fourth process only shows that what comes out stays the same.
"""

from __future__ import annotations

import argparse
import os
import pickle
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # run as a file, only this folder is on it

import numpy as np
import torch
from torch import Tensor
from torch.multiprocessing.spawn import spawn

from benchmarks.dask_cluster import dask_cluster
from benchmarks.overnight import fill
from benchmarks.progress import progress
from benchmarks.table import Column, Report, Row, Section, screen
from pocket_export.groove import find_data, load
from pocket_export.night.fine_tune import EPOCHS, Order, usual_recipe
from pocket_export.night.gather import gather
from pocket_export.night.judge import judge
from pocket_export.night.store import Folder
from pocket_export.night.take_lessons import TakeLesson, make_lessons
from pocket_export.night.targets import Rule
from pocket_export.night.together import Crew, train_along
from pocket_export.parallel import Company, company
from pocket_export.read_back import read_back
from pocket_export.recordings import Performance
from pocket_export.train import Epoch, Origin, train
from pocketd.model_shelf import find

NETWORKS = ("follower", "lstm", "seq2seq")
SIZES = (2, 4)  # processes whose gradients are compared with one's
GOAL_GRADIENT, GOAL_MS = 1e-5, 0.1
READERS = (1, 2)
SEED = 1
ASKED, TOLD = "asked", "told"  # what the processes are given, and what the first has found
COLUMNS = (
    Column("processes", "processes", 0),
    Column("threads", "threads", 0),
    Column("seconds", "s", 1),
    Column("times", "faster", 2),
    Column("gradient_ppm", "gradient 1e-6", 2, beside="goal"),
    Column("groove_ms", "Groove ms", 3),
    Column("takes_ms", "takes ms", 3),
    Column("apart_ms", "apart ms", 3, beside="goal"),
)


@dataclass(frozen=True, slots=True)
class Material:
    """What there is to learn from, made once for all."""

    lessons: Sequence[TakeLesson]
    groove: Sequence[Performance]
    watched: Sequence[Performance]

    def order(self, network: str, epochs: int) -> Order:
        """Return a night's."""
        recipe = usual_recipe(network, epochs=epochs, seed=SEED)
        return Order(network, self.lessons, self.groove, self.watched, recipe)


Job = Callable[[Company, Sequence[Order]], list[dict[str, Tensor]]]


class EnoughError(Exception):
    """The first update has been made."""


def together(job: Job, orders: Sequence[Order], size: int, threads: int = 1) -> list[dict[str, Tensor]]:
    """Do a job in so many processes, with an order after the other; returns what the first one found."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / ASKED).write_bytes(pickle.dumps((job, orders)))
        spawn(_do, (size, threads, port, Path(folder)), nprocs=size)  # type: ignore[no-untyped-call]
        found: list[dict[str, Tensor]] = torch.load(Path(folder) / TOLD, weights_only=True)
        return found


def _do(rank: int, size: int, threads: int, port: int, folder: Path) -> None:
    torch.set_num_threads(threads)
    place = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    os.environ.update(place, RANK=str(rank), WORLD_SIZE=str(size))
    job, orders = pickle.loads((folder / ASKED).read_bytes())
    with company() as crew:
        found = job(crew, orders)
    if rank == 0:
        torch.save(found, folder / TOLD)


def first_steps(crew: Company, orders: Sequence[Order]) -> list[dict[str, Tensor]]:
    """Return the gradients of each order's first update, without dropout and to full precision."""
    return [_first_step(crew, order) for order in orders]


def _first_step(crew: Company, order: Order) -> dict[str, Tensor]:
    recipe = replace(order.recipe, dropout=0.0, unread=0.0, bfloat16=False, clip=1e9)
    net = read_back(find(order.name))
    takes = [take.to_learn() for take in order.takes] if crew.leads else []

    def stop(_share: float, _epoch: Epoch | None) -> None:
        raise EnoughError

    with suppress(EnoughError):
        train(net, lambda _: takes, (), recipe, watch=stop, company=crew)
    return {name: weights.grad for name, weights in net.named_parameters() if weights.grad is not None}


def fine_tunings(crew: Company, orders: Sequence[Order]) -> list[dict[str, Tensor]]:
    """Return how long each order's fine-tuning takes and what it comes to."""
    if not crew.leads:
        train_along(crew)
        return []
    leader = Crew(crew)
    found = [_fine_tuning(leader, order) for order in orders]
    leader.dismiss()
    return found


def _fine_tuning(crew: Crew, order: Order) -> dict[str, Tensor]:
    net = read_back(find(order.name), dropout=order.recipe.dropout)
    with tempfile.TemporaryDirectory() as folder:
        training = crew.train(
            net, order, lambda *_: None, checkpoint=Path(folder) / "kept", origin=Origin(), resume=False
        )
    judged = judge(order.takes, read_back(find(order.name)), training.net, lambda: None)
    errors = np.concatenate([each.errors(each.challenger) for each in judged])
    return {
        "seconds": torch.tensor(training.seconds),
        "groove_ms": torch.tensor(training.history[-1].figure_ms),
        "takes_ms": torch.tensor(1000 * errors.mean()),
    }


def gradients(material: Material) -> list[Row]:
    """Return how far the gradients of several processes are from one's, at each weight's largest."""
    orders = [material.order(network, 1) for network in NETWORKS]
    alone, rows = together(first_steps, orders, 1), []
    for size in SIZES:
        for network, wanted, found in zip(NETWORKS, alone, together(first_steps, orders, size), strict=True):
            worst = max(
                float((found[name] - right).abs().max() / right.abs().max())
                for name, right in wanted.items()
                if right.abs().max() > 0
            )
            figures = {"processes": float(size), "threads": 1.0, "gradient_ppm": worst * 1e6}
            known = {"gradient_ppm": GOAL_GRADIENT * 1e6}
            rows.append(
                Row(network, figures, network, known=known, note="" if worst <= GOAL_GRADIENT else "NOT MET")
            )
    return rows


def nights(material: Material, epochs: int) -> list[Row]:
    """Return what a night's fine-tuning comes to in one process and in two."""
    order = material.order(NETWORKS[0], epochs)
    rows: list[Row] = []
    alone: dict[str, float] = {}
    for size, threads in ((1, 1), (1, 2), (2, 1)):
        (said,) = together(fine_tunings, [order], size, threads)
        found = {key: float(value) for key, value in said.items()}
        alone = alone or found
        apart = max(abs(found[key] - alone[key]) for key in ("groove_ms", "takes_ms"))
        figures = {
            **found,
            **_faster(size, found["seconds"], alone["seconds"]),
            "threads": float(threads),
            "apart_ms": apart,
        }
        note = "" if apart <= GOAL_MS else "NOT MET"
        rows.append(Row("fine-tuning", figures, order.name, known={"apart_ms": GOAL_MS}, note=note))
    return rows


def _material(takes: Path, data: Path | None) -> Material:
    store, groove = Folder(takes), load(find_data(data))
    found = gather(store, store.takes(), lambda _: None)
    lessons = make_lessons(found.duets, {}, Rule()).lessons
    return Material(lessons, groove.split("train"), groove.split("validation"))


def readings(takes: Path) -> list[Row]:
    """Return how long takes take to be read, by processes of this machine's and by a cluster's."""
    store, rows = Folder(takes), []
    names = store.takes()
    for kind in ("processes of its own", "workers of a Dask cluster"):
        first = 0.0
        for count in READERS:
            if kind == "processes of its own":
                seconds = _timed(store, names, processes=count)
            else:
                with tempfile.TemporaryDirectory() as folder, dask_cluster(Path(folder)) as cluster:
                    for _ in range(count):
                        cluster.add_worker()
                    cluster.wait(count)
                    seconds = _timed(store, names, scheduler=cluster.address)
            first = first or seconds
            rows.append(Row(kind, _faster(count, seconds, first)))
    return rows


def _timed(store: Folder, names: Sequence[str], *, processes: int = 0, scheduler: str | None = None) -> float:
    began = time.perf_counter()
    found = gather(store, names, lambda _: None, processes=processes, scheduler=scheduler)
    if found.unread:
        raise RuntimeError(f"not read: {found.unread[0]}")
    return time.perf_counter() - began


def _faster(processes: int, seconds: float, first: float) -> dict[str, float]:
    return {"processes": float(processes), "seconds": seconds, "times": first / seconds}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark."""
    options = _options(arguments)
    console = screen()
    with tempfile.TemporaryDirectory(prefix="pocketd-together-") as folder:
        many, few = (Path(folder) / name for name in ("many", "few"))
        count = fill(many, options.hours)
        fill(few, options.learn)
        material = _material(few, options.data)
        with progress(console, "together", 3) as advance:
            read = readings(many)
            advance(1)
            first = gradients(material)
            advance(1)
            tuned = nights(material, options.epochs)
            advance(1)
    report = Report(
        "together",
        f"a simulated partner: {options.hours:g} h in {count} takes to read, {options.learn:g} h to learn by",
        "validation",
        SEED,
        COLUMNS,
        (
            Section("reading the takes", read),
            Section("first gradients, against one process's", first),
            Section(f"{options.epochs} epochs of a night", tuned),
        ),
        [
            f"all processes share the {os.cpu_count()} cores of this machine",
            "gradient: the largest difference of a weight's from one process's, of its largest; "
            "the same batch of takes, no dropout",
            "ms: MAE behind the last epoch, on the Groove files that a night watches, "
            "and on the bars of the takes that are kept; apart: from one process with one thread",
        ],
    )
    report.print(console)
    if options.json:
        report.write(options.json)
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    plain = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=plain)
    parser.add_argument("--data", type=Path, help="the Groove archive, or a folder with it")
    parser.add_argument("--json", type=Path, help="write the figures there as well")
    parser.add_argument("--hours", type=float, default=4.0, help="of takes, to read")
    parser.add_argument("--learn", type=float, default=0.5, help="hours of takes, to learn from")
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
