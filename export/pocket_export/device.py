"""Where a network trains: a GPU where there is one. torch is imported only when it is asked."""

from __future__ import annotations

import os
from enum import StrEnum
from typing import TYPE_CHECKING

from pocket_core.errors import ConfigError

if TYPE_CHECKING:
    import torch


class Device(StrEnum):
    """What a user may ask for."""

    AUTO = "auto"  # a GPU where there is one
    CPU = "cpu"
    CUDA = "cuda"


def choose(wanted: Device) -> torch.device:
    """Return the device to train on; of several processes on one machine, each takes the next GPU.

    Raises:
        ConfigError: A GPU was asked for and there is none.
    """
    import torch

    there = torch.cuda.is_available()
    if wanted is Device.CPU or (wanted is Device.AUTO and not there):
        return torch.device("cpu")
    if not there:
        raise ConfigError("this torch finds no CUDA device; train with --device cpu")
    return torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")) % torch.cuda.device_count())
