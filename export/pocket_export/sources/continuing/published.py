"""Train Magenta's Drum RNN as it was published: whole tracks, Adam, and nothing but the symbol before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from pocket_core.phrases.steps import SYMBOLS, counter
from pocket_export.sources.continuing.data import Track
from pocket_models.drum_rnn import DrumRNN
from pocketd.wholefile import write_whole

BATCH = 64
RATE, CLIP = 1e-3, 3.0
TOLD_EVERY = 10  # steps, as TensorFlow's summaries were
KEPT_EVERY = 10


@dataclass(frozen=True, slots=True)
class Published:
    """A network that was published."""

    name: str
    sizes: tuple[int, ...]
    attention: int = 0

    def build(self) -> DrumRNN:
        """Return it, its weights by torch's chance."""
        return DrumRNN(self.sizes, self.attention)


SMALL = Published("2 x 64", (64, 64))
USUAL = Published("3 x 256, attention 32", (256, 256, 256), 32)


@dataclass(slots=True)
class Curve:
    """Perplexity of the batch that a step learns from, dropout included: what the paper quotes."""

    steps: list[int] = field(default_factory=list)
    perplexities: list[float] = field(default_factory=list)


def train_published(
    kind: Published, tracks: Sequence[Track], steps: int, *, seed: int, checkpoint: Path | None = None
) -> tuple[DrumRNN, Curve]:
    """Train one for so many steps, or go on where its checkpoint is."""
    torch.manual_seed(seed)
    net, curve = kind.build(), Curve()
    optimiser = torch.optim.Adam(net.parameters(), lr=RATE)
    done = 0
    if checkpoint is not None and checkpoint.exists():
        held: dict[str, Any] = torch.load(checkpoint, weights_only=True)
        net.load_state_dict(held["net"])
        optimiser.load_state_dict(held["optimiser"])
        done, curve = held["done"], Curve(held["steps"], held["perplexities"])
    net.train()
    for step in range(done + 1, steps + 1):
        torch.manual_seed(seed * 100_003 + step)
        loss = _loss(net, _drawn(tracks, seed, step))
        optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(net.parameters(), CLIP)
        optimiser.step()
        if step % TOLD_EVERY == 1:
            curve.steps.append(step)
            curve.perplexities.append(float(loss.detach().exp()))
        if checkpoint is not None and (step % KEPT_EVERY == 0 or step == steps):
            _keep(checkpoint, net, optimiser, step, curve)
    net.eval()
    return net, curve


@torch.no_grad()
def nats_of_net(net: DrumRNN, tracks: Sequence[Track]) -> list[np.ndarray]:
    """Return the nats of each step of each track, from the second on."""
    found = []
    for track in tracks:
        symbols, counters = _inputs(track)
        chances = net(symbols[None, :-1], counters[None])[0].log_softmax(-1)
        found.append(-chances.gather(1, symbols[1:, None])[:, 0].numpy().astype(np.float64))
    return found


@torch.no_grad()
def accuracy_of_net(net: DrumRNN, tracks: Sequence[Track]) -> float:
    """Return how often the likeliest symbol came."""
    right = []
    for track in tracks:
        symbols, counters = _inputs(track)
        right.append((net(symbols[None, :-1], counters[None])[0].argmax(-1) == symbols[1:]).numpy())
    return float(np.concatenate(right).mean())


def _inputs(track: Track) -> tuple[Tensor, Tensor]:
    symbols = torch.from_numpy(track.steps.symbols)
    return symbols, torch.from_numpy(counter(np.arange(1, len(symbols))))


def _drawn(tracks: Sequence[Track], seed: int, step: int) -> list[Track]:
    """Return a step's batch: all tracks in an order by chance, then all again."""
    lap, place = divmod((step - 1) * BATCH, len(tracks))
    order = [
        int(n)
        for at in range(lap, lap + 2)
        for n in np.random.default_rng((seed, at)).permutation(len(tracks))
    ]
    return [tracks[n] for n in order[place : place + BATCH]]


def _loss(net: DrumRNN, batch: Sequence[Track]) -> Tensor:
    longest = max(len(track.steps) for track in batch)
    symbols = torch.full((len(batch), longest), -1)
    for row, track in enumerate(batch):
        symbols[row, : len(track.steps)] = torch.from_numpy(track.steps.symbols)
    counters = torch.from_numpy(counter(np.arange(1, longest))).expand(len(batch), -1, -1)
    logits = net(symbols[:, :-1].clamp(min=0), counters)
    return F.cross_entropy(logits.reshape(-1, SYMBOLS), symbols[:, 1:].reshape(-1), ignore_index=-1)


def _keep(path: Path, net: DrumRNN, optimiser: torch.optim.Optimizer, done: int, curve: Curve) -> None:
    import io

    content = io.BytesIO()
    held = {
        "net": net.state_dict(),
        "optimiser": optimiser.state_dict(),
        "done": done,
        "steps": curve.steps,
        "perplexities": curve.perplexities,
    }
    torch.save(held, content)
    write_whole(path, content.getvalue())
