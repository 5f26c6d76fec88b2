"""No GPU is needed here, and none is tried: what a network does on one is not tested."""

from __future__ import annotations

import pytest
import torch

from pocket_core.errors import ConfigError
from pocket_export.device import Device, choose


def with_gpus(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: count > 0)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: count)
    monkeypatch.delenv("LOCAL_RANK", raising=False)


def test_where_there_is_no_gpu_the_cpu_trains(monkeypatch: pytest.MonkeyPatch) -> None:
    with_gpus(monkeypatch, 0)

    assert choose(Device.AUTO) == choose(Device.CPU) == torch.device("cpu")


def test_a_gpu_that_is_not_there_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with_gpus(monkeypatch, 0)

    with pytest.raises(ConfigError, match="finds no CUDA device; train with --device cpu"):
        choose(Device.CUDA)


def test_where_there_is_a_gpu_it_trains_unless_the_cpu_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    with_gpus(monkeypatch, 1)

    assert choose(Device.AUTO) == choose(Device.CUDA) == torch.device("cuda", 0)
    assert choose(Device.CPU) == torch.device("cpu")


def test_processes_on_one_machine_share_its_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    with_gpus(monkeypatch, 2)
    taken = []

    for rank in range(3):
        monkeypatch.setenv("LOCAL_RANK", str(rank))
        taken.append(choose(Device.AUTO).index)

    assert taken == [0, 1, 0]
