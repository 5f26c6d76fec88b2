from __future__ import annotations

import pytest
import torch

from pocket_export import train


def test_a_processor_that_has_no_lstm_in_bfloat16_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise RuntimeError("could not create a primitive descriptor")

    monkeypatch.setattr(torch.nn, "LSTM", refuse)
    train.knows_bfloat16.cache_clear()

    assert not train.knows_bfloat16("cpu")

    train.knows_bfloat16.cache_clear()
