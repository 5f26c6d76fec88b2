from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from pocket_core.phrases.groove_features import DECIDED, GROOVE, LAST_GROOVE, MUSICIAN, TURNS, WIDTH
from pocket_core.phrases.hvo import COUNT
from pocket_export.sources.grooves.lessons import Habits, Weights, draw, loss, targets
from pocket_export.sources.grooves.windows import recordings, windows
from tests.export.performances import loose

WINDOWS = windows(recordings([loose(1, bars=12), loose(2, bars=12)]))
PLAIN = Habits(
    remembers=1, from_before=0, style=0, density=0, mistaken=0, forgetful=0, musician=0, turns=(1,)
)
ALL_ALIKE = torch.ones(COUNT)


def drawn(habits: Habits = PLAIN) -> np.ndarray:
    return draw(WINDOWS, habits, np.random.default_rng(1))


def test_in_the_last_turn_all_turns_before_are_told_as_they_were_played() -> None:
    x, y = drawn(replace(PLAIN, turns=(0.0, 0.0, 1.0))), targets(WINDOWS)
    voices = [voice for turn in TURNS[:2] for voice in turn]

    said, hits = x[..., DECIDED][..., :COUNT], x[..., DECIDED][..., COUNT:]

    assert said[..., voices].all()
    assert said.sum() == len(voices) * said[..., 0].size
    assert (hits[..., voices] == y[..., voices]).all()


def test_in_the_first_nothing_is() -> None:
    assert not drawn()[..., DECIDED].any()


def test_a_musicians_part_is_in_the_groove_and_in_what_memory_answered() -> None:
    his, own = drawn(replace(PLAIN, musician=1.0)), drawn()

    assert his[..., MUSICIAN].all()
    assert not own[..., MUSICIAN].any()
    assert (his[..., GROOVE] != own[..., GROOVE]).any((1, 2)).mean() > 0.9
    assert (his[4:11, :, LAST_GROOVE] != own[4:11, :, LAST_GROOVE]).any()


def test_what_is_decided_is_no_question_any_more() -> None:
    y = torch.from_numpy(targets(WINDOWS[:2]))
    x = torch.zeros(*y.shape[:2], WIDTH)
    x[..., DECIDED.start] = 1.0  # the kick
    wrong = y.clone()
    wrong[..., 0] = 9.0  # logits

    asked, not_asked = (loss(wrong, y, Weights(), ALL_ALIKE, x=given) for given in (None, x))
    wrong[..., 0] = -9.0
    again = loss(wrong, y, Weights(), ALL_ALIKE, x=x)

    assert float(asked) > float(not_asked)
    assert float(again) == float(not_asked)
