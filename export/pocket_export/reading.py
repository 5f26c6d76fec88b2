"""What a network that reads the score makes of it while it learns."""

from __future__ import annotations

from torch import Tensor

from pocket_export.evaluate import Batch
from pocket_models.network import Network

MARGIN = 64  # timesteps


def around(net: Network, batch: Batch, start: int, stop: int) -> Tensor:
    """Return the contexts of some timesteps, (n, stop - start, context), of the sequences that go on so far.

    The weights change from chunk to chunk, so a reading of the whole score would soon be another network's,
    and its gradient would reach through all updates. So each chunk is read anew, with `MARGIN` timesteps of
    the score on either side.
    """
    n, first, last = batch.alive(start), max(start - MARGIN, 0), min(stop + MARGIN, batch.lengths[0])
    lengths = [min(length, last) - first for length in batch.lengths[:n]]
    return net.encode(batch.score[:n, first:last], lengths)[:, start - first : stop - first]
