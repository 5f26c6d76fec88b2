from __future__ import annotations

import math
from dataclasses import fields, replace

import pytest
import torch
from torch import Tensor

from pocket_core.predict import OUTPUTS
from pocket_core.voices import VOICES
from pocket_export.losses import MS, SCALE_MS, Targets, Weights, loss

ROWS, STEPS, VOICE = 2, 6, len(VOICES)
EXPECTED, SPREAD, CHANCE, OWN = range(1, 5)
OFFSETS, STRAYS, HARD, HARD_STRAYS = (slice(5 + n * VOICE, 5 + (n + 1) * VOICE) for n in range(4))
SURE = 1e-6  # the least chance that counts, and the most less 1


def targets(*, seed: int = 1) -> Targets:
    """Steps with a drum, without, with the musician, without, in all four combinations."""
    torch.manual_seed(seed)
    shape = (ROWS, STEPS)
    drums = torch.tensor([[True, True, True, False, True, False]] * ROWS)
    met = torch.tensor([[True, False, True, True, False, False]] * ROWS)
    struck = (torch.rand(*shape, VOICE) < 0.4) & drums[..., None]
    return Targets(
        drums=drums,
        meets=torch.randn(shape) / 50 * met,
        met=met,
        own=torch.randn(shape) / 50 * drums,
        played=drums,
        strokes=torch.randn(*shape, VOICE) / 50 * struck,
        struck=struck,
        velocities=torch.rand(*shape, VOICE) * struck,
    )


def perfect(played: Targets) -> Tensor:
    """Say exactly what was played, as surely as may be."""
    said = torch.zeros(ROWS, STEPS, len(OUTPUTS))
    said[..., 0] = torch.where(played.met, played.meets, played.own)
    said[..., EXPECTED], said[..., OWN] = played.meets, played.own
    said[..., CHANCE] = played.met.float()
    said[..., OFFSETS], said[..., HARD] = played.strokes, played.velocities
    said[..., SPREAD], said[..., STRAYS], said[..., HARD_STRAYS] = 1e-4, 1e-4, 1e-3
    return said


def worth(said: Tensor, played: Targets, **weights: float) -> float:
    """Return the loss with the weights named, all others 0 but the Huber's knee."""
    none = {field.name: 0.0 for field in fields(Weights) if field.name != "huber_ms"}
    return float(loss(said, played, Weights(**{**none, **weights}))[0])


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("size", [1e-3, 1e-1])
def test_whoever_says_what_was_played_loses_least(seed: int, size: float) -> None:
    played = targets(seed=seed)
    best, _ = loss(perfect(played), played, Weights())

    for _ in range(20):
        other = perfect(played) + size * torch.randn(ROWS, STEPS, len(OUTPUTS))
        for part in (SPREAD, STRAYS, HARD_STRAYS):
            other[..., part] = other[..., part].abs() + 1e-4
        assert loss(other, played, Weights())[0] > best


def test_all_parts_together_are_the_loss() -> None:
    played = targets()
    said = perfect(played) + 0.003
    weights = Weights()
    apart = [
        worth(said, played, meeting=weights.meeting, alone=weights.alone),
        worth(said, played, spread=weights.spread, alone=weights.alone),
        worth(said, played, chance=weights.chance),
        worth(said, played, drummer=weights.drummer),
        worth(said, played, voices=weights.voices),
        worth(said, played, voices=weights.voices, spread=weights.spread)
        - worth(said, played, voices=weights.voices)
        - worth(said, played, spread=weights.spread),
        worth(said, played, velocity=weights.velocity),
    ]

    whole, _ = loss(said, played, weights)

    assert sum(apart) == pytest.approx(float(whole), rel=1e-5)


def test_the_musician_counts_where_they_met_the_drums_and_less_where_alone() -> None:
    played = targets()
    off = perfect(played)
    off[..., EXPECTED] += 0.010

    # 10 ms off at a knee of 4 ms: (10 - 4 / 2) / 10
    each = 0.8
    assert worth(off, played, meeting=1.0) == pytest.approx(ROWS * 2 * each, rel=1e-4)
    assert worth(off, played, meeting=1.0, alone=0.5) == pytest.approx(ROWS * 2.5 * each, rel=1e-4)


