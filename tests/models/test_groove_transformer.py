from __future__ import annotations

import torch
from torch import nn

from pocket_models.groove_transformer import GrooveTransformer, Together, _Layer

SEEN = torch.randn(3, 32, 12, generator=torch.Generator().manual_seed(1))


def small(seed: int) -> GrooveTransformer:
    torch.manual_seed(seed)
    return GrooveTransformer(12, width=16, ff=24, heads=2, layers=2).eval()


def test_a_layer_is_torchs_own_post_norm_layer() -> None:
    torch.manual_seed(1)
    ours, theirs = _Layer(16, 24, 2, 0.0).eval(), nn.TransformerEncoderLayer(16, 2, 24, 0.0, batch_first=True)
    theirs.self_attn.in_proj_weight.data, theirs.self_attn.in_proj_bias.data = ours.ask.weight, ours.ask.bias
    theirs.self_attn.out_proj.load_state_dict(ours.told.state_dict())
    theirs.linear1.load_state_dict(ours.inner[0].state_dict())
    theirs.linear2.load_state_dict(ours.inner[2].state_dict())
    theirs.norm1.load_state_dict(ours.norms[0].state_dict())
    theirs.norm2.load_state_dict(ours.norms[1].state_dict())
    x = torch.randn(2, 32, 16)

    torch.testing.assert_close(ours(x), theirs(x), atol=1e-5, rtol=1e-5)


def test_several_together_say_the_mean_of_their_chances() -> None:
    nets = [small(1), small(2)]

    said = Together(nets)(SEEN)

    one, other = (net(SEEN) for net in nets)
    torch.testing.assert_close(
        said[..., :9].sigmoid(), (one[..., :9].sigmoid() + other[..., :9].sigmoid()) / 2
    )
    torch.testing.assert_close(said[..., 9:], (one[..., 9:] + other[..., 9:]) / 2)


def test_every_step_sees_all_others() -> None:
    net, changed = small(1), SEEN.clone()
    changed[:, -1] += 1.0

    assert not torch.equal(net(SEEN)[:, 0], net(changed)[:, 0])
