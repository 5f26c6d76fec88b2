from __future__ import annotations

import torch

from pocket_core.features import WIDTH
from pocket_core.predict import OUTPUTS
from pocket_core.voices import VOICES
from pocket_models.saying import HEADS, Folded, say

BELOW = 24


def test_folded_says_the_same() -> None:
    torch.manual_seed(1)
    head = torch.nn.Linear(BELOW, HEADS)
    folded = Folded(head)

    with torch.no_grad():
        for struck in ((), (0,), (1, 3), tuple(range(len(VOICES)))):
            below, x = torch.tanh(torch.randn(1, BELOW)), torch.randn(1, WIDTH)
            x[:, : len(VOICES)] = 0.0
            x[:, list(struck)] = 1.0
            plain, quick = say(head(below), x), folded.say(below, x)

            assert quick.shape == (1, len(OUTPUTS))
            torch.testing.assert_close(quick, plain, atol=1e-6, rtol=0.0)


def test_every_number_of_the_output_layer_is_heard() -> None:
    head = torch.nn.Linear(BELOW, HEADS)
    below, x = torch.zeros(1, BELOW), torch.ones(1, WIDTH)
    with torch.no_grad():
        head.bias.zero_()
        plain = Folded(head).say(below, x)
        for number in range(HEADS):
            head.bias[number] = 1.0
            assert not torch.equal(Folded(head).say(below, x), plain), number
            head.bias[number] = 0.0