def test_what_is_said_where_the_musician_is_silent_does_not_count() -> None:
    played = targets()
    other = perfect(played)
    other[..., EXPECTED] += ~played.met * 0.1
    other[..., SPREAD] += ~played.met * 0.1

    assert worth(other, played, meeting=1.0, alone=1.0, spread=1.0) == pytest.approx(
        worth(perfect(played), played, meeting=1.0, alone=1.0, spread=1.0)
    )


def test_the_drummer_and_the_chance_count_at_drums_alone() -> None:
    played = targets()
    other = perfect(played)
    other[~played.drums] = 0.5
    other[..., EXPECTED], other[..., SPREAD] = played.meets, 1e-4

    assert loss(other, played, Weights())[0] == loss(perfect(played), played, Weights())[0]


def test_a_voice_counts_where_it_is_struck() -> None:
    played = targets()
    other = perfect(played)
    for part in (OFFSETS, HARD, STRAYS, HARD_STRAYS):
        other[..., part] += ~played.struck * 0.3

    assert loss(other, played, Weights())[0] == loss(perfect(played), played, Weights())[0]


def test_each_stroke_counts_by_its_voice() -> None:
    played = targets()
    off, hard = perfect(played), perfect(played)
    off[..., OFFSETS] += 0.010
    hard[..., HARD] += 0.1

    strokes = int(played.struck.sum())
    assert worth(off, played, voices=0.5) == pytest.approx(strokes * 0.5 * 0.8, rel=1e-4)
    assert worth(hard, played, velocity=5.0) == pytest.approx(strokes * 5.0 * 0.01, rel=1e-4)


def test_the_chance_is_judged_by_what_the_musician_did() -> None:
    played = targets()
    half = perfect(played)
    half[..., CHANCE] = 0.5

    at_drums = int(played.drums.sum())
    assert worth(half, played, chance=0.5) == pytest.approx(at_drums * 0.5 * math.log(2), rel=1e-4)
    assert worth(perfect(played), played, chance=0.5) == pytest.approx(at_drums * 0.5 * SURE, rel=0.1)


def test_the_best_spread_is_how_far_off_the_forecasts_are() -> None:
    played = targets()
    said = perfect(played)
    said[..., EXPECTED] += 0.006

    def at(spread: float) -> float:
        said[..., SPREAD] = spread
        return worth(said, played, spread=1.0)

    assert at(0.006) < min(at(0.0055), at(0.0065))


def test_the_spread_does_not_pull_at_the_forecast() -> None:
    played = targets()
    said = (perfect(played) + 0.004).requires_grad_()

    total, _ = loss(said, played, replace(Weights(), meeting=0.0))
    (gradient,) = torch.autograd.grad(total, said)

    assert not gradient[..., EXPECTED].any()
    assert gradient[..., SPREAD].any()


def test_the_weight_is_of_musician_and_drummer() -> None:
    _, weight = loss(perfect(targets()), targets(), Weights())

    # of six steps: two with both, one of the musician's alone, and four drums
    assert float(weight) == ROWS * (2 + 0.5 + 4)


def test_a_network_of_one_output_learns_the_papers_offset() -> None:
    played = targets()
    said = perfect(played)[..., :1]
    least, weight = loss(said, played, Weights())

    off, _ = loss(said + 0.010, played, Weights())

    # at two drums the musician's onset, at two the drummer's own, at half weight; the rest is nothing to it
    assert float(least) == 0.0
    assert float(off) == pytest.approx(ROWS * (2 + 0.5 * 2) * 0.8, rel=1e-4)
    assert float(weight) == ROWS * 3


def test_small_errors_count_by_their_square_and_large_ones_by_their_size() -> None:
    played = targets()
    said = perfect(played)[..., :1]

    at = {ms: float(loss(said + ms / MS, played, Weights())[0]) / (3 * ROWS) for ms in (1, 2, 20, 40)}

    assert at[2] == pytest.approx(4 * at[1], rel=1e-3)
    assert at[40] - at[20] == pytest.approx(20 / SCALE_MS, rel=1e-3)


def test_a_part_of_the_targets_is_those_steps_of_those_sequences() -> None:
    part = targets().part(1, slice(2, 4))

    assert part.drums.tolist() == [[True, False]]
    assert part.strokes.shape == (1, 2, VOICE)
