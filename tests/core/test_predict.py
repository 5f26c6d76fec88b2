"""What a model's numbers mean."""

from __future__ import annotations

import numpy as np

from pocket_core.features import WIDTH
from pocket_core.predict import NOTHING, OUTPUTS, PAPER_OUTPUTS, Prediction, ZeroPredictor, read
from pocket_core.types import Beats, Seconds
from pocket_core.voices import VOICES
from pocket_core.waiting import Meeting


def test_one_number_is_the_papers_offset() -> None:
    assert read([0.012]) == Prediction(Seconds(0.012))
    assert PAPER_OUTPUTS == 1


def test_every_number_is_found_under_its_name() -> None:
    said = read([float(n) for n in range(len(OUTPUTS))])

    def at(name: str) -> float:
        return float(OUTPUTS.index(name))

    assert said.offset == at("offset")
    assert said.meeting == Meeting(Seconds(at("expected")), Seconds(at("spread")), at("chance"))
    assert said.voicing is not None
    for voice, name in enumerate(VOICES):
        assert said.voicing.offsets[voice] == at(f"offset {name}")
        assert said.voicing.spreads[voice] == at(f"spread {name}")
        assert said.voicing.velocities[voice] == at(f"velocity {name}")
        assert said.voicing.velocity_spreads[voice] == at(f"velocity spread {name}")


def test_where_there_is_no_model_there_is_the_grid() -> None:
    state = ZeroPredictor().initial_state()

    assert ZeroPredictor().step(np.ones(WIDTH, np.float32), state, Beats(1.0)) == (NOTHING, state)
