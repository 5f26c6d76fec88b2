"""A language model of drums that speaks: sixteenth by sixteenth, one way or several kept open at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pocket_core.errors import ContractError
from pocket_core.phrases.generator import EVEN, Knobs
from pocket_core.phrases.hvo import COUNT
from pocket_core.phrases.settling import Settling, settling_of
from pocket_core.phrases.step_features import VERSION, WIDTH, Setting, feature_rows, velocity_rows
from pocket_core.phrases.steps import BITS, SNARE, SYMBOLS, Steps
from pocketd.generators.graphs import Graphs

FEWER, MORE = 0.75, 0.75  # see `Knobs.sway`; little, for it hears itself: from 6 to 30 strokes a bar
VOICE_SWAY = 6.0  # of the logit of a stroke, from the least to the most
SOFTEST = 1 / 127
LAYERS = 2  # of its memory
GRAPHS = ("step", "one_step")  # of the whole kit and of one drum
AXES = 3  # of its memory: layers, ways, units


@dataclass(frozen=True, slots=True)
class Way:
    """What shall be said, and how."""

    knobs: Knobs
    setting: Setting
    chance: np.random.Generator
    beam: int = 1  # ways that are kept open, > 0
    one_drum: bool = False


@dataclass(frozen=True, slots=True)
class _Open:
    """The ways that are open: W of them."""

    symbols: NDArray[np.int64]  # (W, T), the past included
    likely: NDArray[np.float64]  # (W,), nats of what was said, <= 0
    logits: NDArray[np.float32]  # (W, 512) of what comes
    state: NDArray[np.float32]  # (2, W, units)
    weights: NDArray[np.float64]  # (W, S), how likely each state of `Settling` was at the last step
    mixed: NDArray[np.float32]  # (W, N, units), what the velocities of what was said are told from


class Speaker:
    """Goes on from steps.

    Args:
        graphs: `step` and `velocity`, and the same of one drum, `one_step` and `one_velocity`.

    Raises:
        ContractError: They were trained on other features than this build has, or lack what it needs.
    """

    def __init__(self, graphs: Graphs) -> None:
        said = graphs.card.settings
        if (said.get("features_version"), said.get("width")) != (VERSION, WIDTH):
            raise ContractError(
                f"generator {graphs.card.name} wants features v{said.get('features_version')} of width "
                f"{said.get('width')}, this build computes v{VERSION} of width {WIDTH}; "
                "run `pocketd pretrain` again"
            )
        self._graphs = graphs
        self._units = {name: _units(graphs, name) for name in GRAPHS}
        self._settling = {name: settling_on(graphs, name) for name in GRAPHS}

    def go_on(self, past: Steps, position: int, count: int, way: Way) -> Steps:
        """Return the steps that come after others.

        Args:
            past: One step or more.
            position: Of its first step, in sixteenths of the song.
            count: How many are wanted, > 0.
            way: How.

        Raises:
            ModelError: The network fails.
        """
        graph = "one_step" if way.one_drum else "step"
        open_ = self._begun(graph, past, position, way)
        for _ in range(count):
            open_ = self._further(graph, open_, position, way)
        best = int(open_.likely.argmax())
        said = open_.symbols[best, len(past) :]
        return Steps(said, self._struck(past, said, open_.mixed[best], way))

    def _begun(self, graph: str, past: Steps, position: int, way: Way) -> _Open:
        x = feature_rows(past.symbols, way.setting, position=position)[None, 1:]
        state = np.zeros((LAYERS, 1, self._units[graph]), np.float32)
        said = self._graphs.run(graph, x=x, state=state)
        logits = said["logits"]
        _, weights = self._settling[graph].read(past.symbols, logits[0, :-1], position)
        return _Open(
            past.symbols[None],
            np.zeros(1),
            logits[:, -1],
            said["after"],
            weights[None],
            said["mixed"][:, -1:],
        )

    def _further(self, graph: str, open_: _Open, position: int, way: Way) -> _Open:
        """Say one more sixteenth; `mixed` then holds what comes after it as well."""
        settling, known = self._settling[graph], open_.symbols.shape[1]
        weights = settling.onward(open_.weights, position + known, open_.symbols)
        heat = max(way.knobs.temperature, 1.0)  # above 1 the network is bolder, and what is copied stays
        chances = _bent(settling.chances(weights, open_.logits / heat, open_.symbols), way)
        width = min(way.beam, SYMBOLS)
        order = np.argsort(-_luck(chances, way), axis=1)[:, :width]  # (W, width)
        likely = open_.likely[:, None] + np.take_along_axis(chances, order, 1)
        kept = np.argsort(-likely, axis=None, kind="stable")[:width]
        kept = kept[np.isfinite(likely.ravel()[kept])]
        rows, symbols = kept // order.shape[1], order.ravel()[kept]
        weights = settling.after(weights[rows], open_.logits[rows], open_.symbols[rows], symbols)
        whole = np.concatenate([open_.symbols[rows], symbols[:, None]], 1)
        x = np.stack([feature_rows(one, way.setting, position=position, first=known + 1) for one in whole])
        said = self._graphs.run(graph, x=x, state=np.ascontiguousarray(open_.state[:, rows]))
        mixed = np.concatenate([open_.mixed[rows], said["mixed"]], 1)
        return _Open(whole, likely.ravel()[kept], said["logits"][:, 0], said["after"], weights, mixed)

    def _struck(
        self, past: Steps, said: NDArray[np.int64], mixed: NDArray[np.float32], way: Way
    ) -> NDArray[np.float32]:
        """Return how hard the voices of what was said are struck, `float32[N, 9]`."""
        graph = "one_velocity" if way.one_drum else "velocity"
        velocities = np.concatenate([past.velocities, np.zeros((len(said), COUNT), np.float32)])
        spread = min(way.knobs.temperature, 1.0)
        for n, symbol in enumerate(said.tolist(), len(past)):
            if not symbol:
                continue
            bits = BITS[symbol]
            told = self._graphs.run(
                graph,
                mixed=mixed[n - len(past)][None],
                struck=bits[None],
                before=velocity_rows(velocities[:n], n),
            )
            noise = way.chance.standard_normal(COUNT) * spread
            velocities[n] = np.clip(told["mean"][0] + noise * told["spread"][0], SOFTEST, 1.0) * bits
        return velocities[len(past) :]


def settling_on(graphs: Graphs, graph: str) -> Settling:
    """Return how drums settle that a network speaks of, as its card says.

    Args:
        graphs: Of the source `continue`.
        graph: One of `GRAPHS`.

    Raises:
        ContractError: The card does not say it.
    """
    try:
        told = graphs.card.settings["settling"][graph]
        return settling_of(told).more(float(told["more"]))
    except (KeyError, TypeError, ValueError) as error:
        raise ContractError(
            f"generator {graphs.card.name}: how its drums settle is not said ({error}); "
            "run `pocketd pretrain` again"
        ) from None


def _units(graphs: Graphs, name: str) -> int:
    """Return how wide the memory of a graph is."""
    card = graphs.card.graphs.get(name)
    shape = None if card is None else card.inputs.get("state")
    if shape is None or len(shape) != AXES or not shape[-1]:
        raise ContractError(
            f"generator {graphs.card.name} has no {name} with a memory; run `pocketd pretrain` again"
        )
    return shape[-1]


def _bent(chances: NDArray[np.float64], way: Way) -> NDArray[np.float64]:
    """Return the logarithms of each symbol's chances, as the knobs bend them; `-inf` where it must not be."""
    knobs, bent = way.knobs, chances
    if knobs.temperature > 0.0:
        bent = bent / min(knobs.temperature, 1.0)
    voices = np.array(knobs.voices)
    sway = knobs.sway(FEWER, MORE) + VOICE_SWAY * (voices - EVEN)
    if way.one_drum:
        sway = np.full(COUNT, knobs.sway(FEWER, MORE))
    bent = bent + BITS @ sway
    barred = BITS @ (voices <= 0.0) > 0
    if way.one_drum:
        barred = ~np.isin(np.arange(SYMBOLS), (0, SNARE))
    bent[:, barred] = -np.inf
    most = bent.max(1, keepdims=True)
    return np.asarray(bent - most - np.log(np.exp(bent - most).sum(1, keepdims=True)))


def _luck(chances: NDArray[np.float64], way: Way) -> NDArray[np.float64]:
    """Return what decides which symbols are tried: at a temperature of 0 their chances, else a draw of them.

    The first N by their chance plus Gumbel noise are N draws without putting back.
    """
    if way.knobs.temperature <= 0.0:
        return chances
    return chances + way.chance.gumbel(size=chances.shape)
