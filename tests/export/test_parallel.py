from __future__ import annotations

import os
import socket
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch.multiprocessing.spawn import ProcessRaisedException, spawn

from pocket_core.errors import DataError
from pocket_export.dataset import lessons
from pocket_export.duets import CYMBALS
from pocket_export.lesson import Lesson
from pocket_export.parallel import ALONE, Company, CompanyError, company
from pocket_export.train import Epoch, Recipe, train
from pocket_models.follower import Follower
from pocket_models.lstm import PocketLSTM
from pocket_models.network import Network
from pocket_models.seq2seq import Seq2Seq
from tests.export.performances import loose

#: One batch of five lessons of other lengths: of two processes one has three of them, and ends earlier.
RECIPE = Recipe(epochs=2, batch=8, chunk=16, rate=1e-2, dropout=0.0, unread=0.0, bfloat16=False)
SIZE = 2


def follower() -> Network:
    torch.manual_seed(1)
    return Follower(hidden=12, wide=8)


def lstm() -> Network:
    torch.manual_seed(1)
    return PocketLSTM(hidden=8)


def seq2seq() -> Network:
    torch.manual_seed(1)
    net = Seq2Seq(hidden=8, reading=4)
    torch.nn.init.normal_(net.head.weight, std=0.1)  # of zeros nothing would reach the encoder
    return net


def taught() -> list[Lesson]:
    return lessons([loose(seed, bars=1 + seed) for seed in range(5)], CYMBALS)


def judged() -> list[Lesson]:
    return lessons([loose(9, bars=2)], CYMBALS)


class EnoughError(Exception):
    """The first update has been made."""


def gradients(net: Network, together: Company) -> list[torch.Tensor]:
    """Return the gradients of the first update; no clipping hides their size."""

    def stop(share: float, epoch: Epoch | None) -> None:
        raise EnoughError

    with pytest.raises(EnoughError):
        learn(net, together, replace(RECIPE, clip=1e9), stop)
    return [weights.grad for weights in net.parameters() if weights.grad is not None]


def learn(
    net: Network, together: Company, recipe: Recipe, watch: Callable[[float, Epoch | None], None]
) -> None:
    own, other = (taught(), judged()) if together.leads else ([], [])
    train(net, lambda number: own, other, recipe, watch=watch, company=together)


def silent(share: float, epoch: Epoch | None) -> None:
    """Watch nothing."""


def first_update(together: Company, build: Callable[[], Network]) -> list[torch.Tensor]:
    return gradients(build(), together)


def whole_training(together: Company, build: Callable[[], Network]) -> list[torch.Tensor]:
    net = build()
    learn(net, together, RECIPE, silent)
    return list(net.state_dict().values())


def misled(together: Company, build: Callable[[], Network]) -> list[torch.Tensor]:
    """Begin with weights of one's own."""
    net = build()
    with torch.no_grad():
        for weights in net.parameters():
            weights.add_(together.rank)
    learn(net, together, replace(RECIPE, rate=0.0), silent)
    return list(net.parameters())


def misguided(together: Company, build: Callable[[], Network]) -> list[torch.Tensor]:
    """Go on from a checkpoint that only the first one can find to be none, and be of one mind afterwards."""
    nowhere = Path("of another machine" if together.rank else "")
    with pytest.raises(DataError, match="is no file"):
        train(
            build(), lambda _: (), (), RECIPE, checkpoint=nowhere, resume=True, watch=silent, company=together
        )
    return [torch.tensor(together.total(1.0))]


def gone(together: Company, build: Callable[[], Network]) -> list[torch.Tensor]:
    """Leave the others alone."""
    if not together.leads:
        os._exit(0)
    return first_update(together, build)


TASKS = Path("/proc/self/task")  # where Linux tells a process of its threads

Job = Callable[[Company, Callable[[], Network]], list[torch.Tensor]]

JOBS: dict[str, tuple[Job, Callable[[], Network]]] = {
    "follower's first update": (first_update, follower),
    "lstm's first update": (first_update, lstm),
    "seq2seq's first update": (first_update, seq2seq),
    "training": (whole_training, follower),
    "misled": (misled, lstm),
    "misguided": (misguided, lstm),
}


def _run(rank: int, port: int, names: list[str], folder: Path) -> None:
    torch.set_num_threads(1)
    place = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    os.environ.update(place, RANK=str(rank), WORLD_SIZE=str(SIZE))
    with company() as together:
        for name in names:
            job, build = JOBS[name]
            torch.save(job(together, build), folder / f"{name} {rank}.pt")
    (folder / f"threads {rank}").write_text("\n".join(path.read_text() for path in TASKS.glob("*/comm")))


def _leave(rank: int, port: int, names: list[str], folder: Path) -> None:
    JOBS["gone"] = (gone, lstm)
    _run(rank, port, names, folder)


def in_two_processes(run: Callable[..., None], names: list[str], folder: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    spawn(run, (port, names, folder), nprocs=SIZE)  # type: ignore[no-untyped-call]


Done = Callable[[str], list[tuple[torch.Tensor, ...]]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Do all jobs in two real processes; return where they left what they have."""
    place = tmp_path_factory.mktemp("together")
    in_two_processes(_run, list(JOBS), place)
    return place


@pytest.fixture
def done(folder: Path) -> Done:
    """Of a job, return what the first process has of it beside the second."""

    def of(name: str) -> list[tuple[torch.Tensor, ...]]:
        made = (torch.load(folder / f"{name} {rank}.pt", weights_only=True) for rank in range(SIZE))
        return list(zip(*made, strict=True))

    return of


@pytest.mark.parametrize("build", [follower, lstm, seq2seq])
def test_the_first_gradients_of_two_processes_are_those_of_one(
    build: Callable[[], Network], done: Done
) -> None:
    found = done(f"{build.__name__}'s first update")

    alone = first_update(ALONE, build)
    assert max(float(gradient.abs().max()) for gradient in alone) > 0.01
    for (one, two), wanted in zip(found, alone, strict=True):
        assert torch.equal(one, two)
        torch.testing.assert_close(one, wanted, atol=1e-6, rtol=1e-5)


def test_two_processes_end_with_the_same_weights_and_about_those_of_one(done: Done) -> None:
    found = done("training")

    alone = whole_training(ALONE, follower)
    for (one, two), wanted in zip(found, alone, strict=True):
        assert torch.equal(one, two)
        torch.testing.assert_close(one, wanted, atol=1e-3, rtol=1e-2)


def test_all_begin_with_the_first_ones_weights(done: Done) -> None:
    found = done("misled")

    for (one, two), wanted in zip(found, lstm().parameters(), strict=True):
        assert torch.equal(one, two)
        torch.testing.assert_close(one, wanted, atol=0.0, rtol=0.0)


def test_a_checkpoint_that_is_none_is_told_to_all(done: Done) -> None:
    assert [(one.item(), two.item()) for one, two in done("misguided")] == [(SIZE, SIZE)]


@pytest.mark.skipif(not TASKS.exists(), reason=f"needs {TASKS}, which Linux has")
def test_a_process_that_has_left_the_company_has_no_thread_of_its(folder: Path) -> None:
    threads = [(folder / f"threads {rank}").read_text() for rank in range(SIZE)]

    assert [names for names in threads if "gloo" in names] == []


def test_whoever_is_left_alone_says_so(tmp_path: Path) -> None:
    with pytest.raises(ProcessRaisedException, match="another process of this training has gone"):
        in_two_processes(_leave, ["gone"], tmp_path)


def test_without_torchrun_one_is_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WORLD_SIZE", raising=False)

    with company() as together:
        assert together == ALONE
        assert together.leads
        assert together.tell("said") == "said"
        assert together.deal(["hand"]) == "hand"
        assert together.total(1.5, 2) == (1.5, 2)


@pytest.mark.parametrize("size", ["abc", "", "-2", "1.5"])
def test_a_number_of_processes_that_is_none_is_told(monkeypatch: pytest.MonkeyPatch, size: str) -> None:
    monkeypatch.setenv("WORLD_SIZE", size)

    with pytest.raises(CompanyError, match=f"WORLD_SIZE is '{size}', no number of processes"), company():
        pass


def test_who_cannot_meet_the_others_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("WORLD_SIZE", "2"), ("RANK", "0"), ("MASTER_ADDR", "127.0.0.1")):
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("MASTER_PORT", raising=False)

    with pytest.raises(CompanyError, match=r"MASTER_PORT.*start them all with torchrun"), company():
        pass
